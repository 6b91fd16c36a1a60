#!/bin/sh
# dracut pre-pivot hook, for an initramfs without systemd. If dracut runs its hooks under systemd, bootmerge.service has
# done the work. `die` ends the boot in dracut's emergency path.
if [ -z "${DRACUT_SYSTEMD-}" ]; then
    # shellcheck source=/dev/null
    command -v die >/dev/null || . /lib/dracut-lib.sh
    # For images. Without systemd-tmpfiles nothing has made the nodes that load the modules.
    [ -e /dev/loop-control ] || modprobe -q loop || :
    [ -e /dev/mapper/control ] || modprobe -q dm_mod || :
    /usr/sbin/bootmerge --root="${NEWROOT:-/sysroot}" boot ||
        die "bootmerge could not merge ${NEWROOT:-/sysroot}/etc"
fi
