#!/bin/bash
# Installed as /usr/lib/initcpio/install/bootmerge: mkinitcpio's hook `bootmerge`. In HOOKS= of mkinitcpio.conf it
# stands last, behind `usr` or `systemd`.
# Untried: written after mkinitcpio's source, but never run by mkinitcpio, which no suite of Debian has.

build() {
    local source=/usr/lib/dracut/modules.d/50bootmerge units=/usr/lib/systemd/system module unit class links
    add_binary bootmerge
    add_file /usr/lib/bootmerge/initramfs.conf /usr/lib/bootmerge.conf
    # Modules for layers and images. `?`: a missing module is not an error.
    for module in overlay loop squashfs erofs ext4 dm-verity; do add_module "$module?"; done

    # shellcheck disable=SC2154  # mkinitcpio's
    if [[ ! -e $BUILDROOT$units/initrd.target ]]; then
        add_runscript
        return
    fi
    # The dracut module's units, which the package includes; their links say when they run, see bootmerge.service.
    for unit in bootmerge.service bootmerge-late.service; do add_file "$source/$unit" "$units/$unit"; done
    for class in confext sysext; do
        add_file "$source/systemd-sysroot.conf" "$units/systemd-$class-sysroot.service.d/50-bootmerge.conf"
    done
    for links in initrd.target.wants initrd-parse-etc.service.requires; do
        add_symlink "$units/$links/bootmerge.service" ../bootmerge.service
    done
    add_symlink "$units/initrd.target.wants/bootmerge-late.service" ../bootmerge-late.service
}

help() {
    cat <<HELP
This hook merges the /etc of the new root from its layers, by bootmerge(8), before the system starts. It works with the
busybox-based init and with the hook 'systemd'. Put it at the end of HOOKS.
HELP
}
