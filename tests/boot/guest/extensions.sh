# shellcheck shell=bash
# Sourced by guest.sh: checks for machines with the extensions of ../extensions.sh. `own` is systemd's own program,
# `drop-in` is bootmerge under its name. The case decides which of the two is in /usr/bin and run by the units.

# extension_program own|drop-in CLASS ARGUMENT...: its output is in REPLY.
extension_program() {
    local program=$1 class=$2
    shift 2
    case $program in
    own) REPLY=$(/usr/lib/bootmerge-test/systemd-"$class" "$@" 2>&1) ;;
    drop-in) REPLY=$(exec -a systemd-"$class" /var/lib/bootmerge-test/bootmerge "$@" 2>&1) ;;
    esac || fail "$program systemd-$class $* failed: $REPLY"
}

# has FILE CONTENT
has() { content "$1"; is "$2" "$REPLY" "$1"; }
# is_overlay DIR FLAG
is_overlay() {
    mount_of "$1"
    case $REPLY in *"$2"*\ overlay\ *) ;; *) fail "$1 is mounted as '$REPLY'" ;; esac
}
confexts_are() { is_overlay /etc nosuid,nodev; has /etc/sample.d/plain "site $1"; has /etc/local.conf "local $2"; }
sysexts_are() { is_overlay /usr nodev; has /usr/lib/hello/version "hello $1"; has /usr/share/tools/version "tools $2"; }
check_confexts_merged() { confexts_are v1 v1; }
check_sysexts_merged() { sysexts_are v1 v1; }

confexts_are_gone() {
    mount_of /etc
    is "" "$REPLY" "the mount at /etc"
    has /etc/sample.d/plain "(absent)"
    has /etc/local.conf "(absent)"
    has /etc/own machine
}
sysexts_are_gone() {
    mount_of /usr
    case $REPLY in ro,*\ erofs\ *) ;; *) fail "/usr is mounted as '$REPLY'" ;; esac
    has /usr/lib/hello/version "(absent)"
    has /usr/share/tools/version "(absent)"
}

# The units that merge have run without an error, and /usr/bin has the drop-in.
unit_ran() {
    is "ActiveState=active ConditionResult=yes ExecMainStatus=0 Result=success" \
        "$(systemctl show -p ActiveState,ConditionResult,ExecMainStatus,Result "$1" | sort | paste -sd' ')" \
        "the state of $1"
}
drop_in_ran() {
    is /var/lib/bootmerge-test/bootmerge "$(readlink -f "$(command -v "systemd-$1")")" \
        "the program of systemd-$1.service"
    unit_ran "systemd-$1.service"
}
check_confext_drop_in_ran() { drop_in_ran confext; }
check_sysext_drop_in_ran() { drop_in_ran sysext; }
# unit_logged UNIT TEXT
unit_logged() {
    REPLY=$(journalctl -b -q -o cat --no-pager -u "$1")
    case $REPLY in *"$2"*) ;; *) fail "$1 did not say '$2': $REPLY" ;; esac
}
# The units' state does not survive switch-root, so this searches the initramfs's journal for their names.
check_sysroot_units_ran() {
    unit_logged systemd-confext-sysroot.service "Finished systemd-confext-sysroot.service"
    unit_logged systemd-sysext-sysroot.service "Finished systemd-sysext-sysroot.service"
}
check_sysroot_units_skipped() {
    REPLY=$(journalctl -b -q -o cat --no-pager -u systemd-confext-sysroot.service -u systemd-sysext-sysroot.service)
    case $REPLY in *Start*) fail "a -sysroot unit ran beside bootmerge: $REPLY" ;; esac
    is 2 "$(grep -c 'ConditionPathExists=!/usr/sbin/bootmerge' <<<"$REPLY")" \
        "the number of -sysroot units skipped for bootmerge"
}
# The service ran, and the merge is older. (Not judged by the journal, which may lack such early messages.)
unit_skipped() {
    local started merged
    unit_ran "systemd-$1.service"
    # Wed 2026-11-25 03:02:45.123456 UTC
    read -r _ started < <(systemctl show -P ExecMainStartTimestamp --timestamp=us+utc "systemd-$1.service")
    merged=$(TZ=UTC stat -c %y "$2/.systemd-$1/dev")
    [[ $merged < $started ]] || fail "$2 was merged anew: at $merged, systemd-$1.service was started at $started"
}
check_confext_unit_skipped() { unit_skipped confext /etc; }
check_sysext_unit_skipped() { unit_skipped sysext /usr; }

# The service that the image ships: hello_is STATE; hello_started TIMES, whatever the version.
hello_is() {
    local seconds
    for seconds in {1..20}; do
        REPLY=$(systemctl show -P ActiveState hello.service)
        [ "$REPLY" != "$1" ] || return 0
        sleep 1
    done
    fail "hello.service is $REPLY, not $1, after $seconds s"
}
check_hello_runs() {
    hello_is active
    read -r REPLY </run/hello || fail "hello.service did not write to /run/hello"
    is "hello v1" "$REPLY" /run/hello
}

# The running system's units, used by hand: stopping unmerges, and stops the service that is gone; starting merges and
# starts it.
check_units_stop() {
    systemctl stop "systemd-$1.service" || fail "systemd-$1.service cannot be stopped"
    "$1s_are_gone"
}
check_units_start() { systemctl start "systemd-$1.service" || fail "systemd-$1.service cannot be started"; }
check_confext_unit_stops() { check_units_stop confext; check_units_start confext; confexts_are v1 v1; }
check_sysext_unit_stops() {
    check_units_stop sysext
    hello_is inactive
    rm -f /run/hello
    check_units_start sysext
    sysexts_are v1 v1
    check_hello_runs
}
check_sysext_unit_restarts() {
    rm -f /run/hello
    systemctl restart systemd-sysext.service || fail "systemd-sysext.service cannot be restarted"
    sysexts_are v1 v1
    check_hello_runs
}
# Reloading (a refresh) after the image was removed also removes its files and stops its service; the other extension
# stays.
check_sysext_unit_reloads() {
    mv /var/lib/extensions/hello.raw /var/lib/hello.raw
    systemctl reload systemd-sysext.service || fail "systemd-sysext.service cannot be reloaded"
    has /usr/lib/hello/version "(absent)"
    has /usr/share/tools/version "tools v1"
    hello_is inactive
    mv /var/lib/hello.raw /var/lib/extensions/hello.raw
}

# A refresh in the running system of what was merged before switch-root, or by the other program: it skips, but not if
# an extension was exchanged.
skips() {
    extension_program "$1" "$2" refresh
    case $REPLY in *"no change was found"*) ;; *) fail "$1 systemd-$2 refresh: $REPLY" ;; esac
}
check_own_skips() { skips own confext; skips own sysext; }
check_drop_in_skips() { skips drop-in confext; skips drop-in sysext; }
# notices PROGRAM IMAGES DIRECTORIES: a refresh of both classes shows these versions.
notices() {
    extension_program "$1" confext refresh
    extension_program "$1" sysext refresh
    confexts_are "$2" "$3"
    sysexts_are "$2" "$3"
}
# exchange DIRECTORY NAME...: replaces each with its other version.
exchange() {
    local directory=$1 name spare=/var/lib/bootmerge-test/spare
    shift
    for name; do
        mv "$directory/$name" $spare/other && mv "$spare/$name" "$directory/$name" && mv $spare/other "$spare/$name"
    done
}
exchange_directories() { exchange /var/lib/confexts local; exchange /var/lib/extensions tools; }
exchange_images() { exchange /var/lib/confexts site.raw; exchange /var/lib/extensions hello.raw; }
check_own_notices() {
    exchange_directories
    notices own v1 v2
    exchange_images
    notices own v2 v2
}
check_drop_in_notices() {
    exchange_directories
    notices drop-in v2 v1
    exchange_images
    notices drop-in v1 v1
}

# boot with Class=all: both classes, confexts first, in one report.
check_reported_all() {
    content /run/bootmerge/boot.json
    REPLY=${REPLY//[[:space:]]/}
    case $REPLY in
    *'"hierarchy":"/etc"'*'"hierarchy":"/usr"'*) ;;
    *) fail "boot.json does not list /etc and then /usr: ${REPLY:0:600}" ;;
    esac
    local name
    for name in flatcar-defaults local site hello tools; do
        case $REPLY in *"\"$name\""*) ;; *) fail "boot.json does not name $name" ;; esac
    done
}

# Of the signed images only the undamaged one by a trusted signer was merged before switch-root; boot.json names the
# others.
check_verity() {
    local report name device
    content /run/bootmerge/boot.json
    report=$REPLY
    has /etc/signed.conf "of the image signed"
    has /etc/local.conf "local v1"
    for name in flipped stranger; do
        has /etc/$name.conf "(absent)"
        case ${report#*notMerged} in *\"$name\"*) ;; *) fail "boot.json does not say why '$name' is left out" ;; esac
    done
    device=(/sys/block/dm-*)
    is 1 ${#device[@]} "the number of dm-verity devices"
}
