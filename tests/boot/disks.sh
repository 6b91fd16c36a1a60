# shellcheck shell=bash disable=SC2154  # $base is set by the script that sources this
# Sourced by image.sh: disks with a GPT, as in other projects' images, made from a suite's chroot.

# system_tree TREE: an installed Debian that boots to multi-user.target, with extensions that fit and one that does not.
system_tree() {
    local tree=$1 confexts=$1/var/lib/confexts name
    mkdir -p "$tree"/{proc,sys,dev,run,tmp}
    local unneeded=(./boot ./usr/lib/dracut './usr/lib/modules/*/kernel' './usr/share/*-linux*'
        './usr/bin/*-linux-gnu-*' './usr/lib/*/perl*' './usr/share/perl*' './usr/lib/gcc*' './usr/lib/*/libbfd*'
        './usr/lib/*/libopcodes*' './usr/lib/*/gconv' './usr/lib/systemd/system/dracut-*'
        './usr/lib/systemd/system/*/dracut-*' './proc/*' './sys/*' './dev/*' './run/*' './var/cache/*'
        './var/lib/apt/*')
    tar -C "$base/chroot" "${unneeded[@]/#/--exclude=}" -cf - . | tar -C "$tree" -xf -
    echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
    for name in site other; do mkdir -p "$confexts/$name/etc/extension-release.d"; done
    echo "a site's setting" >"$confexts/site/etc/site.conf"
    echo ID=_any >"$confexts/site/etc/extension-release.d/extension-release.site"
    echo ID=another-system >"$confexts/other/etc/extension-release.d/extension-release.other"
}

# disk_of FILE (LABEL IMAGE)...: makes a GPT with these file systems, one for each partition, labelled with their names.
disk_of() {
    local disk=$1 table="label: gpt" start=2048 size
    shift
    local parts=("$@") i
    for ((i = 0; i < ${#parts[@]}; i += 2)); do
        # shellcheck disable=SC2017  # rounded up to whole MiB
        size=$((($(stat -c %s "${parts[i + 1]}") + 1048575) / 1048576 * 2048))
        table+=$'\n'"start=$start, size=$size, type=linux, name=${parts[i]}"
        truncate -s $(((start + size) * 512)) "$disk"
        dd if="${parts[i + 1]}" of="$disk" bs=1M seek=$((start / 2048)) conv=notrunc,sparse status=none
        start=$((start + size))
    done
    truncate -s $(((start + 2048) * 512)) "$disk"
    sfdisk -q "$disk" <<<"$table" >/dev/null
}

# root_image FILE TREE SIZE
root_image() { mke2fs -q -t ext4 -L root -E lazy_itable_init=1,root_owner=0:0 -d "$2" "$1" "$3" >/dev/null; }
