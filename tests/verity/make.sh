# shellcheck shell=bash
# Sourced by the scripts that run in the Debian sid root: makes certificates and images with openssl and systemd-repart.
set -euo pipefail
export TMPDIR=/var/tmp

# certificate NAME ALGORITHM...: makes a key and a self-signed certificate.
certificate() {
    local name=$1
    shift
    openssl req -x509 -newkey "$@" -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.crt" 2>/dev/null
}
# ddi NAME CLASS TREE ARGUMENT...: makes the image NAME.raw from a tree.
ddi() {
    local name=$1
    systemd-repart --make-ddi="$2" --copy-source="$3" "${@:4}" "$name.raw" >"$name.log" 2>&1 ||
        { cat "$name.log" >&2; exit 1; }
}
# signed NAME CLASS TREE SIGNER ARGUMENT...
signed() { ddi "${@:1:3}" --private-key="$4.key" --certificate="$4.crt" "${@:5}"; }
