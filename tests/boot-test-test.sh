#!/bin/bash
# boot-test-test.sh: tests bootmerge-boot-test without a machine: its answers to wrong usage, and to machines' reports.
# The cases image-* of tests/boot test real boots.
set -euo pipefail
cd "$(dirname "$0")"
. ./docs/shells.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tool=../tools/bootmerge-boot-test

# Files that pass for the real thing if only their first bytes are read.
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

# refuses MESSAGE ARGUMENT...: exit status 2, and a matching message.
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

# source_tool: only in a subshell, because this file uses some of the tool's names, too. In one place, because the whole
# tool is checked again at each.
source_tool() {
    # shellcheck source=../tools/bootmerge-boot-test
    . $tool
}

# judged REPORT OUTCOME: for a machine that has sent REPORT, one line per expectation: `NAME: yes` or `NAME: why not`.
judged() {
    # shellcheck disable=SC2030,SC2031,SC2034  # read by the tool, and only there
    (
        set +eu
        export LC_ALL=C
        source_tool
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
usr='/usr 0:40 99 ro overlay sysext ro'
# As in /run/bootmerge/boot.json.
etc_json='{"hierarchy":"/etc","mode":"auto","target":"/sysroot/etc","writes":"/etc","upperdir":"/etc","layers":[]}'
run_json="\"root\":\"/sysroot\",\"failure\":null,\"hierarchies\":[$etc_json]"
run_json+=',"versions":{"bootmerge":"1","kernel":"6"},"milliseconds":{"total":1.5}'
merged_json="{\"result\":\"merged\",$run_json}"
good="begin 1
stage initramfs
mount $etc
boot $merged_json
stage system
boot ${merged_json/:/ : }
state running"
is "all that is expected holds" "merged: yes|writable: yes|skips: yes|no-failed-units: yes" "$good
mount $etc
writable yes"
merged_anew="merged: yes|writable: yes|skips: /etc was merged anew in the running system|no-failed-units: yes"
is "another device is a merge anew" "$merged_anew" "$good
mount ${etc/0:33/0:34}
writable yes"
is "another mount is a merge anew" "$merged_anew" "$good
mount ${etc/89/90}
writable yes"
is "a younger marker is a merge anew" "$merged_anew" "$good
mount $etc
anew /etc
writable yes"
is "other options are not" \
    "merged: yes|writable: a write to /etc fails: Read-only file system|skips: yes|no-failed-units: yes" "$good
mount ${etc/rw/ro}
writable Read-only file system"
is "no mount is no merge any more" \
    "merged: yes|writable: yes|skips: /etc is not merged any more|no-failed-units: yes" "$good
writable yes"
is "a sysext of the running system counts" \
    "merged: yes|writable: yes|skips: /usr was merged in the running system|no-failed-units: yes" "$good
mount $etc
mount $usr
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
is "switched off" \
    "merged: switched off|writable: yes|skips: the initramfs did not merge|no-failed-units: yes" 'stage initramfs
boot {"result":"switched off","failure":null}
stage system
boot {"result":"switched off","failure":null}
writable yes'
unknown="writable: not known, as the running system did not report"
unknown+="|skips: not known, as the running system did not report"
unknown+="|no-failed-units: the running system did not report"
is "a boot that stops" "merged: cannot \"merge\" /sysroot/etc|$unknown" 'stage failed
boot {"result":"failed","failure":"cannot \"merge\" \/sysroot\u002fetc"}
stage stopped
boot {"result":"failed","failure":"cannot \"merge\" \/sysroot\u002fetc"}
end stopped' stopped
is "a report that was cut off" "merged: the initramfs did not merge|$unknown" 'stage initramfs
boot {"result":"merged","hierarchies":[{"hierarchy"' none

# What counts is whether a merge exists at the end, not what the last run did.
later() { # RESULT: the last run's result, after a run that has merged
    local json="{\"result\":\"$1\",${run_json/"$etc_json"/}"
    json=${json/null/'"no space"'}
    echo "${json/1.5/2.5},"
    echo "\"earlierRuns\":[$merged_json]}"
}
ran() { # BOOT_JSON [MOUNT [MOUNT-LATER]]: a report
    local json="boot ${1//$'\n'/$'\n'boot }"
    printf '%s\n' "stage initramfs" ${2:+"mount $2"} "$json" "stage system" "$json"
    printf '%s\n' "state running" ${3:+"mount $3"} "writable yes"
}
for result in kept failed; do
    is "a second run that has $result: the first merge counts" \
        "merged: yes|writable: yes|skips: yes|no-failed-units: yes" \
        "$(ran "$(later $result)" "$etc" "$etc")"
    is "a second run that has $result, and a merge anew" \
        "merged: yes|writable: yes|skips: /etc was merged anew in the running system|no-failed-units: yes" \
        "$(ran "$(later $result)" "$etc" "${etc/0:33/0:34}")"
    is "a second run that has $result, and nothing before it" \
        "merged: no space|writable: yes|skips: the initramfs did not merge|no-failed-units: yes" \
        "$(ran "$(later $result | sed 's/"earlierRuns".*/"earlierRuns":[]}/')" "" "$etc")"
done
gone="no longer merged before switch-root: /etc"
for json in "$merged_json" "$(later kept)" "$(later failed)"; do
    is "a merge that is gone before switch-root, ${json:0:16}" \
        "merged: $gone|writable: yes|skips: $gone|no-failed-units: yes" "$(ran "$json" "" "$etc")"
done
is "the merge of another hierarchy does not count" "merged: $gone|writable: yes|skips: $gone|no-failed-units: yes" \
    "$(ran "$merged_json" "$usr" "$usr")"
opt_json=${etc_json//\/etc//opt}
opt_json=${opt_json/sysroot/sysroot\/var}
is "a hierarchy that is a symlink" "merged: yes|writable: yes|skips: yes|no-failed-units: yes" \
    "$(ran "${merged_json/"$etc_json"/"$etc_json,$opt_json"}" "$etc" "$etc")"
nothing="merged: nothing was merged, as every hierarchy was left alone|writable: yes"
nothing+="|skips: the initramfs did not merge|no-failed-units: yes"
is "a run that merged nothing" "$nothing" \
    "$(ran "${merged_json/"$etc_json"/'{"hierarchy":"/etc","leftAlone":"no extension has files for it"}'}")"
is "what the stop left counts, not what was before" \
    "merged: no longer merged when the boot stopped: /etc|$unknown" "stage initramfs
mount $etc
boot $merged_json
stage stopped
boot $merged_json
end stopped" stopped

# boots NAME STATUS WANTED REPORT QEMU ARGUMENT...: runs the whole tool, but REPORT and QEMU stand in for the machine's
# report and QEMU's messages. The tool's output is in $printed, and matches WANTED.
boots() {
    local title=$1 wanted_status=$2 wanted=$3 report=$4 qemu=$5 status=0
    shift 5
    # shellcheck disable=SC2034,SC2317,SC2329  # for the tool, called by it
    printed=$(
        set +eu
        source_tool
        find_bootmerge() { :; }
        needs() { :; }
        make_initramfs() { :; }
        sleep() { :; }
        start_machine() {
            printf '%s' "${report:+"$report"$'\n'}" >"$1.results"
            printf '%s' "$qemu" >"$1.qemu"
            : &
            machine=$!
            wait "$machine"
        }
        main "${image[@]}" --accel=tcg "$@" 2>/dev/null
    ) || status=$?
    # shellcheck disable=SC2053  # a pattern
    if [ $status = "$wanted_status" ] && [[ $printed == $wanted ]]; then
        ok "$title"
    else
        not_ok "$title: status $status, $printed"
    fi
}
came="$good
mount $etc
writable yes
end system"
stops="stage stopped
mount $etc
boot $merged_json
end stopped"
boots "a boot that came up" 0 "*expected *merged: yes" "$came" "" --expect=merged
boots "a boot that came up without what was expected" 1 "*expected *writable: a write to /etc fails: No space" \
    "${came/writable yes/writable No space}" "" --expect=merged,writable
boots "nothing was expected" 0 "The machine booted *" "${came/writable yes/writable No space}" ""
boots "a boot that stopped after the merge" 1 "The boot stopped *expected *merged: yes" "$stops" "" --expect=merged
boots "a boot that stopped, nothing expected" 1 "The boot stopped *" "$stops" ""
early="No result after * s (tcg): the machine ended by itself, before the initramfs was started.*"
boots "an early end" 3 "$early" "" "" --expect=merged
boots "a warning of QEMU's is not why" 3 "$early" "" \
    "qemu-system-x86_64: warning: TCG does not support requested feature
qemu-system-x86_64: -device x: warning: old
qemu-system-x86_64: info: something
WARNING: Image format was not specified
"
boots "an error of QEMU's is why" 3 "No result after * s (tcg): QEMU says: qemu-system-x86_64: no such disk.*" "" \
    "qemu-system-x86_64: no such disk
qemu-system-x86_64: warning: TCG does not support requested feature"
boots "KVM that fails later is why" 3 "No result after * s (tcg): KVM cannot run this machine here; try --accel=tcg.*" \
    "begin 1" "KVM internal error. Suberror: 1
emulation failure
RAX=ffff888004040040"
boots "an end later" 3 "No result after * s (tcg): the machine ended by itself.*" "begin 1" "qemu: warning: x"

boots "a merge that was kept" 0 "*boot stage *kept, in 2.5 ms *
 *the merge that was there stays, as it cannot be brought up to date: no space
 *what follows was merged by an earlier run
 */etc *mode auto; layers from the top: /etc; writes: /etc
*" "$(ran "$(later kept)" "$etc" "$etc")
end system" "" --expect=merged
boots "a second run that failed" 0 "*boot stage *failed, in 2.5 ms *
 *no space
 *what follows was merged by an earlier run
 */etc *mode auto; layers from the top: /etc; writes: /etc
*" "$(ran "$(later failed)" "$etc" "$etc")
end system" "" --expect=merged

# KVM is used if a kernel gets as far as its panic with it. Here a script stands in for QEMU.
# kvm NAME WANTED COMMANDS
kvm() {
    local found
    mkdir -p "$work/bin"
    # shellcheck disable=SC2016  # expanded by that script
    printf '#!/bin/sh\nfor word; do case $word in file:*) console=${word#file:} ;; esac; done\n%s\n' "$3" \
        >"$work/bin/qemu-system-x86_64"
    chmod 755 "$work/bin/qemu-system-x86_64"
    found=$(
        set +e
        source_tool
        # shellcheck disable=SC2030  # only here
        PATH=$work/bin:$PATH
        if runs_by_kvm x86_64 "$work/x86"; then echo yes; else echo no; fi
    )
    if [ "$found" = "$2" ]; then ok "KVM: $1"; else not_ok "KVM: $1: $found"; fi
}
# shellcheck disable=SC2016  # expanded by that script
kvm "a kernel starts" yes 'echo "Kernel panic - not syncing: VFS: Unable to mount root fs" >"$console"'
kvm "the machine resets early" no :
# shellcheck disable=SC2016  # expanded by that script
kvm "QEMU fails" no 'echo "Kernel panic" >"$console"; exit 1'
kvm "QEMU stops the machine" no 'echo "KVM internal error. Suberror: 1" >&2; exec sleep 60'

# An interrupt meanwhile ends QEMU and leaves no file. A terminal sends it to the whole process group.
printf '#!/bin/sh\necho $$ >"%s"\nexec sleep 60\n' "$work/qemu" >"$work/bin/qemu-system-x86_64"
mkdir "$work/probes"
# shellcheck disable=SC2016,SC2031  # expanded by that shell
TMPDIR=$work/probes PATH=$work/bin:$PATH setsid env --default-signal=INT \
    bash -c '. "$1"; trap "exit 130" INT; tried=$(runs_by_kvm x86_64 "$2"); echo "$tried"' probe $tool "$work/x86" &
probe=$!
for ((i = 0; i < 100; i++)); do [ ! -s "$work/qemu" ] || break; sleep 0.1; done
kill -INT -- -$probe
status=0
wait $probe || status=$?
for ((i = 0; i < 50; i++)); do kill -0 "$(<"$work/qemu")" 2>/dev/null || break; sleep 0.1; done
if [ $status = 130 ] && [ $i -lt 50 ] && rmdir "$work/probes"; then
    ok "KVM: an interrupt leaves nothing"
else
    not_ok "KVM: an interrupt leaves nothing: status $status, $(ls "$work/probes")"
fi

# --json prints JSON with the documented keys, whatever happened to the machine.
documented=$(awk '/^# /{ inside = $0 == "# JSON"; next } inside && /^\|\[/' ../man/bootmerge-boot-test.1.scd |
    grep -oE '\*[A-Za-z]+\*' | tr -d '*' | LC_ALL=C sort | paste -sd,)
for result in booted stopped none; do
    printed=$(
        set +eu
        source_tool
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

# Data lost on a serial line does not make other parts of the JSON unreadable.
values() { # PATH...: of what was printed
    # shellcheck disable=SC2030,SC2031
    (
        set +eu
        export LC_ALL=C
        source_tool
        json "$printed" || echo "not JSON"
        for path; do echo "${value[$path]-none}"; done
    ) | paste -sd' '
}
status='{"version":1,"hierarchies":[{"hierarchy":"/etc","extensions":["a\u00fc\\n"],"since":-1.5e3,"mode":null,'
status+='"x":true}]}'
damaged() { # NAME BOOT-JSON STATUS-JSON WANTED: merged, and a value of each
    local found
    boots "the tool ends: $1" 0 "*" "stage initramfs
mount $etc
boot $merged_json
stage system
boot $2
state running
mount $etc
writable yes
status $3
end system" "" --json
    found=$(values .merged .boot.result .status.hierarchies.0.since)
    if [ "$found" = "$4" ]; then ok "JSON: $1"; else not_ok "JSON: $1: $found"; fi
}
damaged "nothing is lost" "$merged_json" "$status" "true merged -1.5e3"
damaged "the end of status is lost" "$merged_json" "${status%\}}" "true merged none"
damaged "there is something after status" "$merged_json" "$status]" "true merged none"
damaged "a comma of status is lost" "$merged_json" "${status/,/}" "true merged none"
damaged "a part of a word of status is lost" "$merged_json" "${status/null/nul}" "true merged none"
damaged "a comma of status is there twice" "$merged_json" "${status/,/,,}" "true merged none"
damaged "status has a control character" "$merged_json" "${status/etc/$'e\x01tc'}" "true merged none"
damaged "status has a bad escape" "$merged_json" "${status/\\u00fc/\\u0}" "true merged none"
damaged "status is not UTF-8" "$merged_json" "${status/etc/$'e\xc3tc'}" "true merged none"
damaged "status is a number" "$merged_json" 5 "true merged none"
damaged "the end of boot.json is lost" "${merged_json%\}}" "$status" "false none -1.5e3"
printf -v unit 'a\xc3\xbc\xff\xc3.service\xe2\x80'
boots "a unit whose name is not UTF-8" 0 "*" "$came
failed-unit system $unit
end system" "" --json
found=$(values .failedUnits.system.0)
if [ "$found" = $'a\xc3\xbc??.service??' ]; then
    ok "JSON: a unit whose name is not UTF-8"
else
    not_ok "JSON: a unit whose name is not UTF-8: $found"
fi

finish
