#!/bin/bash
# image.sh SUITE NAME IMAGES LOGS: tries the installed bootmerge-boot-test on images whose layout differs from those of
# boot.sh. Each function image_NAME below is a case image-NAME in the table `cases`. One line a run of the tool, `ok
# ...` or `FAIL ...: why`; LOGS/SUITE-NAME-N.output is what it printed, beside the logs that it kept.
. "$(dirname "$0")/lib.sh"
. "$here/disks.sh"

suite=$1
name=$2
images=$3
logs=$4
base=$(base_of "$suite")
tool=$images/program/usr/bin/bootmerge-boot-test
work=$images/$name
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
n=0
# Enough time on a busy machine. No first-boot work and no logins, which take half a minute without KVM.
common=(--kernel="$base/vmlinuz" --timeout=900 --append="rw systemd.condition_needs_update=0 apparmor=0 mitigations=off
    systemd.unit=basic.target
    systemd.default_device_timeout_sec=600 systemd.default_timeout_start_sec=600")

# try STATUS ARGUMENT...: one run of the tool, which must end with that status. `says` then checks its output.
try() {
    local wanted=$1 status=0 kept
    shift
    n=$((n + 1)) why=
    log=$logs/$suite-$name-$n
    started=$SECONDS
    mkdir -p "$work/tmp"
    TMPDIR=$work/tmp "$tool" --accel="${BOOT_ACCELERATOR:-tcg}" "${common[@]}" "$@" \
        >"$log.output" 2>"$log.errors" || status=$?
    for kept in "$work"/tmp/*/log.*; do [ ! -e "$kept" ] || mv "$kept" "$log.${kept##*.}"; done
    case " $* " in *" --keep "*) rm -rf "$work"/tmp/* ;; esac
    [ -z "$(ls -A "$work/tmp")" ] || fail "left behind: $(ls -A "$work/tmp")"
    [ "$status" = "$wanted" ] || fail "the exit status is $status, not $wanted"
}
fail() { why+="${why:+; }$*"; }
says() { grep -qE "$1" "$log.output" || fail "it does not say '$1'"; }
tried() {
    if [ -z "$why" ]; then
        echo "ok $suite/$name-$n ($((SECONDS - started)) s)"
    else
        echo "FAIL $suite/$name-$n: $why (log: ${log#"$repo/"}.*)"
    fi
}

# machines: whether one of our machines is running.
machines() {
    local process
    for process in /proc/[0-9]*/cmdline; do
        case $({ tr '\0' ' ' <"$process"; } 2>/dev/null) in qemu*"$work/tmp"*) return 0 ;; esac
    done
    return 1
}

# debian: an installed Debian, in a GPT, with a stock initramfs made by dracut. Later something merges anew, as trixie's
# systemd 257 does at every refresh, and the result is read-only.
image_debian() {
    system_tree "$work/tree"
    root_image "$work/root" "$work/tree" 400M
    disk_of "$work/disk" root "$work/root"
    sum=$(sha256sum "$work/disk")
    try 1 --initrd="$base/stock.cpio" --disk="$work/disk" --keep --expect=merged,skips,writable \
        --append='root=LABEL=root systemd.unit=kernel-command-line.target systemd.run_success_action=none
            systemd.run="/usr/bin/systemd-confext refresh"'
    says '^The machine booted in [0-9]+ s'
    says '^  bootmerge +was added to the initramfs'
    says '^  boot stage +merged, in [0-9.]+ ms'
    says '^  /etc +mode auto; layers from the top: /etc, site; writes: /etc$'
    says '^  left out +other: ID=another-system, the system has debian$'
    says '^ +/etc was merged anew in the running system$'
    says '^  expected +merged: yes$'
    says '^  expected +skips: /etc was merged anew in the running system$'
    says '^  expected +writable: .*Read-only file system$'
    [ "$(sha256sum "$work/disk")" = "$sum" ] || fail "the disk was written to"
    tried
}

# skips: the same in sid, whose systemd skips.
image_skips() {
    system_tree "$work/tree"
    root_image "$work/root" "$work/tree" 400M
    disk_of "$work/disk" root "$work/root"
    try 0 --initrd="$base/stock.cpio" --disk="$work/disk" --keep \
        --expect=merged --expect=writable,skips,no-failed-units \
        --append="root=LABEL=root systemd.wants=systemd-confext.service"
    says '^  afterwards +systemd-confext.service: ran$'
    says '^ +/etc is as the initramfs merged it$'
    says '^  expected +skips: yes$'
    tried
    # Nothing merges, and a unit fails.
    try 1 --initrd="$base/stock.cpio" --disk="$work/disk" --keep --expect=merged,writable,skips,no-failed-units \
        --append="root=LABEL=root bootmerge=0 systemd.unit=kernel-command-line.target systemd.run=/bin/false
            systemd.run_failure_action=none"
    says '^  boot stage +switched off'
    says '^  expected +merged: switched off$'
    says '^  expected +writable: yes$'
    says '^  expected +skips: the initramfs did not merge$'
    says '^  expected +no-failed-units: kernel-command-line.service$'
    tried
}

# usr: /usr is a separate partition; the output is JSON.
image_usr() {
    # Here the default target is booted, which is found by another way.
    local append="systemd.unit=default.target root=PARTLABEL=root mount.usr=PARTLABEL=usr mount.usrfstype=erofs"
    append+=" mount.usrflags=ro"
    system_tree "$work/tree"
    mkfs.erofs --quiet "$work/usr" "$work/tree/usr" >/dev/null
    rm -rf "$work/tree/usr"
    mkdir "$work/tree/usr"
    root_image "$work/root" "$work/tree" 64M
    disk_of "$work/disk" root "$work/root" usr "$work/usr"
    try 0 --initrd="$images/module.cpio" --disk "$work/disk" --keep --json \
        --expect=merged,writable,no-failed-units --append="$append"
    says "$(printf %s '"version":1,"outcome":"booted","reason":null,.*"bootmerge":"present","merged":true,"boot":\{' \
        '.*"writable":true,.*"failedUnits":\{"initramfs":\[\],"system":\[\]\}')"
    tried
    # The disk is read-only for the machine: merged all the same, but nothing can be written.
    try 1 --initrd="$images/module.cpio" --disk "$work/disk" --keep --json --expect=merged,writable \
        --append="$append bootmerge.fallback=immutable bootmerge.mutable=no"
    says "$(printf %s '"expectations":\[\{"name":"merged","met":true,"reason":null\},\{"name":"writable",' \
        '"met":false,"reason":"a write to /etc fails: Read-only file system"\}\]')"
    tried
}

# plain: dracut without systemd; first an initramfs that has bootmerge, then one that does not.
image_plain() {
    system_tree "$work/tree"
    root_image "$work/root" "$work/tree" 400M
    disk_of "$work/disk" root "$work/root"
    try 0 --initrd="$images/plain.cpio" --disk="$work/disk" --keep --expect=merged,writable,no-failed-units \
        --append="root=LABEL=root"
    says '^  initramfs +of dracut, without systemd$'
    says '^  bootmerge +is in the initramfs$'
    tried
    mkdir "$work/initramfs"
    (cd "$work/initramfs" && cpio -id --quiet) <"$images/plain.cpio"
    find "$work/initramfs" -name '*bootmerge*' -delete
    (cd "$work/initramfs" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/plain.cpio"
    # Compressed: the tool does not need to look inside.
    gzip -1 "$work/plain.cpio"
    try 1 --initrd="$work/plain.cpio.gz" --disk="$work/disk" --keep --expect=merged,writable \
        --append="root=LABEL=root bootmerge.mutable=no"
    says '^  bootmerge +was added to the initramfs'
    says '^  expected +merged: yes$'
    says '^  expected +writable: .*Read-only file system$'
    tried
}

# lost: there is no root file system. dracut gives up, and the boot stops.
image_lost() {
    truncate -s 64M "$work/disk"
    try 1 --initrd="$base/stock.cpio" --disk="$work/disk" --keep --expect=merged \
        --append="root=LABEL=lost rd.retry=5 rd.timeout=10"
    says '^The boot stopped in the initramfs'
    says '^  boot stage +did not run'
    says '^What went wrong:'
    says '^    .*Timed out waiting for device .*/dev/disk/by-label/lost\.$'
    says '^The last lines of the console:'
    says '^The last lines of the journal:'
    says '^  expected +merged: the initramfs did not merge$'
    tried
    # On a signal the tool ends at once, and leaves nothing behind.
    n=2 why='' started=$SECONDS log=$logs/$suite-$name-2
    TMPDIR=$work/tmp "$tool" "${common[@]}" --initrd="$images/module.cpio" --accel=tcg >"$log.output" 2>"$log.errors" &
    until machines; do sleep 1; done
    sleep 3
    kill -TERM $!
    wait $! || [ $? = 143 ] || fail "the exit status is not that of the signal"
    ! machines || fail "QEMU still runs"
    [ -z "$(ls -A "$work/tmp")" ] || fail "left behind: $(ls -A "$work/tmp")"
    tried
}

# hang: nothing limits the wait for the root file system, and there is no emergency mode: the boot waits until the
# timeout.
image_hang() {
    truncate -s 64M "$work/disk"
    try 3 --initrd="$images/module.cpio" --disk="$work/disk" --expect=merged --timeout=150 --json \
        --append="root=LABEL=lost systemd.default_device_timeout_sec=infinity"
    says '"outcome":"none","reason":"the boot was not complete after 150 s"'
    says '"initramfs":"systemd","bootmerge":"present","merged":false,"boot":null'
    says '"problems":\['
    says '"console":\["'
    says '"journal":\["'
    ! machines || fail "QEMU still runs"
    tried
}

"${name/-/_}"
