#!/bin/bash
# demo/boot.sh BOOTMERGE: the real thing. A small Debian boots in QEMU with the sideloaded initramfs (BOOTMERGE.cpio
# next to it). Then its vendor updates /usr, and it boots again. boot-guest.sh is what the machine does. Only the boot
# tests' cached base is left afterwards.
. "$(dirname "$0")/../tests/boot/lib.sh"
program=$(realpath "$1")
demo=$(cd "$(dirname "$0")" && pwd)
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

suite=sid
[ -d "$(base_of $suite)" ] || step "Making a small Debian to boot: some minutes, and only the first time"
base=$("$here/base.sh" $suite)
work=$(mktemp -d "${TMPDIR:-/tmp}/bootmerge-demo.XXXXXX")
shower=
# shellcheck disable=SC2317  # called by trap
end() {
    [ -z "${machine-}" ] || kill "$machine" 2>/dev/null || true
    [ -z "$shower" ] || kill "$shower" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT

architecture=x86_64
accelerator=$(accelerator $architecture "$base/vmlinuz")
# shellcheck disable=SC2034  # for start_machine
lines=(console) seconds=600
cat "$base/stock.cpio" "$program.cpio" >"$work/initramfs"

# The disk: the machine's own /etc has its name and its id. /usr is another disk.
root=$work/root
mkdir -p "$root"/{usr,etc,var/lib/bootmerge-demo,home,proc,sys,dev,run,tmp}
for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$root/$directory"; done
ln -s ../run "$root/var/run"
echo host-17 >"$root/etc/hostname"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
install -m755 "$program" "$root/var/lib/bootmerge-demo/bootmerge"
install -m755 "$demo/boot-guest.sh" "$root/var/lib/bootmerge-demo/init"
chown -R 0:0 "$root"
mke2fs -q -t ext4 -L ROOT -E lazy_itable_init=1,root_owner=0:0 -d "$root" "$work/disk" 64M >/dev/null

# boot NUMBER USR: shows the console until the machine is off. Lines with "== " are the guest's steps.
boot() {
    local words="root=LABEL=ROOT rw rootfstype=ext4 mount.usr=/dev/vdb mount.usrfstype=erofs mount.usrflags=ro"
    words+=" init=/var/lib/bootmerge-demo/init demo=$1 quiet loglevel=3 apparmor=0 mitigations=off fsck.mode=skip"
    words+=" rd.systemd.unit=initrd.target systemd.show_status=1 rd.systemd.show_status=1 rd.shell=0"
    words+=" systemd.tty.term.console=dumb systemd.tty.rows.console=25 systemd.tty.columns.console=100"
    words+=" systemd.default_device_timeout_sec=600 systemd.default_timeout_start_sec=600"
    : >"$work/$1.console"
    start_machine "$work/$1" 1024 "$base/vmlinuz" "$work/initramfs" "$words" \
        "file=$work/disk,format=raw,cache=unsafe" "file=$base/usr-$2.erofs,format=raw,readonly=on"
    # From the initramfs, shows what concerns the mounts, the merge and switch-root; from the machine, everything.
    tail -q -n +1 -f -s 0.2 --pid="$machine" "$work/$1.console" | tr -d '\r' | sed -u 's/\x1b\[[0-9;?]*[A-Za-z]//g' |
        awk -v bold="$bold" -v plain="$plain" '
            over || /Job .* running/ { next }
            /^== / { seen = 1; print ""; print bold $0 plain; fflush() }
            /^== The machine is switched off/ { over = 1 }
            /^== / { next }
            seen || /sysroot|Merge |Switch|Failed|Emergency/ { print; fflush() }' &
    shower=$!
    wait "$machine" || true
    wait "$shower" || true
    machine='' shower=''
    if ! grep -aq '^== The machine is switched off' "$work/$1.console"; then
        echo "demo: the machine did not come to its end. The end of its console:" >&2
        tail -n 20 "$work/$1.console" >&2
        exit 1
    fi
}

step "First boot ($accelerator). Look for 'Merge the /etc of the new root': that is bootmerge, before 'Switch Root'"
boot 1 confext
step "The vendor updates: the disk with /usr is another one now. Second boot"
boot 2 confext-v2

step "Next"
echo "With an image of yours:   docs/testing-an-image.md
Into its initramfs:       docs/dracut.md"
