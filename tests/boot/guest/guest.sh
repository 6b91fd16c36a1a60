#!/bin/bash
# Runs once in the booted system, from the ROOT disk (bootmerge-test.service). The kernel command line names this boot's
# checks (bootmerge-test=NAME,NAME...); each is a function below. All of them run, and each failure says why. Results
# and log go to the second serial line, where no kernel messages interfere. There are few forks, because each costs 20
# to 60 ms under TCG.
exec >/dev/ttyS1 2>&1

why=
fail() { why+="${why:+; }$*"; }
# is EXPECTED ACTUAL WHAT
is() { [ "$1" = "$2" ] || fail "$3 is '$2', not '$1'"; }
content() { if [ -e "$1" ]; then REPLY=$(<"$1"); else REPLY="(absent)"; fi 2>/dev/null; }
# mount_of DIR: "OPTIONS TYPE SOURCE" of the topmost mount on it; empty if nothing is mounted there.
mount_of() {
    local dir options rest
    REPLY=
    while read -r _ _ _ _ dir options rest; do
        [ "$dir" != "$1" ] || { rest=${rest#*- }; REPLY="$options ${rest% *}"; }
    done </proc/self/mountinfo
}
. "${BASH_SOURCE[0]%/*}/extensions.sh"
. "${BASH_SOURCE[0]%/*}/cleanup.sh"
. "${BASH_SOURCE[0]%/*}/flatcar.sh"
# The ROOT file system without what is mounted on it.
raw=/run/bootmerge-test/raw
mkdir -p $raw && mount --bind / $raw

check_merged() {
    mount_of /etc
    case $REPLY in
    *nosuid*,nodev*\ overlay\ *) ;;
    *) fail "/etc is mounted as '$REPLY'" ;;
    esac
    case $REPLY in *noexec*) fail "/etc is noexec" ;; esac
    content /etc/machine-id
    is 0123456789abcdef0123456789abcdef "$REPLY" machine-id
}
vendor() {
    content /etc/sample.d/plain
    is "vendor $1" "$REPLY" /etc/sample.d/plain
    [ -e /etc/passwd ] || fail "/etc/passwd is absent"
}
check_vendor_v1() { vendor v1; }
check_vendor_v2() {
    vendor v2
    content /etc/sample.d/new
    is "vendor v2" "$REPLY" /etc/sample.d/new
}
check_machine_wins() {
    content /etc/sample.d/contested
    is machine "$REPLY" /etc/sample.d/contested
    content /etc/own
    is machine "$REPLY" /etc/own
    [ ! -e /etc/sample.d/removed ] || fail "/etc/sample.d/removed is back"
}
check_script_runs() { is "vendor script" "$(/etc/sample.d/script 2>&1)" "the output of /etc/sample.d/script"; }
# A write reaches the machine's own /etc, and so does a renamed directory of the vendor's.
check_writable() {
    { echo "boot $boot" >"/etc/written-$boot"; } || fail "cannot write to /etc"
    content "$raw/etc/written-$boot"
    is "boot $boot" "$REPLY" "the raw /etc/written-$boot"
    if [ -d /etc/sample.d/replaced.d ]; then
        mv /etc/sample.d/replaced.d /etc/sample.d/moved.d || fail "cannot rename a directory in /etc"
    fi
    content /etc/sample.d/moved.d/inner
    is "vendor v1" "$REPLY" "/etc/sample.d/moved.d/inner"
}
check_remembers() {
    content /etc/written-1
    is "boot 1" "$REPLY" /etc/written-1
    [ ! -e /etc/sample.d/replaced.d ] || fail "the renamed /etc/sample.d/replaced.d is back"
}
check_routed() { is /etc "$(readlink /var/lib/extensions.mutable/etc)" "the routing entry"; }
check_read_only() {
    { : >/etc/written-$boot; } 2>/dev/null && fail "/etc can be written to"
    mount_of /etc
    case $REPLY in ro,*overlay*) ;; *) fail "/etc is mounted as '$REPLY'" ;; esac
}
check_ephemeral() {
    { echo x >/etc/written-$boot; } || fail "cannot write to /etc"
    [ ! -e "$raw/etc/written-$boot" ] || fail "a write landed in the machine's /etc"
}
check_reported() {
    content /run/bootmerge/boot.json
    case $REPLY in \{*flatcar-defaults*\}) ;; *) fail "/run/bootmerge/boot.json is '${REPLY:0:200}'" ;; esac
}
check_fell_back_immutable() {
    content /run/bootmerge/boot.json
    case $REPLY in *immutable*) ;; *) fail "boot.json does not tell of the fallback: '${REPLY:0:400}'" ;; esac
}
check_untouched() {
    mount_of /etc
    is "" "$REPLY" "the mount at /etc"
    [ ! -e /etc/sample.d/plain ] || fail "the vendor's files are in /etc"
    content /etc/own
    is machine "$REPLY" /etc/own
    [ ! -e /var/lib/extensions.mutable ] || fail "/var/lib/extensions.mutable was made"
    [ ! -e /.systemd-etc-workdir ] || fail "/.systemd-etc-workdir was made"
}

# The files of the cases prune*: 300 that equal the confext's, 20 in directory-0 that do not.
bulk() { # EQUAL, how many are left in the machine's own /etc; the merge is the same in any case
    local file
    local -a equal=("$raw"/etc/bulk.d/directory-[1-9]*/file-*) changed=("$raw"/etc/bulk.d/directory-0/file-*)
    [ -e "${equal[0]}" ] || equal=()
    is "$1 20" "${#equal[@]} ${#changed[@]}" "the count of equal and of changed files in the machine's /etc"
    equal=(/etc/bulk.d/directory-*/file-*)
    is 320 "${#equal[@]}" "the count of files in /etc/bulk.d"
    for file in /etc/bulk.d/directory-0/file-*; do
        content "$file"
        case $REPLY in *changed) ;; *) fail "$file is the vendor's: '$REPLY'" ;; esac
    done
    content /etc/bulk.d/directory-7/file-7
    is "# setting 7
value = $((7 * 7919))" "$REPLY" /etc/bulk.d/directory-7/file-7
}
check_bulk_kept() { bulk 300; }
check_bulk_pruned() { bulk 0; }
check_measured() { # what the boot stage says of itself
    local total prune=
    content /run/bootmerge/boot.json
    # The first run pruned; boot.json begins with the second.
    case $REPLY in *'"earlierRuns" : []'*) ;; *) REPLY=${REPLY#*\"earlierRuns\"} ;; esac
    [[ $REPLY =~ \"total\"\ *:\ *([0-9.]+) ]] || fail "boot.json has no time"
    total=${BASH_REMATCH[1]-}
    [[ $REPLY =~ \"prune\"\ *:\ *([0-9.]+) ]] && prune=", pruning ${BASH_REMATCH[1]} ms of it"
    echo "MEASURED the boot stage: $total ms$prune"
}
check_shell_measured() { # the shell's clean-up of the same files, on a copy
    local copy=/run/bootmerge-test/copy started left
    mkdir $copy && cp -a "$raw/etc/bulk.d" $copy/
    started=${EPOCHREALTIME/./}
    cleanup $copy/bulk.d /var/lib/confexts/bulk/etc/bulk.d
    echo "MEASURED the shell's clean-up of the same files: $(((${EPOCHREALTIME/./} - started) / 1000)) ms"
    left=("$copy"/bulk.d/*/file-*)
    is 20 ${#left[@]} "the count of files that the shell has left"
}

# What the running system's own systemd-confext does with the merge.
check_service_ran() { # systemd-confext.service refreshed before this script; its conditions held and it was content
    is "active yes success" \
        "$(systemctl show -P ActiveState -P ConditionResult -P Result systemd-confext.service | paste -sd' ')" \
        "systemd-confext.service (state, condition, result)"
}
check_shows() {
    REPLY=$(systemd-confext status --json=short 2>&1)
    case $REPLY in *'"extensions":["flatcar-defaults"]'*) ;; *) fail "systemd-confext status: $REPLY" ;; esac
}
check_skips() {
    REPLY=$(systemd-confext refresh 2>&1) || fail "systemd-confext refresh failed"
    case $REPLY in *"no change was found"*) ;; *) fail "systemd-confext refresh: $REPLY" ;; esac
}
check_remerges() { # also when it merges by itself, because something did change
    REPLY=$(systemd-confext refresh --always-refresh=yes 2>&1) || fail "systemd-confext refresh: $REPLY"
    check_shows
}
check_unmerges() {
    REPLY=$(systemd-confext unmerge 2>&1) || fail "systemd-confext unmerge: $REPLY"
    mount_of /etc
    is "" "$REPLY" "the mount at /etc after unmerge"
    mount_of /etc/.systemd-confext
    is "" "$REPLY" "the mount at /etc/.systemd-confext after unmerge"
    content /etc/sample.d/plain
    is "(absent)" "$REPLY" "/etc/sample.d/plain after unmerge"
    content /etc/sample.d/contested
    is machine "$REPLY" "/etc/sample.d/contested after unmerge"
    [ ! -e /.systemd-etc-workdir ] || fail "/.systemd-etc-workdir is still there after unmerge"
}

boot=1
content /var/lib/bootmerge-test/boots
[ "$REPLY" = "(absent)" ] || boot=$((REPLY + 1))
{ echo "$boot" >/var/lib/bootmerge-test/boots; } 2>/dev/null

read -ra words </proc/cmdline
for word in "${words[@]}"; do
    case $word in bootmerge-test=*) IFS=, read -ra checks <<<"${word#*=}" ;; esac
done
echo "KERNEL $(</proc/sys/kernel/osrelease)"
for check in "${checks[@]}"; do
    why=
    "check_$check"
    if [ -z "$why" ]; then echo "ok $check"; else echo "FAIL $check: $why"; fi
done
# The journal holds the initramfs's log too. What was merged must be there before switch-root.
# Through a file, because the shell reads a pipe byte by byte; arm64's system has no sed.
journalctl -b -o short-monotonic --no-hostname --no-pager -q >/run/bootmerge-test/journal
mapfile -t journal </run/bootmerge-test/journal
for line in "${journal[@]}"; do
    case $line in
    *"ommand line"* | *"nknown kernel"*) ;;
    *bootmerge* | *confext* | *sysext* | *overlayfs* | *ignition* | *initrd-setup-root* | *"Switching root"* | \
        *"running in system mode"*) echo "LOG $line" ;;
    esac
done
content /run/bootmerge/boot.json
echo "BOOT.JSON $REPLY"
echo END

# Without an orderly shutdown, which takes seconds more.
echo 1 >/proc/sys/kernel/sysrq
sync
echo u >/proc/sysrq-trigger
echo o >/proc/sysrq-trigger
sleep 5
