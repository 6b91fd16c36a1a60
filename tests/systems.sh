# shellcheck shell=bash disable=SC2034  # used by the scripts that source this
# Sourced by packages.sh and mkosi.sh, which work in fresh Debian systems, in a mount namespace of their own.
. ./docs/shells.sh
. ./mirror.sh

# begin NAME: empties $logs, out/NAME, and makes $work. That is removed at the end, and with it all mounts on `root`
# there or one level below.
begin() {
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/bootmerge
    logs=$(realpath ../out)/$1
    rm -rf "$logs"
    mkdir -p "$logs" "$cache"
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/bootmerge-$1.XXXXXX")
    trap 'umount -R -l "$work/root" "$work"/*/root 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
}

# holds NAME COMMAND...: passes if the command succeeds.
holds() { local name=$1; shift; if "$@" >>"$logs/checks.log" 2>&1; then ok "$name"; else not_ok "$name"; fi; }

# make_system NAME SUITE PACKAGES: prints the path of a Debian with these, comma-separated. It is cached, until this
# function or its arguments change.
make_system() {
    local path
    path=$cache/$1-$({ declare -f make_system; printf '%s\n' "$@"; } | sha256sum | cut -c1-12)
    if [ ! -d "$path" ]; then
        rm -rf "$cache/$1-"*
        # A snapshot of sid may be past its date.
        mmdebstrap --mode=root --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' --include="$3" \
            "$2" "$path.new" "$(mirror)" >"$logs/mmdebstrap-$1.log" 2>&1 || return
        mv "$path.new" "$path"
    fi
    echo "$path"
}
