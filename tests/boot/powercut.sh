#!/bin/bash
# powercut.sh SUITE WORK LOGS: one machine whose power is cut again and again while it boots, writes and refreshes. QEMU
# is killed, so everything that the guest had not written yet is lost. The next start from the same disk must come up
# merged, with every file that was acknowledged (guest/powercut.c, which is the whole initramfs apart from bootmerge).
# POWER_CUTS: how many, 10 by default, 100 in `soak powercut`. One line, `ok ...` or `FAIL ...: why`;
# LOGS/SUITE-powercut.console is from the last start.
. "$(dirname "$0")/lib.sh"

suite=$1
work=$2/powercut
log=$3/$suite-powercut
cuts=${POWER_CUTS:-10}
base=$(base_of "$suite")
machine_of "$suite"
lines=(console)
seconds_a_boot=120
disk=$work/root.img
mkdir -p "$work/initramfs/modules" "$work/initramfs/usr/lib"

number=0
while read -r file; do
    cp "$file" "$work/initramfs/modules/$number.ko"
    number=$((number + 1))
done < <(module_files "$base/chroot" virtio_pci virtio_blk ext4 overlay)
gcc -O1 -Wall -Wextra -Werror -static -o "$work/initramfs/init" "$here/guest/powercut.c"
cp "$repo/out/bootmerge" "$work/initramfs/"
printf '[BootMerge]\nRouteEtc=yes\nRequireExtension=flatcar-defaults\n' >"$work/initramfs/usr/lib/bootmerge.conf"
(cd "$work/initramfs" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) >"$work/initramfs.cpio"

tree=$work/tree
defaults=$tree/usr/lib/confexts/flatcar-defaults/etc
mkdir -p "$tree"/{etc,var/lib} "$defaults/extension-release.d"
printf 'ID=flatcar\nVERSION_ID=1\n' | tee "$tree/usr/lib/os-release" \
    >"$defaults/extension-release.d/extension-release.flatcar-defaults"
echo vendor | tee "$defaults/vendor" >"$defaults/both"
echo machine | tee "$tree/etc/own" >"$tree/etc/both"
chown -R 0:0 "$tree"
mke2fs -q -t ext4 -N 65536 -E lazy_itable_init=1,root_owner=0:0 -d "$tree" "$disk" 512M

# start ACKNOWLEDGED: starts QEMU in the background, its process in $machine. Writes that the guest was told are
# complete are in the host's memory, which survives QEMU's end.
start() {
    : >"$log.console"
    start_machine "$log" 384 "$base/vmlinux" "$work/initramfs.cpio" \
        "mitigations=off apparmor=0 quiet loglevel=3 acknowledged=$1" "file=$disk,format=raw,cache=writeback"
}

has() { grep -aqE "^$1" "$log.console"; }
# reaches PATTERN: false if the machine has stopped, or does not get there in time.
reaches() {
    local until=$((SECONDS + seconds_a_boot))
    until has "$1"; do
        kill -0 "$machine" 2>/dev/null && [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.05
    done
}

# cut: cuts the power, and counts what was acknowledged last.
cut() {
    local last
    kill -KILL "$machine" 2>/dev/null || true
    wait "$machine" 2>/dev/null || true
    last=$(tr -d '\r' <"$log.console" | sed -n 's/^ACK \([0-9]*\)$/\1/p' | tail -n 1)
    acknowledged=${last:-$acknowledged}
}
finish() {
    [ -z "${machine-}" ] || kill -KILL "$machine" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

RANDOM=${POWER_CUT_SEED:-2026}
started=$SECONDS acknowledged=0 done=0 early=0 refreshing=0 tries=0 why=
while [ "$done" -le "$cuts" ]; do # the last start only checks
    start "$acknowledged"
    # Every fourth time while it boots and merges, otherwise within two seconds of writing and refreshing.
    if [ $((done % 4)) = 3 ] && [ "$done" -lt "$cuts" ]; then wanted=BOOT; else wanted=READY; fi
    if ! reaches "$wanted"; then
        # A race in TCG, see boot.sh; the disk is not involved.
        if has '.*Oops: int3' && [ "$tries" -lt 3 ]; then tries=$((tries + 1)); cut; continue; fi
        why="start $((done + 1)) does not come up: $(grep -a '^FAIL' "$log.console" | head -n 1 | tr -d '\r')"
        break
    fi
    [ "$done" -lt "$cuts" ] || break
    delay=$((RANDOM % 2000))
    [ "$wanted" = READY ] || delay=$((RANDOM % 400))
    sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
    cut
    if has FAIL; then
        why="after $((done + 1)) starts: $(grep -a '^FAIL' "$log.console" | head -n 1 | tr -d '\r')"
        break
    fi
    [ "$wanted" = READY ] || early=$((early + 1))
    [ "$(tail -n 1 "$log.console" | tr -d '\r')" != REFRESH ] || refreshing=$((refreshing + 1))
    done=$((done + 1))
done
cut
e2fsck -fp "$disk" >"$log.e2fsck" 2>&1 || [ $? = 1 ] ||
    why+="${why:+; }the file system is damaged: $(tail -n 1 "$log.e2fsck")"
[ "$acknowledged" -gt "$cuts" ] || why+="${why:+; }only $acknowledged files were written"
if [ -z "$why" ]; then
    echo "ok $suite/powercut ($((SECONDS - started)) s: $done cuts, $early of them during the boot," \
        "$refreshing during a refresh; $acknowledged files acknowledged, none lost)"
else
    cp "$disk" "$log.img"
    echo "FAIL $suite/powercut: $why (log: ${log#"$repo/"}.*)"
fi
