# shellcheck shell=bash disable=SC2034  # used by the scripts that source this
# Shared by the scripts of this directory: where things are, and which Debian suites are booted.
#   bookworm: kernel 6.1, systemd 252 (no confext yet), dracut 059
#   trixie:   kernel 6.12, systemd 257 (its refresh always merges anew), dracut 106
#   sid:      the newest cloud kernel, systemd 262, dracut 112
#   arm64:    trixie's kernel 6.12 and systemd 257 for arm64, no dracut; only when it is asked for (arm64/CASE)
set -euo pipefail
umask 022 # what is made here becomes a machine's /usr

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-~/.cache}/bootmerge
suites=(bookworm trixie sid)
foreign=(arm64)

# The base of a suite: a build chroot, the kernel, initramfs images without the module, /usr images. Its name contains a
# hash of the recipe, so a changed recipe makes a new base.
base_of() { printf '%s/boot-%s-%s' "$cache" "$1" "$(sha256sum <"$here/base.sh" | cut -c1-12)"; }

# make_vmlinux SUITE: makes vmlinux beside a base's vmlinuz: the same kernel, uncompressed, which QEMU starts as well.
# By TCG, more than a second of each boot would go into unpacking. What is packed in another way, or for another
# architecture, stays as it is.
make_vmlinux() (
    base=$(base_of "$1")
    exec 9>"$base.lock"
    flock 9
    [ ! -e "$base/vmlinux" ] || exit 0
    cp "$base/vmlinuz" "$base/vmlinux.new"
    if [ "$1" != arm64 ]; then
        # Where the compressed kernel is: Documentation/arch/x86/boot.rst. Its last four bytes are its size, unpacked.
        number() { od -An -v -t "u$2" -j "$(($1))" -N "$2" "$base/vmlinuz" | tr -d ' '; }
        from=$((($(number 0x1f1 1) + 1) * 512 + $(number 0x248 4))) length=$(($(number 0x24c 4) - 4))
        payload() {
            dd if="$base/vmlinuz" bs=1M iflag=skip_bytes,count_bytes skip="$from" count="$length" status=none
        }
        case $(number $from 4) in
        4247762216) payload | zstd -dc >"$base/vmlinux.new" ;; # fd2fb528
        407642370) payload | lz4 -dc >"$base/vmlinux.new" ;;   # 184c2102
        esac
    fi
    mv "$base/vmlinux.new" "$base/vmlinux"
)

# program_of SUITE: this checkout's program for the suite's architecture. Beside it is the sideloaded archive, .cpio.
program_of() { case $1 in arm64) echo "$repo/out/bootmerge-arm64" ;; *) echo "$repo/out/bootmerge" ;; esac; }

# The table of boots; another one in tests/cases-test.sh.
table=$here/cases

# table_rows: its lines without comments.
table_rows() { grep -v '^ *\(#\|$\)' "$table"; }

# cases_of [CASE...]: what is to be booted, a line `SUITE NAME` each: without CASE what `test` has, with SOAK what soak
# has, see `cases`.
cases_of() {
    local name in_suites suite
    while read -r name in_suites _; do
        case $#-${SOAK:-no}-$in_suites in
        0-no-soak:* | 0-*-bench:*) continue ;; # only when they are named, or by SOAK
        0-no-* | [1-9]*) ;;
        0-*-soak:*) ;;
        *) continue ;;
        esac
        for suite in "${suites[@]}"; do
            case ,${in_suites#*:}, in *",$suite,"*) ;; *) continue ;; esac
            [ $# = 0 ] || case " $* " in *" $name "* | *" $suite/$name "*) ;; *) continue ;; esac
            echo "$suite $name"
        done
        for suite in "${foreign[@]}"; do
            [ "$in_suites" = "$suite" ] || continue
            case " $* " in *" $suite/$name "*) echo "$suite $name" ;; esac
        done
    done < <(table_rows) | awk '!seen[$0]++'
}

# rows SUITE NAME: the boots of a case, a line each, without name and suites; without SOAK only those that `test` has.
rows() {
    local name in_suites rest
    while read -r name in_suites rest; do
        case $name/,${in_suites#*:}, in "$2/"*",$1,"*) ;; *) continue ;; esac
        case ${SOAK-}/$in_suites in /soak:*) ;; *) echo "$rest" ;; esac
    done < <(table_rows)
}

. "$here/../mirror.sh"

# in_chroot DIR COMMAND...: with private /proc, /dev, /sys and /run, which are gone when the command ends.
# shellcheck disable=SC2016  # expanded by the inner shell
in_chroot() {
    unshare -m --propagation private -- bash -c 'set -e; root=$1; shift
        mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount -t sysfs -o ro sysfs "$root/sys"
        mount -t tmpfs tmpfs "$root/run"; mount -t tmpfs tmpfs "$root/var/tmp"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root DRACUT_NO_XATTR=1 chroot "$root" "$@"' \
        in_chroot "$@"
}

# Provides start_machine, and the choice of its accelerator.
# shellcheck source=../../tools/bootmerge-boot-test
. "$repo/tools/bootmerge-boot-test"

# choose_accelerator SUITE: sets BOOT_ACCELERATOR, for all machines for x86-64, by trying this suite's kernel, unless it
# is set.
choose_accelerator() {
    export BOOT_ACCELERATOR=${BOOT_ACCELERATOR:-$(accelerator x86_64 "$(base_of "$1")/vmlinux")}
}
# machine_of SUITE: which machine start_machine is to start.
machine_of() {
    case "${BOOT_ACCELERATOR:-tcg} ${foreign[*]} " in
    *" $1 "*) architecture=arm64 accelerator=tcg ;;
    *) architecture=x86_64 accelerator=${BOOT_ACCELERATOR:-tcg} ;;
    esac
}

# module_files CHROOT MODULE...: the files of kernel modules and everything they need, in an order in which they can be
# loaded. A module that is built into the kernel has none.
module_files() {
    local tree module file needs i
    tree=$(echo "$1"/usr/lib/modules/*)
    for module in "${@:2}"; do
        read -r file needs < <(grep "/$module\.ko:" "$tree/modules.dep") || continue
        read -ra needs <<<"$needs"
        for ((i = ${#needs[@]} - 1; i >= 0; i--)); do echo "$tree/${needs[i]}"; done
        echo "$tree/${file%:}"
    done | awk '!seen[$0]++'
}

# dracut_image CHROOT OUT ARGUMENT...: makes one uncompressed initramfs; on failure shows the end of dracut's log.
dracut_image() {
    local root=$1 out=$2 kernel log=$2.log
    shift 2
    kernel=$(basename "$root"/usr/lib/modules/*)
    in_chroot "$root" dracut --force --no-hostonly --no-hostonly-cmdline --no-compress --reproducible \
        --no-early-microcode --kver "$kernel" \
        --add-drivers "virtio_blk virtio_pci virtio_mmio ext4 overlay erofs" \
        "$@" "/tmp/${out##*/}" >"$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }
    mv "$root/tmp/${out##*/}" "$out"
    chmod 644 "$out"
}

# dracut_with BASE TREE OUT ARGUMENT...: runs dracut in a base's chroot with TREE laid over it; the base stays
# unchanged.
dracut_with() {
    # shellcheck disable=SC2016  # expanded by the inner shell
    unshare -m --propagation private -- bash -c '
        lib=$1 base=$2 tree=$3; shift 3
        . "$lib"
        mkdir -p "$tree.over"
        mount -t tmpfs dracut "$tree.over" # an upperdir must not be on an overlay, and /tmp may be one
        mkdir "$tree.over/work" "$tree.over/root"
        cp -a "$tree" "$tree.over/upper"
        mount -t overlay dracut \
            -o "lowerdir=$base/chroot,upperdir=$tree.over/upper,workdir=$tree.over/work" "$tree.over/root"
        dracut_image "$tree.over/root" "$@"' dracut_with "$here/lib.sh" "$@"
}

# The modules of a minimal initramfs with systemd, and of one without; dracut adds what they depend on.
modules_systemd="systemd systemd-initrd systemd-udevd systemd-journald systemd-tmpfiles base fs-lib rootfs-block"
modules_systemd+=" udev-rules shutdown"
modules_plain="base fs-lib rootfs-block usrmount udev-rules shutdown"
