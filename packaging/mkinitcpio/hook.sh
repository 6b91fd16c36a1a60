#!/usr/bin/ash
# shellcheck shell=dash
# Installed as /usr/lib/initcpio/hooks/bootmerge: in an initramfs of mkinitcpio without systemd. /usr is mounted by the
# late hook of `usr`, which stands before this one in HOOKS. Untried, as install.sh is.

run_latehook() {
    # Newer versions of mkinitcpio mount the root at /sysroot, earlier ones at /new_root.
    local root=/sysroot
    mountpoint -q $root || root=/new_root
    # By this file bootmerge recognises an initramfs.
    [ -e /etc/initrd-release ] || : >/etc/initrd-release
    [ -e /dev/loop-control ] || modprobe -q loop || :
    [ -e /dev/mapper/control ] || modprobe -q dm_mod || :
    /usr/bin/bootmerge --root="$root" boot && return
    err "bootmerge could not merge $root/etc. To boot without it, add bootmerge=0 to the kernel command line."
    echo "Whoever ends this shell continues without the merge."
    launch_interactive_shell
}
