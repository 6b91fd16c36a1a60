#!/bin/bash
# initramfs.sh: how much bootmerge adds to an initramfs, compared with dracut's own module systemd-sysext. dracut makes
# three images of one Debian sid, the boot tests' own; they are compressed the way dracut does it. Needs root, zstd,
# out/bootmerge; see README.md here.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../tests/boot/lib.sh"
[ "$(id -u)" = 0 ] || { echo "initramfs.sh: it works in a chroot: run it as root." >&2; exit 1; }
[ -x "$repo/out/bootmerge" ] || { echo "initramfs.sh: no out/bootmerge: run ./build.sh build first." >&2; exit 1; }
command -v zstd >/dev/null || { echo "initramfs.sh: zstd is missing: install the package zstd." >&2; exit 1; }

base=$(base_of sid)
[ -d "$base" ] || "$repo/tests/boot/base.sh" sid >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$repo/build.sh" install "$work/tree" >/dev/null

# image NAME MODULE...: makes an image with these modules and those of a minimal initramfs with systemd.
image() {
    local name=$1
    shift
    dracut_with "$base" "$work/tree" "$work/$name.cpio" --modules "$modules_systemd $*"
    zstd -15 -q -T0 "$work/$name.cpio"
}

image without
image bootmerge bootmerge
image systemd-sysext systemd-sysext

size() { stat -c %s "$1"; }
echo "$(chroot "$base/chroot" dracut --version | head -n 1), zstd -15; bytes"
printf '%-16s %12s %10s %12s %10s\n' with plain growth zstd growth
for name in without bootmerge systemd-sysext; do
    printf '%-16s %12d %+10d %12d %+10d\n' "$name" \
        "$(size "$work/$name.cpio")" $(($(size "$work/$name.cpio") - $(size "$work/without.cpio"))) \
        "$(size "$work/$name.cpio.zst")" $(($(size "$work/$name.cpio.zst") - $(size "$work/without.cpio.zst")))
done
