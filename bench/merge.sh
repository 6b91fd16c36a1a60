#!/bin/bash
# merge.sh [ROUNDS [LAYERS...]]: how long `bootmerge merge` takes as a whole process, compared with mount(8) and
# systemd-confext. All three merge the same extensions into the same root, in the same chroot (the differential tests'
# Debian sid root), and take turns in one run. BENCH_OLD=FILE: also measures another bootmerge. Needs root, gcc,
# musl-gcc, out/bootmerge. README.md here says what is measured.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repo=$here/..
rounds=${1:-200}
shift || true
[ $# -gt 0 ] || set -- 1 10 100 499

if [ "${BENCH_INSIDE-}" = "" ]; then
    [ "$(id -u)" = 0 ] || { echo "merge.sh: it mounts file systems: run it as root." >&2; exit 1; }
    [ -x "$repo/out/bootmerge" ] || { echo "merge.sh: no out/bootmerge: run ./build.sh build first." >&2; exit 1; }
    export BENCH_INSIDE=yes
    BENCH_SID=$("$repo/tests/differential/make-sid-root.sh")
    export BENCH_SID
    exec unshare -m --propagation private "$0" "$rounds" "$@"
fi

sid=$BENCH_SID
machine=/mnt # the sample root, as the programs in the chroot see it
etc=$machine/etc

# The chroot. The cached root stays as it is.
mount --bind "$sid" "$sid"
mount -o remount,bind,ro "$sid"
mount -t proc proc "$sid/proc"
mount --bind /dev "$sid/dev"
mount --bind /sys "$sid/sys"
mount -t tmpfs -o mode=755 run "$sid/run"
mount -t tmpfs -o mode=755 tmp "$sid/tmp"
mount --make-rshared / # systemd-confext merges in a namespace of its own; only propagation shows that to its caller
gcc -O2 -static -o "$sid/tmp/interleave" "$here/interleave.c"
musl-gcc -O2 -static -idirafter /usr/include -idirafter "/usr/include/$(uname -m)-linux-gnu" \
    -o "$sid/tmp/floor" "$here/floor.c"
cp "$repo/out/bootmerge" "$sid/tmp/bootmerge"
names="systemd-confext mount bootmerge bootmerge--version bootmerge:refresh bootmerge:status"
names+=" floor floor:refresh floor:start"
if [ -n "${BENCH_OLD-}" ]; then
    cp "$BENCH_OLD" "$sid/tmp/old"
    names+=" bootmerge:old"
fi

# sample_root LAYERS: makes a Flatcar-like machine on ext4. Writes go to its own /etc; each confext has ten files.
sample_root() {
    local tree=$sid$machine extension file
    truncate -s 64M "$sid/tmp/image"
    mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$sid/tmp/image"
    mount -o loop "$sid/tmp/image" "$tree"
    mkdir -p "$tree"/{etc,run,usr/lib/confexts,var/lib/extensions.mutable,.etc-work}
    printf 'ID=flatcar\nVERSION_ID=4459.2.0\n' >"$tree/usr/lib/os-release"
    echo host-17 >"$tree/etc/hostname"
    ln -s /etc "$tree/var/lib/extensions.mutable/etc"
    for ((extension = 1; extension <= $1; extension++)); do
        layer=$tree/usr/lib/confexts/e$extension/etc
        mkdir -p "$layer/extension-release.d"
        echo ID=_any >"$layer/extension-release.d/extension-release.e$extension"
        for file in 0 1 2 3 4 5 6 7 8 9; do echo "file $file of $extension" >"$layer/$extension.$file"; done
    done
}

# can_systemd LAYERS: with more layers systemd-confext reports success, but the files of the first ones are missing.
can_systemd() { [ "$1" -le 100 ]; }

# contestants LAYERS: the lines for `interleave`. mount(8) gets the options that bootmerge and systemd-confext set; its
# workdir already exists.
contestants() {
    local i lower=
    for ((i = $1; i > 0; i--)); do lower+=,lowerdir+=$machine/usr/lib/confexts/e$i/etc; done
    local options=nosuid,nodev,noexec,noatime,redirect_dir=on,metacopy=off,index=off
    options+=$lower,upperdir=$etc,workdir=$machine/.etc-work
    local program="/tmp/bootmerge --root=$machine"
    local merge="$program --mutable=auto merge" unmerge="$program unmerge"
    local confext="/usr/bin/systemd-confext --root=$machine" old="/tmp/old --root=$machine"
    cat <<LINES
bootmerge|$merge|$unmerge
mount|/usr/bin/mount -t overlay overlay -o $options $etc|/usr/bin/umount $etc
bootmerge--version|/tmp/bootmerge --version|
bootmerge:refresh|$program --mutable=auto refresh|$unmerge|$merge
bootmerge:status|$program status|$unmerge|$merge
floor|/tmp/floor $machine|/usr/bin/umount -R $etc
floor:refresh|/tmp/floor $machine refresh|$unmerge|$merge
floor:start|/tmp/floor|
LINES
    ! can_systemd "$1" || echo "systemd-confext|$confext --mutable=auto merge|$confext unmerge"
    [ ! -e "$sid/tmp/old" ] || echo "bootmerge:old|$old --mutable=auto merge|$old unmerge"
}

# quantile Q FIELD NAME: a quantile of the times that `interleave` printed, in milliseconds.
quantile() {
    awk -v field="$2" -v name="$3" '$1 == name { print $field / 1000 }' "$sid/tmp/times" | sort -g |
        awk -v q="$1" '{ t[NR] = $1 } END { i = int(NR * q + 0.5); print t[i < 1 ? 1 : i] }'
}

# table LAYERS
table() {
    local name
    for name in $names; do
        [ "$name" != systemd-confext ] || can_systemd "$1" || { echo "$1 $name - - -"; continue; }
        echo "$1 $name $(quantile 0.5 2 "$name") $(quantile 0.9 2 "$name") $(quantile 0.5 3 "$name")"
    done | awk '
        function to(time, other) { return other == "-" ? 0 : time / other }
        { row[NR] = $0 }
        END {
            split(row[1], systemd)
            split(row[2], mount)
            for (i = 1; i <= NR; i++) {
                split(row[i], f)
                if (f[3] == "-")
                    continue
                sub("--", " --", f[2])
                sub(":", " ", f[2])
                printf "%6d  %-20s %8.2f %8.2f %9.2f %8.2f %9.2f %9.2f %8.2f\n", f[1], f[2],
                    f[3], f[4], to(f[3], systemd[3]), f[3] / mount[3], f[5], to(f[5], systemd[5]), f[5] / mount[5]
            }
        }'
}

echo "$(uname -sr), $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg) at the start;" \
    "$(chroot "$sid" systemd-confext --version | head -n 1)," \
    "$(chroot "$sid" mount --version | sed 's/^mount from //; s/ (.*//')"
echo "$rounds runs of each, interleaved; milliseconds; ratios are of medians"
printf '%6s  %-20s %8s %8s %9s %8s %9s %9s %8s\n' layers program wall p90 /systemd /mount processor /systemd /mount
for layers; do
    sample_root "$layers"
    contestants "$layers" | chroot "$sid" /tmp/interleave "$rounds" "$etc/1.0" >"$sid/tmp/times"
    table "$layers"
    umount "$sid$machine"
done
echo "load $(cut -d' ' -f1 /proc/loadavg) at the end"
