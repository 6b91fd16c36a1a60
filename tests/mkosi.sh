#!/bin/bash
# mkosi.sh ARCHIVE: examples/mkosi, by the commands of its README, with the mkosi of Debian 13 and the sideload archive
# ARCHIVE. The image is built, its initramfs has what is in the archive, and it boots in QEMU, merged. mkosi's Debian is
# cached, see make_system; mkosi itself takes packages from the mirror each time. Logs: out/mkosi/.
set -euo pipefail
export LC_ALL=C.UTF-8
[ "${MKOSI_INSIDE-}" ] || MKOSI_INSIDE=yes exec unshare --mount --propagation private "$0" "$@"
archive=$(realpath "$1")
cd "$(dirname "$0")"
. ./systems.sh
begin mkosi
root=$work/root example=$work/files/bootmerge/examples/mkosi
# What mkosi needs for a bootable disk of Debian.
packages=mkosi,systemd,systemd-repart,systemd-boot,systemd-ukify,udev,dosfstools,mtools,cpio,zstd,e2fsprogs,kmod
packages+=,util-linux,debian-archive-keyring

# in_it COMMAND...: in that system, with processes of its own. mkosi needs a root that is a mount.
in_it() {
    # shellcheck disable=SC2016  # expanded by that shell
    unshare --mount --pid --fork --kill-child --propagation private sh -ec '
        cd "$1"; shift
        mount -t proc proc proc
        pivot_root . mnt
        umount -l /mnt
        exec env -i PATH=/files/bin:/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 "$@"' sh "$root" "$@"
}

start() {
    local system
    system=$(make_system mkosi trixie "$packages") || return
    mkdir -p "$work"/{upper,work,root} "$work"/files/{tmp,bin} "$example" "$work/files/bootmerge/out/release"
    mount -t overlay -o "lowerdir=$system,upperdir=$work/upper,workdir=$work/work" overlay "$root"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    # What mkosi writes is not on the overlay: it mounts overlays itself.
    mkdir "$root/files"
    mount --bind "$work/files" "$root/files"
    mount --bind "$work/files/tmp" "$root/var/tmp"
    [ ! -e /etc/resolv.conf ] || cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
    cp -r ../examples/mkosi/. "$example/"
    cp "$archive" "$work/files/bootmerge/out/release/bootmerge-$(../packaging/version.sh)-linux-amd64.cpio"
    # Only the mirror of this machine: mkosi's own list has archives that a mirror may lack.
    printf '#!/bin/sh\nexec /usr/bin/mkosi --local-mirror=%s "$@"\n' "$(mirror)" >"$work/files/bin/mkosi"
    chmod 755 "$work/files/bin/mkosi"
}

# build: the README's block that builds.
build() {
    awk '/^```/ { code = /soak mkosi/; next } code' ../examples/mkosi/README.md >"$work/files/commands"
    [ -s "$work/files/commands" ] || return
    in_it sh -exc 'cd /files/bootmerge/examples/mkosi; . /files/commands' >"$logs/build.log" 2>&1
}

# has_archive: every file of the archive is in the initramfs, with the same content.
has_archive() {
    mkdir "$work/archive" "$work/initramfs"
    cpio -idm --quiet -D "$work/archive" <"$archive"
    zstd -dcq <"$example/mkosi.output/initrd" | cpio -idm --quiet -D "$work/initramfs"
    (cd "$work/archive" && find . ! -type d -print0 | xargs -0 sha256sum) >"$work/sums"
    [ -s "$work/sums" ] && env -C "$work/initramfs" sha256sum --quiet --check "$work/sums"
}

# boot: by direct boot, as bootmerge-boot-test has no firmware. systemd's 90 s for a disk are short for mkosi's large
# initramfs on a busy machine without KVM.
boot() {
    local status=0 kept
    local words='root=PARTLABEL=root-x86-64 rw systemd.firstboot=no systemd.default_device_timeout_sec=900'
    ../tools/bootmerge-boot-test --kernel="$example/mkosi.output/example.vmlinuz" \
        --initrd="$example/mkosi.output/example.initrd" --disk="$example/mkosi.output/example.raw" \
        --append="$words apparmor=0 mitigations=off" --keep --json --timeout=1800 \
        --bootmerge="$archive" --expect=merged,writable,skips >"$logs/boot.json" || status=$?
    kept=$(jq -er .kept "$logs/boot.json") || return
    rm -f "$kept/initramfs"
    mv "$kept" "$logs/boot"
    [ $status = 0 ] && jq -e '.bootmerge == "present"' "$logs/boot.json"
}

if ! start; then
    not_ok "a Debian 13 with mkosi is made"
elif build; then
    ok "mkosi builds the example by its README"
    holds "its initramfs has every file of the archive" has_archive
    holds "the image boots, merged by the program in its own initramfs, and systemd leaves that alone" boot
else
    not_ok "mkosi builds the example by its README, see $logs/build.log"
fi
finish
