#!/bin/bash
# dracut module: bootmerge assembles the new root's /etc, and with Class=all also /usr and /opt, before switch-root.
# Added with `dracut --add bootmerge` or add_dracutmodules+=" bootmerge "; dracut 059 and later.
# shellcheck disable=SC2154  # moddir, initdir, systemdsystemunitdir are given by dracut

# 255: only on request. If requested without the program, dracut stops, and this says why.
check() {
    local why="dracut module 'bootmerge' needs the program 'bootmerge', which is not in PATH"
    if ! find_binary bootmerge >/dev/null; then
        derror "$why: install it to /usr/sbin/bootmerge."
        return 1
    fi
    return 255
}

# usrmount mounts a separate /usr if systemd does not; under systemd it installs nothing.
depends() {
    echo base fs-lib usrmount
}

# Modules that images need, whatever this host uses, with all that they need in turn; -s: one that is built in, or
# missing, is not an error. The two large file systems, 15 MB, only where this host uses them: an initramfs for any
# host has them by dracut's kernel-modules. Certificates of signers are not copied: those count that are in the new
# root's verity.d.
installkernel() {
    hostonly='' instmods -s overlay loop squashfs erofs ext4 dm_verity ecdsa_generic
    [[ ! $hostonly ]] || instmods -s btrfs xfs
}

install() {
    inst_binary "$(find_binary bootmerge)" /usr/sbin/bootmerge
    inst_simple "$moddir/bootmerge.conf" /usr/lib/bootmerge.conf

    # By this file bootmerge recognises an initramfs, and passes on to the running system what that will need. dracut
    # writes it, but newer versions only with systemd.
    [[ -e $initdir/etc/initrd-release ]] || : >"$initdir/etc/initrd-release"

    if ! dracut_module_included systemd; then
        inst_hook pre-pivot 90 "$moddir/bootmerge-pre-pivot.sh"
        return
    fi
    local unit class
    for unit in bootmerge.service bootmerge-late.service; do
        inst_simple "$moddir/$unit" "$systemdsystemunitdir/$unit"
    done
    for class in confext sysext; do
        inst_simple "$moddir/systemd-sysroot.conf" \
            "$systemdsystemunitdir/systemd-$class-sysroot.service.d/50-bootmerge.conf"
    done
    # Users of dracut's module systemd-sysext want sysexts before switch-root: now bootmerge merges them.
    if dracut_module_included systemd-sysext; then
        mkdir -p "$initdir/usr/lib/bootmerge.conf.d"
        printf '[BootMerge]\nClass=all\n' >"$initdir/usr/lib/bootmerge.conf.d/50-systemd-sysext.conf"
    fi
    # Wanted, and required by the unit without which there is no switch-root: see bootmerge.service.
    local links
    for links in initrd.target.wants initrd-parse-etc.service.requires; do
        mkdir -p "$initdir$systemdsystemunitdir/$links"
        ln -sf ../bootmerge.service "$initdir$systemdsystemunitdir/$links/bootmerge.service"
    done
    ln -sf ../bootmerge-late.service "$initdir$systemdsystemunitdir/initrd.target.wants/bootmerge-late.service"
}
