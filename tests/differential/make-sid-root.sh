#!/bin/bash
# Makes the Debian sid root in which the differential tests run the real systemd-confext, and prints its path.
# Made once and kept: ${XDG_CACHE_HOME:-$HOME/.cache}/bootmerge/sid-root-<hash of this file>.
set -euo pipefail
umask 022
. "$(dirname "$0")/../mirror.sh"

packages=systemd,attr,acl,util-linux,mount,strace
# For images with dm-verity and signatures (tests/verity): what makes them, and what systemd loads to use them.
packages+=,systemd-repart,systemd-cryptsetup,openssl,erofs-utils,squashfs-tools,kmod
wanted_systemd=262

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

for need in mmdebstrap:mmdebstrap flock:util-linux sha256sum:coreutils \
    /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring; do
    command -v "${need%:*}" >/dev/null || [ -e "${need%:*}" ] ||
        die "missing ${need%:*}: install the package '${need##*:}'"
done
[ "$(id -u)" = 0 ] || die "must run as root (mmdebstrap --mode=root)"

hash=$(sha256sum <"$0" | cut -c1-16)
cache=${XDG_CACHE_HOME:-~/.cache}/bootmerge # ~ is known without HOME, too
root=$cache/sid-root-$hash
mkdir -p "$cache"

exec 9>"$cache/sid-root.lock"
flock 9

if [ ! -d "$root" ]; then
    mirror=$(mirror)

    # Made beside its final place and renamed: a killed run leaves no half root under the final name.
    partial=$(mktemp -d "$cache/partial.XXXXXX")
    trap 'rm -rf --one-file-system "$partial" "$partial.log"' EXIT
    say "making $root from $mirror (once, about a minute)"
    mmdebstrap --mode=root --variant=essential --include="$packages" \
        --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        sid "$partial/root" "$mirror" >"$partial.log" 2>&1 9>&- ||
        { tail -n 20 "$partial.log" >&2; die "mmdebstrap failed"; }
    version=$(chroot "$partial/root" systemd-confext --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge "$wanted_systemd" ] ||
        die "$mirror has systemd ${version:-none}, at least $wanted_systemd is needed"
    mv "$partial/root" "$root"
fi
printf '%s\n' "$root"
