#!/bin/sh
# Installed as /usr/share/initramfs-tools/scripts/init-bottom/bootmerge: the root and its /usr are mounted, and nothing
# of it has started.
PREREQ=""
if [ "${1-}" = prereqs ]; then
    echo "$PREREQ"
    exit 0
fi
# shellcheck source=/dev/null
. /scripts/functions

# bootmerge recognises an initramfs by this file, and then passes on to the running system what that will need. The file
# is not made earlier, because udev would notice it, too.
[ -e /etc/initrd-release ] || : >/etc/initrd-release
# For images. The device node whose use would load the module does not exist yet.
[ -e /dev/loop-control ] || modprobe -q loop || :
[ -e /dev/mapper/control ] || modprobe -q dm_mod || :
# `panic` opens a shell, or reboots if panic= says so. When the shell ends, the boot goes on without the merge.
# shellcheck disable=SC2154  # rootmnt is the initramfs's
/usr/sbin/bootmerge --root="$rootmnt" boot ||
    panic "bootmerge could not merge $rootmnt/etc. To boot without it, add bootmerge=0 to the kernel command line."
