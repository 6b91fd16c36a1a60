#!/bin/bash
# boot.sh SUITE NAME IMAGES LOGS: the boots that the table `cases` lists for a suite under a name, on one ROOT disk,
# with the images from images.sh. Prints one line a boot, `ok ...` or `FAIL ...: why`. The guest's checks write
# LOGS/SUITE-NAME-N.results, the serial console goes to .console.
. "$(dirname "$0")/lib.sh"
. "$here/extensions.sh"
. "$here/guest/cleanup.sh"

suite=$1
name=$2
images=$3
logs=$4
case $name in
powercut) exec "$here/powercut.sh" "$suite" "$images" "$logs" ;;
image-*) exec "$here/image.sh" "$@" ;;
esac
base=$(base_of "$suite")
program=$(program_of "$suite")
machine_of "$suite"
lines=(console results)
seconds=600
disk=$images/$name.img

# root_disk INITRAMFS: makes the machine's ROOT file system, with an /etc as earlier boots left it. Additions for single
# cases are at its end.
root_disk() {
    local tree=$disk.tree
    mkdir -p "$tree"/{usr,etc/sample.d,var/{log,tmp,cache,lib/{systemd,private,bootmerge-test}}}
    mkdir -p "$tree"/{root,home,proc,sys,dev,run,tmp,mnt,srv}
    chmod 1777 "$tree/tmp" "$tree/var/tmp"
    chmod 700 "$tree/root"
    for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$tree/$dir"; done
    ln -s ../run "$tree/var/run"
    echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
    echo machine | tee "$tree/etc/own" >"$tree/etc/sample.d/contested"
    mknod "$tree/etc/sample.d/removed" c 0 0 # a whiteout: the machine's owner removed that file
    [ "$1" != plain ] || echo "/dev/vdb /usr erofs ro 0 0" >"$tree/etc/fstab" # where dracut without systemd looks
    cp "$here"/guest/*.sh "$tree/var/lib/bootmerge-test/"
    cp "$program" "$tree/var/lib/bootmerge-test/bootmerge"
    case $name in
    dropin* | class-*) add_extensions "$tree" ;;
    flatcar*) add_flatcar "$tree" ;;
    verity*) add_verity "$tree" ;;
    esac
    case $name in
    # A sysext merged on /usr changes systemd's identity of an extension there: so mask that one.
    dropin-sysroot) mkdir "$tree/var/lib/confexts/flatcar-defaults" ;;
    # A confext with 320 files; the machine's own files equal 300 of them and differ from 20.
    prune | prune-bench)
        local confext=$tree/var/lib/confexts/bulk/etc i
        many_files "$confext/bulk.d" 320 16
        mkdir "$confext/extension-release.d"
        echo ID=_any >"$confext/extension-release.d/extension-release.bulk"
        cp -r "$confext/bulk.d" "$tree/etc/"
        for ((i = 0; i < 320; i += 16)); do echo changed >>"$tree/etc/bulk.d/directory-0/file-$i"; done
        ;;
    dropin)
        # Both units start at once. If the sysext is merged first, it covers /usr/lib/confexts. Then what is there is
        # not what `boot` has recorded, and the refresh of the confexts merges anew, as systemd's own would.
        mkdir -p "$tree/etc/systemd/system/systemd-sysext.service.d"
        printf '[Unit]\nAfter=systemd-confext.service\n' >"$tree/etc/systemd/system/systemd-sysext.service.d/order.conf"
        ;;
    verity)
        mkdir "$tree/etc/systemd"
        printf '[ConfExt]\nImagePolicy=root=signed\n' >"$tree/etc/systemd/confext.conf"
        ;;
    verity-required) printf '[BootMerge]\nRequireSigned=yes\n' >"$tree/etc/bootmerge.conf" ;;
    class-all) printf '[BootMerge]\nClass=all\n' >"$tree/etc/bootmerge.conf" ;;
    esac
    chown -R 0:0 "$tree"
    mke2fs -q -t ext4 -L ROOT -E lazy_itable_init=1,root_owner=0:0 -d "$tree" "$disk" 64M >/dev/null
    rm -rf "$tree"
}

# boot INITRAMFS USR LOG COMMAND_LINE: runs one boot to its end.
boot() {
    local log=$3 append root=rw readonly=off
    case " $4 " in *" ro "*) root=ro readonly=on ;; esac
    # No timeouts but the one around QEMU. systemd 258 and later would ask the terminal for its size and wait. A failure
    # in an initramfs without systemd must not wait at a shell.
    append="root=LABEL=ROOT $root rootfstype=ext4 mount.usr=/dev/vdb mount.usrfstype=erofs
        mount.usrflags=ro systemd.unit=bootmerge-test.target rd.systemd.unit=initrd.target
        apparmor=0 mitigations=off fsck.mode=skip loglevel=4 systemd.show_status=1
        systemd.tty.term.console=dumb systemd.tty.rows.console=25 systemd.tty.columns.console=80
        systemd.default_device_timeout_sec=600 systemd.default_timeout_start_sec=600
        rd.shell=0 rd.emergency=poweroff $4"
    read -rd '' -a append <<<"$append" || true
    rm -f "$log".*
    start_machine "$log" 1024 "$base/vmlinux" "$images/$1.cpio" "${append[*]}" \
        "file=$disk,format=raw,cache=unsafe,readonly=$readonly" "file=$base/usr-$2.erofs,format=raw,readonly=on"
    [ "$expected" != stopped ] || end_when_stopped "$machine" "$log.console" &
    wait
}

stopped='Dependency failed for.* initrd-parse-etc.service'

# end_when_stopped PID CONSOLE: ends a boot that stops without emergency.service, which would otherwise wait until the
# timeout.
end_when_stopped() {
    until grep -aqE "$stopped" "$2" 2>/dev/null; do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 1
    done
    sleep 10 # enough time for a machine that boots on after all
    kill "$1" 2>/dev/null || true
}

# verdict EXPECTED LOG: why the boot is not as expected; nothing if it is.
verdict() {
    local merged left
    case $1 in
    emergency)
        grep -aqE '^EMERGENCY|FATAL: bootmerge could not merge' "$2.results" "$2.console" ||
            echo -n "the boot did not stop in the emergency path; "
        ! grep -q '^END' "$2.results" || echo -n "the machine came up; "
        ;;
    stopped)
        grep -aqE "$stopped" "$2.console" || echo -n "the boot did not stop; "
        ! grep -qE '^END|^EMERGENCY' "$2.results" || echo -n "the machine went on; "
        ;;
    *)
        sed -n 's/^FAIL \(.*\)/\1; /p' "$2.results" | tr -d '\n'
        ! grep -q '^EMERGENCY' "$2.results" || echo -n "the boot stopped in the initramfs; "
        grep -q '^END' "$2.results" || echo -n "the guest's checks did not finish; "
        ! grep -q 'terminating on signal' "$2.qemu" || echo -n "the machine still ran after $seconds s; "
        case ,$1, in *,merged,*) ;; *) return 0 ;; esac # by bootmerge in the initramfs
        merged=$(grep -nE '^LOG .*bootmerge.*[0-9] ms' "$2.results" | head -n 1 | cut -d: -f1)
        left=$(grep -nE '^LOG .*systemd\[1\]: (Switching root|.*running in system mode)' "$2.results" |
            tail -n 1 | cut -d: -f1)
        [ "${merged:-999}" -lt "${left:-0}" ] ||
            echo -n "the log does not show the merge, with its time, before switch-root; "
        ;;
    esac
}

n=0
while read -r initramfs usr expected append; do
    n=$((n + 1))
    log=$logs/$suite-$name-$n
    again=
    [ $n -gt 1 ] || root_disk "$initramfs"
    e2fsck -p "$disk" >/dev/null || true # a read-only disk cannot replay the previous boot's journal
    cp --sparse=always "$disk" "$disk.before"
    started=$SECONDS
    boot "$initramfs" "$usr" "$log" "bootmerge-test=$expected $append"
    # With several processors TCG can lose a race when the kernel patches its own text; never seen with one.
    if grep -aq 'Oops: int3' "$log.console"; then
        again=", second try"
        mv "$disk.before" "$disk"
        boot "$initramfs" "$usr" "$log" "bootmerge-test=$expected $append"
    fi
    sed -i 's/\r$//' "$log.results" "$log.console"
    why=$(verdict "$expected" "$log")
    if [ -z "$why" ]; then
        echo "ok $suite/$name-$n ($((SECONDS - started)) s$again)"
        grep -E '^LOG .*bootmerge.*, [0-9.]+ ms' "$log.results" | sed 's/^LOG /    /' || true
        sed -n 's/^MEASURED /    /p' "$log.results"
    else
        echo "FAIL $suite/$name-$n: ${why%; } (log: ${log#"$repo/"}.*)"
    fi
done < <(rows "$suite" "$name")
rm -f "$disk" "$disk.before"
