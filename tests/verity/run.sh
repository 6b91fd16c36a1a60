#!/bin/bash
# run.sh [SUITE...]: tests images with dm-verity and signatures, in machines with the kernels of the boot tests' suites:
# 6.1, 6.12 and the newest. Without SUITE, in all x86-64 suites. Each machine runs all cases of guest/cases.sh in one
# boot, in a Debian sid root. With the newest kernel, systemd's own programs run them, too, and must do the same.
#
#   VERITY_CASES=PATTERN    only these cases: '*-strict', '@(kill|told)'
#   VERITY_SYSTEMD=yes      systemd's own programs, too, with every kernel
#   VERITY_EVERY=N          only every Nth of the kills and refusals
#   VERITY_BENCH=ROUNDS     no cases, but bench/verity.sh
# Needs out/bootmerge. Logs: out/verity/. One line a case, the last line is `N passed, N failed`.
. "$(dirname "$0")/../boot/lib.sh"

verity=$(realpath "$(dirname "$0")")
logs=$repo/out/verity
work=$(mktemp -d "${TMPDIR:-/tmp}/bootmerge-verity.XXXXXX")
finish() {
    jobs -p | xargs -r kill 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
rm -rf "$logs"
mkdir -p "$logs"
[ $# -gt 0 ] || set -- "${suites[@]}"
"$here/base.sh" "$1" >/dev/null
make_vmlinux "$1"
choose_accelerator "$1"

# The root: the differential tests' Debian sid, read-only, as one file with the same name.
sid=$("$repo/tests/differential/make-sid-root.sh")
lower=$sid.erofs
(
    flock 9
    if [ ! -e "$lower" ]; then
        mkfs.erofs --quiet "$lower.partial" "$sid" >/dev/null
        mv "$lower.partial" "$lower"
    fi
) 9>"$cache/sid-root.lock"

tree=$work/tree
mkdir -p "$tree/bin"
"$verity/images.sh" "$tree/images"
cp "$repo/out/bootmerge" "$tree/bin/"
for name in confext sysext; do ln -s bootmerge "$tree/bin/systemd-$name"; done
cp "$verity"/guest/*.sh "$tree/"
compile() { gcc -O1 -Wall -Wextra -Werror -static -o "$1" "$verity/guest/$2"; }
compile "$work/init" init.c
compile "$tree/bin/keyring" keyring.c
compile "$tree/bin/mapped" mapped.c

# modules_to DIR CHROOT MODULE...: copies these and what they need, named in the order in which to load them.
modules_to() {
    local dir=$1 number=100 file
    mkdir -p "$dir"
    while read -r file; do
        cp "$file" "$dir/$number-${file##*/}"
        number=$((number + 1))
    done < <(module_files "${@:2}")
}

# boot SUITE: runs one machine to its end, and prints its lines as `ok SUITE/NAME`.
boot() {
    local suite=$1 base initramfs=$work/$1.initramfs log=$logs/$1 disk=$work/$1.img seconds=1800 lines=(console results)
    local words="mitigations=off apparmor=0 loglevel=4" started=$SECONDS
    base=$("$here/base.sh" "$suite")
    make_vmlinux "$suite"
    machine_of "$suite"
    mkdir -p "$initramfs"/{dev,lower,memory,root}
    cp "$work/init" "$initramfs/init"
    modules_to "$initramfs/modules" "$base/chroot" virtio_pci virtio_blk erofs overlay ext4 squashfs xfs btrfs loop
    (cd "$initramfs" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) >"$initramfs.cpio"
    cp -a "$tree" "$initramfs.tree"
    modules_to "$initramfs.tree/modules/dm-verity" "$base/chroot" dm-verity
    mke2fs -q -t ext4 -E lazy_itable_init=1,root_owner=0:0 -d "$initramfs.tree" "$disk" 256M >/dev/null
    rm -rf "$initramfs.tree"
    [ "$suite" != sid ] && [ -z "${VERITY_SYSTEMD-}" ] || words+=" verity-systemd"
    [ -z "${VERITY_CASES-}" ] || words+=" verity-only=$VERITY_CASES"
    words+=" verity-every=${VERITY_EVERY:-1}"
    [ -z "${VERITY_BENCH-}" ] || words+=" verity-bench=$VERITY_BENCH"
    start_machine "$log" 768 "$base/vmlinux" "$initramfs.cpio" "$words" \
        "file=$lower,format=raw,readonly=on" "file=$disk,format=raw,cache=unsafe"
    wait "$machine" || true
    sed -i 's/\r$//' "$log.results" "$log.console"
    sed -n "s,^\(ok\|FAIL\) ,&$suite/,p; s,^MEASURED,    &,p" "$log.results"
    if grep -q '^END$' "$log.results"; then
        echo "$suite: $((SECONDS - started)) s"
    else
        echo "FAIL $suite/end: the cases did not finish (log: ${log#"$repo/"}.*)"
    fi
}

{
    for suite; do
        boot "$suite" &
        [ "$(jobs -pr | wc -l)" -lt 2 ] || wait -n
    done
    wait
} 2>&1 | tee "$work/results"

passed=$(grep -c '^ok ' "$work/results") || true
failed=$(grep -c '^FAIL ' "$work/results") || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
