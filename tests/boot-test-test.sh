#!/bin/bash
# boot-test-test.sh: what bootmerge-boot-test answers without a machine: to wrong usage, and to reports of machines.
# That it boots something is tested by the cases image-* of tests/boot.
set -euo pipefail
cd "$(dirname "$0")"
. ./docs/shells.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tool=../tools/bootmerge-boot-test

# Files that look like what they are to be, to somebody who reads their first bytes.
at() { printf %b "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; } # FILE OFFSET BYTES
truncate -s 4096 "$work"/{x86,arm,uki,program,initrd}
at "$work/x86" 514 HdrS
at "$work/arm" 56 'ARM\x64'
at "$work/uki" 0 'MZ'
at "$work/uki" 60 '\x80\0\0\0'
at "$work/uki" 128 'PE\0\0\x64\x86'
at "$work/program" 0 '\x7fELF'
at "$work/program" 18 '\x3e\0'
gzip -k "$work/arm"
mkdir -p "$work/usr/bin" "$work/usr/lib/bootmerge" "$work/usr/sbin"
cp $tool "$work/usr/bin/"
: >"$work/usr/lib/bootmerge/sideload.cpio"

# refuses MESSAGE ARGUMENT...: exit status 2, and a message like that.
refuses() {
    local message=$1 said status=0
    shift
    said=$("$work/usr/bin/bootmerge-boot-test" "$@" 2>&1 >/dev/null) || status=$?
    # shellcheck disable=SC2053  # a pattern
    if [ $status = 2 ] && [[ $said == "bootmerge-boot-test: "$message ]]; then
        ok "refused: ${*//"$work/"/}"
    else
        not_ok "${*//"$work/"/}: status $status, $said"
    fi
}
image=(--kernel="$work/x86" --initrd="$work/initrd")
refuses "--kernel= is missing*"
refuses "--initrd= is missing*" --kernel="$work/x86"
refuses "--kernel needs a value*" --kernel
refuses "--kernel=*/none is not a file that can be read*" --kernel="$work/none" --initrd="$work/initrd"
refuses "--initrd=*/usr is not a file that can be read*" --kernel="$work/x86" --initrd="$work/usr"
refuses "--disk=*/none is not a file that can be read*" "${image[@]}" --disk "$work/none"
refuses "there is no option --kernels*" "${image[@]}" --kernels=x
refuses "there is no option --verbose*" "${image[@]}" --verbose
refuses "'disk.img' is not an option; a disk is given by --disk=disk.img." "${image[@]}" disk.img
refuses "--expect=mergd: it can be merged, writable, skips and no-failed-units." "${image[@]}" --expect=merged,mergd
refuses "--timeout=1m: a number above 0*" "${image[@]}" --timeout=1m
refuses "--timeout=0: a number above 0*" "${image[@]}" --timeout=0
refuses "--memory=: a number above 0*" "${image[@]}" --memory=
refuses "--accel=hvf: it can be kvm or tcg." "${image[@]}" --accel=hvf
refuses "*/initrd is not a kernel for x86-64 or arm64." --kernel="$work/initrd" --initrd="$work/initrd"
refuses "*/arm.gz is compressed by gzip*" --kernel="$work/arm.gz" --initrd="$work/initrd"
refuses "*/uki is an EFI program*unified kernel image*" --kernel="$work/uki" --initrd="$work/initrd"
refuses "*/initrd is not a program*" "${image[@]}" --bootmerge="$work/initrd"
refuses "*/program is not for arm64*" --kernel="$work/arm" --initrd="$work/initrd" --bootmerge="$work/program"
rm -r "$work/usr/lib/bootmerge"
refuses "*/sideload.cpio is missing*" "${image[@]}" --bootmerge="$work/program"

# judged NAME REPORT OUTCOME: a line for each expectation, `NAME: why not`, of a machine that has sent REPORT.
judged() {
    # The tool is sourced here only: it has names that this file uses, too.
    # shellcheck disable=SC2034  # read by the tool
    (
        set +eu
        # shellcheck source=../tools/bootmerge-boot-test
        . $tool
        log=$work/log outcome=$2
        printf '%s\n' "$1" | sed 's/$/\r/' >"$log.results"
        read_results
        for name in merged writable skips no-failed-units; do judge $name; echo "$name: ${unmet:-yes}"; done
    )
}
# is NAME WANTED REPORT [OUTCOME]
is() {
    local found
    found=$(judged "$3" "${4-booted}" | paste -sd'|')
    if [ "$found" = "$2" ]; then ok "$1"; else not_ok "$1: $found"; fi
}
etc='/etc 0:33 89 rw,nosuid overlay confext rw'
good="begin 1
stage initramfs
mount $etc
boot {\"result\":\"merged\"}
stage system
boot {\"result\" : \"merged\", \"failure\": null}
state running"
is "all that is expected holds" "merged: yes|writable: yes|skips: yes|no-failed-units: yes" "$good
mount $etc
writable yes"
is "another device is a merge anew" "merged: yes|writable: yes|skips: /etc was merged anew in the running system|no-failed-units: yes" "$good
mount ${etc/0:33/0:34}
writable yes"
is "another mount is a merge anew" "merged: yes|writable: yes|skips: /etc was merged anew in the running system|no-failed-units: yes" "$good
mount ${etc/89/90}
writable yes"
is "a younger marker is a merge anew" "merged: yes|writable: yes|skips: /etc was merged anew in the running system|no-failed-units: yes" "$good
mount $etc
anew /etc
writable yes"
is "other options are not" "merged: yes|writable: a write to /etc fails: Read-only file system|skips: yes|no-failed-units: yes" "$good
mount ${etc/rw/ro}
writable Read-only file system"
is "no mount is no merge any more" "merged: yes|writable: yes|skips: /etc is not merged any more|no-failed-units: yes" "$good
writable yes"
is "a sysext of the running system counts" "merged: yes|writable: yes|skips: /usr was merged in the running system|no-failed-units: yes" "$good
mount $etc
mount /usr 0:40 99 ro overlay sysext ro
writable yes"
is "a separate /usr is not a merge" "merged: yes|writable: yes|skips: yes|no-failed-units: yes" "$good
mount $etc
mount /usr 254:2 44 ro erofs /dev/vda2 ro
writable yes"
is "units have failed" "merged: yes|writable: yes|skips: yes|no-failed-units: a.service b.service" "$good
mount $etc
failed-unit initramfs a.service
failed-unit system b.service
writable yes"
is "switched off" "merged: switched off|writable: yes|skips: the initramfs did not merge|no-failed-units: yes" 'stage initramfs
boot {"result":"switched off","failure":null}
stage system
boot {"result":"switched off","failure":null}
writable yes'
is "a boot that stops" "merged: cannot \"merge\" /sysroot/etc|writable: not known, as the running system did not report|skips: not known, as the running system did not report|no-failed-units: the running system did not report" 'stage failed
boot {"result":"failed","failure":"cannot \"merge\" \/sysroot\u002fetc"}
stage stopped
boot {"result":"failed","failure":"cannot \"merge\" \/sysroot\u002fetc"}
end stopped' stopped
is "a report that was cut off" "merged: the initramfs did not merge|writable: not known, as the running system did not report|skips: not known, as the running system did not report|no-failed-units: the running system did not report" 'stage initramfs
boot {"result":"merged","hierarchies":[{"hierarchy"' none

# --json prints JSON with the keys that the manual page has, whatever came of the machine.
documented=$(awk '/^# /{ inside = $0 == "# JSON"; next } inside && /^\|\[/' ../man/bootmerge-boot-test.1.scd | grep -oE '\*[A-Za-z]+\*' | tr -d '*' |
    LC_ALL=C sort | paste -sd,)
for result in booted stopped none; do
    printed=$(
        set +eu
        # shellcheck source=../tools/bootmerge-boot-test
        . $tool
        log=$work/log took=1 accelerator=tcg reason='a "reason"' expectations=(merged skips) keep='' outcome=$result
        printf '%s\n' "$good" 'job 1 a\x2db.service start' >"$log.results"
        printf '\e[1mFailed to "boot"\t\\\n' | tee "$log.console" >"$log.journal"
        read_results
        json "$(print_json)" || echo "not JSON,"
        [ "$result" = booted ] || [ "${value[.problems.0]}" = 'Failed to "boot"'$'\t\\' ] ||
            echo "not what was quoted: ${value[.problems.0]},"
        printf '%s\n' "${!value[@]}" | cut -d. -f2 | LC_ALL=C sort -u | grep -vx version | paste -sd,
    )
    if [ -n "$documented" ] && [ "$printed" = "$documented" ]; then
        ok "JSON of $result"
    else
        not_ok "JSON of $result: $printed, not $documented"
    fi
done

finish
