#!/usr/bin/ash
# shellcheck shell=dash
# Installed as /usr/lib/initcpio/hooks/bootmerge: for an initramfs of mkinitcpio without systemd. The late hook of
# `usr`, which comes before this one in HOOKS, mounts /usr. Untested, like install.sh.

run_latehook() {
    # Newer versions of mkinitcpio mount the root at /sysroot, earlier ones at /new_root.
    local root=/sysroot
    mountpoint -q $root || root=/new_root
    # bootmerge recognises an initramfs by this file.
    [ -e /etc/initrd-release ] || : >/etc/initrd-release
    [ -e /dev/loop-control ] || modprobe -q loop || :
    [ -e /dev/mapper/control ] || modprobe -q dm_mod || :
    /usr/bin/bootmerge --root="$root" boot && return
    err "bootmerge could not merge $root/etc. To boot without it, add bootmerge=0 to the kernel command line."
    echo "Whoever ends this shell continues without the merge."
    launch_interactive_shell
}
