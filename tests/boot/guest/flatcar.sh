# shellcheck shell=bash disable=SC2154  # guest.sh sets them
# Sourced by guest.sh: checks for machines that boot as Flatcar's do (flatcar-standin.sh).

# provisioned VERSION: what Ignition and the unit after it brought in the initramfs is in effect in this same boot.
provisioned() {
    content /etc/passwd
    case $REPLY in *core:x:500*) ;; *) fail "Ignition's user is not in /etc/passwd" ;; esac
    content "$raw/etc/passwd"
    case $REPLY in *core:x:500*) ;; *) fail "Ignition's user is not in the machine's own /etc/passwd" ;; esac
    has /run/from-ignition ran
    has /etc/site.conf "site v1"
    has /etc/sample.d/ordered "site v1" # over the vendor's; check_machine_wins: the machine's over both
    has /etc/sample.d/essential "vendor v1"
    [ -f /etc/gshadow ] || fail "/etc/gshadow is not a file"
    has /usr/lib/tool/version "tool $1"
    is "/etc/flatcar/sysext/flatcar-tool-$1.raw" "$(readlink /etc/extensions/flatcar-tool.raw)" "the sysext's link"
}
check_provisioned_v1() { provisioned 1; }
check_provisioned_v2() { provisioned 2; }

# runs COUNT CHANGED: how many runs boot.json has, and whether the last one, which is listed first, merged anything.
runs() {
    local report
    content /run/bootmerge/boot.json
    report=${REPLY//[[:space:]]/}
    report=${report//\"result\":\"merged\"/@}
    REPLY=${report//[^@]/}
    is "$1" "${#REPLY}" "the number of runs in boot.json that merged"
    [[ $report =~ @,\"changed\":(true|false) ]] || true # the first match
    is "$2" "${BASH_REMATCH[1]-}" "changed in the last run"
}
check_two_runs() { runs 2 true; }    # the second one took something up
check_three_runs() { runs 3 false; } # one by hand, after which bootmerge-late.service had nothing to do

# A systemd that always merges again was told not to; if it must merge, then in the same way as boot did.
service_held() {
    is "inactive no" "$(systemctl show -P ActiveState -P ConditionResult "systemd-$1.service" | paste -sd' ')" \
        "systemd-$1.service (state, condition)"
}
check_service_held() { service_held confext; }
check_sysext_service_held() { service_held sysext; }
check_service_merges() {
    systemctl start systemd-confext.service || fail "systemd-confext.service cannot be started"
    check_merged
    check_machine_wins
    check_script_runs
    { echo again >/etc/written-again; } || fail "cannot write to /etc"
    content "$raw/etc/written-again"
    is again "$REPLY" "the raw /etc/written-again"
}

# A user's confext is exchanged in the running system while other processes read and write.
check_live() {
    local program=/var/lib/bootmerge-test/bootmerge spare=/var/lib/bootmerge-test/spare i
    local -a written=() lines=()
    (
        until [ -e /run/live.end ]; do
            for file in /etc/sample.d/ordered /etc/sample.d/plain /etc/own /etc/passwd; do
                [ -e $file ] || echo "$file is missing"
            done
            echo read >&3
        done >/run/live.missed 3>/run/live.reads
    ) &
    (
        i=0
        until [ -e /run/live.end ]; do
            i=$((i + 1))
            { echo $i >>/etc/live; } 2>/dev/null && echo $i
        done >/run/live.written
    ) &
    for i in 2 1; do
        cp -r $spare/site-v$i $spare/next
        mv /var/lib/confexts/site $spare/last && mv $spare/next /var/lib/confexts/site
        REPLY=$($program refresh 2>&1) || fail "bootmerge refresh: $REPLY"
        rm -r $spare/last
        has /etc/site.conf "site v$i"
    done
    : >/run/live.end
    wait
    content /run/live.missed
    is "" "$REPLY" "what readers missed"
    mapfile -t lines </etc/live
    mapfile -t written </run/live.written
    is "${#written[@]}" "${#lines[@]}" "the number of lines that were written"
    mapfile -t lines <"$raw/etc/live"
    is "${written[*]}" "${lines[*]}" "what was written to the machine's own /etc"
    mapfile -t lines </run/live.reads
    ((${#lines[@]} > 20 && ${#written[@]} > 20)) || fail "${#lines[@]} reads and ${#written[@]} writes prove little"
}

# One line of configuration makes /etc read-only, or makes it forget what is written, with the machine's files on top.
check_modes() {
    local program=/var/lib/bootmerge-test/bootmerge mode conf=/run/systemd/confext.conf.d/zz-test.conf
    mkdir -p ${conf%/*}
    for mode in import ephemeral-import auto; do
        printf '[ConfExt]\nMutable=%s\n' $mode >$conf
        REPLY=$($program refresh 2>&1) || fail "bootmerge refresh, Mutable=$mode: $REPLY"
        check_machine_wins
        case $mode in
        import) { : >/etc/in-$mode; } 2>/dev/null && fail "/etc can be written to" ;;
        *) { : >/etc/in-$mode; } || fail "cannot write to /etc, Mutable=$mode" ;;
        esac
    done
    rm $conf
    [ -e "$raw/etc/in-auto" ] || fail "a write did not land in the machine's /etc"
    [ ! -e "$raw/etc/in-ephemeral-import" ] || fail "a write that was to be forgotten landed in the machine's /etc"
    [ ! -e /etc/in-ephemeral-import ] || fail "a write was not forgotten"
}

# flatcar-reset: the machine returns to the state of its first boot, except for what is named.
check_reset_next() {
    printf %s '/etc/own|/etc/sample.d/(contested|removed)|/var/lib/bootmerge-test(/.*)?' \
        '|/(bin|sbin|lib|lib64|proc|sys|dev|run|tmp)|/var/(run|tmp)|/var/log(/.*)?' >/selective-os-reset ||
        fail "cannot prepare the reset"
}
check_was_reset() {
    [ ! -e /selective-os-reset ] || fail "the reset was not done"
    [ ! -e /etc/written-1 ] || fail "/etc/written-1 has survived the reset"
    [ ! -e /etc/live ] || fail "/etc/live has survived the reset"
    content /etc/own
    is machine "$REPLY" /etc/own
}
