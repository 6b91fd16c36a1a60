#!/bin/sh
# Installed as /usr/share/initramfs-tools/hooks/bootmerge: puts BootMerge into each initramfs of initramfs-tools, which
# then merges at each boot (init-bottom.sh). To leave it out, remove the package that this file belongs to.
PREREQ=""
if [ "${1-}" = prereqs ]; then
    echo "$PREREQ"
    exit 0
fi
# shellcheck source=/dev/null
. /usr/share/initramfs-tools/hook-functions

copy_exec /usr/sbin/bootmerge /usr/sbin/bootmerge
copy_file config /usr/lib/bootmerge/initramfs.conf /usr/lib/bootmerge.conf
# Modules for layers and images, whatever this host uses. A module that is built in or missing is not an error.
manual_add_modules overlay loop squashfs erofs ext4 dm_verity
