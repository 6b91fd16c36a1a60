#!/bin/bash
# flatcar-standin.sh STEP: in an initramfs, what Flatcar's units do around the merge: the same calls in the same order,
# on these tests' files. Functions disk_* need more programs than the initramfs has, so bash runs them on the ROOT disk,
# from the copy there. Everything else works in any shell.
#   setup-root      resets, gives the machine its users; with the drop-in also cleans up and merges
#   ignition        first boot only: reads the defaults, adds a user, writes a unit, brings a confext and sysexts
#   after-ignition  every boot: links to the sysexts that fit the version; with the drop-in also refreshes
set -e

root=/sysroot
# With the module, bootmerge.service merges; with the drop-in this script does, as with systemd's own program.
[ -e /usr/sbin/bootmerge ] && is_dropin= || is_dropin=yes
confext() { SYSTEMD_IN_INITRD=0 systemd-confext --root=$root "$@"; }
is_merged() { case $(confext status) in *flatcar-default*) ;; *) return 1 ;; esac; }
on_disk() { /usr/lib/bootmerge-test/chroot $root /bin/bash /var/lib/bootmerge-test/flatcar-standin.sh "$@"; }

setup_root() {
    # It may be run again.
    if [ -z "$is_dropin" ]; then
        bootmerge --root=$root --class=all unmerge
    elif is_merged; then
        SYSTEMD_IN_INITRD=0 systemd-sysext --root=$root unmerge
        confext unmerge
    fi
    on_disk disk-reset
    [ -z "$is_dropin" ] || on_disk disk-whiteouts
    on_disk disk-users
    [ -z "$is_dropin" ] || on_disk disk-clean-up
    [ -n "$is_dropin" ] || return 0
    mkdir -p $root/var/lib/extensions.mutable
    [ -L $root/var/lib/extensions.mutable/etc ] || [ -e $root/var/lib/extensions.mutable/etc ] ||
        ln -s /etc $root/var/lib/extensions.mutable/etc
    confext merge
    is_merged
}

# flatcar-reset has left a regular expression for the paths to keep.
disk_reset() {
    [ -s /selective-os-reset ] || return 0
    find / -xdev -depth -regextype egrep -not -regex "$(cat /selective-os-reset)" -print0 |
        while IFS= read -r -d '' path; do
            case $path in / | /usr | /selective-os-reset) continue ;; esac
            if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir "$path" 2>/dev/null || true; else rm "$path" || true; fi
        done
    rm -f /selective-os-reset /etc/machine-id
}
disk_whiteouts() {
    while read -r path; do
        [ ! -c "$path" ] || rm "$path"
    done </usr/share/flatcar/etc-no-whiteouts
}
# Before the merge, on the machine's own files.
disk_users() {
    for name in passwd group shadow gshadow; do
        [ ! -c /etc/$name ] || rm /etc/$name
        [ -e /etc/$name ] || cp /usr/share/flatcar/etc/$name /etc/
    done
    case $(cat /etc/machine-id 2>/dev/null) in 42000000000000000000000000000042) rm /etc/machine-id ;; esac
}
disk_clean_up() {
    mkdir -p /etc
    # shellcheck source=tests/boot/guest/cleanup.sh
    . /var/lib/bootmerge-test/cleanup.sh
    [ -e /etc/.no-dup-update ] || cleanup /etc /usr/share/flatcar/etc
}

ignition() {
    read -r line <$root/etc/sample.d/plain
    case $line in "vendor v"*) ;; *) echo "the defaults cannot be read: $line"; return 1 ;; esac
    on_disk disk-ignition
}
disk_ignition() {
    echo "core:x:500:500::/home/core:/bin/bash" >>/etc/passwd
    echo "core:x:500:" >>/etc/group
    mkdir -p /etc/systemd/system/bootmerge-test.service.wants /etc/flatcar/sysext /var/lib/confexts
    cat >/etc/systemd/system/from-ignition.service <<'UNIT'
[Unit]
DefaultDependencies=no
Before=bootmerge-test.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo ran >/run/from-ignition'
UNIT
    ln -sf ../from-ignition.service /etc/systemd/system/bootmerge-test.service.wants/
    cp -r /var/lib/bootmerge-test/spare/site-v1 /var/lib/confexts/site
    cp /var/lib/bootmerge-test/spare/flatcar-tool-*.raw /etc/flatcar/sysext/
    : >/var/lib/ignited
}

after_ignition() {
    read -r version <$root/usr/share/flatcar/version
    mkdir -p $root/etc/extensions
    rm -f $root/etc/extensions/flatcar-tool.raw
    ln -s "/etc/flatcar/sysext/flatcar-tool-$version.raw" $root/etc/extensions/flatcar-tool.raw
    if [ -n "$is_dropin" ]; then
        confext refresh
        SYSTEMD_IN_INITRD=0 systemd-sysext --root=$root refresh
    fi
    # The script that merges is run a second time, by hand.
    case " $(cat /proc/cmdline) " in
    *" bootmerge-test-again "*)
        setup_root
        [ -n "$is_dropin" ] || bootmerge --root=$root boot
        [ -z "$is_dropin" ] || confext refresh
        [ -z "$is_dropin" ] || SYSTEMD_IN_INITRD=0 systemd-sysext --root=$root refresh
        ;;
    esac
}

case $1 in
setup-root) setup_root ;;
ignition) ignition ;;
after-ignition) after_ignition ;;
disk-reset) disk_reset ;;
disk-whiteouts) disk_whiteouts ;;
disk-users) disk_users ;;
disk-clean-up) disk_clean_up ;;
disk-ignition) disk_ignition ;;
esac
