#!/bin/bash
# changes.sh [ROUNDS [PART...]], PART: diff, growth or prune: how long `bootmerge diff` and `bootmerge prune` take,
# compared with other programs that do similar work. All programs of a table take turns in one run, on the same trees in
# a tmpfs. BENCH_OLD=FILE: also measures another bootmerge. Needs root, gcc, rsync, getfacl, out/bootmerge. README.md
# here says what is measured.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../tests/boot/guest/cleanup.sh"
rounds=${1:-11}
parts=" ${*:2} "
[ $# -gt 1 ] || parts=" diff growth prune "
bootmerge=$here/../out/bootmerge
old=${BENCH_OLD-}

if [ "${BENCH_INSIDE-}" = "" ]; then
    [ "$(id -u)" = 0 ] || { echo "changes.sh: it mounts file systems: run it as root." >&2; exit 1; }
    [ -x "$bootmerge" ] || { echo "changes.sh: no out/bootmerge: run ./build.sh build first." >&2; exit 1; }
    for tool in gcc rsync getfacl; do
        command -v "$tool" >/dev/null && continue
        echo "changes.sh: no $tool: install the package gcc, rsync or acl." >&2
        exit 1
    done
    export BENCH_INSIDE=yes
    exec unshare -m --propagation private "$0" "$@"
fi

work=$(mktemp -d)
mount -t tmpfs -o mode=755 bench "$work"
trap 'cd /; umount -l "$work"; rmdir "$work"' EXIT
gcc -O2 -o "$work/measure" "$here/measure.c"
gcc -O2 -o "$work/walk" "$here/walk.c"
root=$work/root
vendor=$root/usr/lib/confexts/vendor/etc

# sample_root FILES DIRECTORIES: makes so many small files in the vendor's tree, and the same in the machine's /etc.
sample_root() {
    rm -rf "$root"
    mkdir -p "$vendor/extension-release.d" "$root"/{run,usr/lib,var/lib/extensions.mutable}
    printf 'ID=flatcar\nVERSION_ID=4459.2.0\n' >"$root/usr/lib/os-release"
    echo ID=_any >"$vendor/extension-release.d/extension-release.vendor"
    ln -s /etc "$root/var/lib/extensions.mutable/etc"
    many_files "$vendor" "$1" "$2"
    rm -rf "$work/template"
    cp -a "$vendor" "$work/template"
    rm -r "$work/template/extension-release.d"
    renew_etc
}

renew_etc() {
    rm -rf "${root:?}/etc"
    cp -a "$work/template" "$root/etc"
}

# median FIELD FILE: the median of a field in lines that `measure` printed.
median() { cut -d' ' -f"$1" "$2" | sort -g | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'; }

export -f cleanup

row() { printf '%-28s %10.2f %10.2f %8.2f %10d\n' "$@"; }

# over TIME DIVISOR
over() { awk "BEGIN { print $1 / $2 }"; }

is_wanted() { [[ $parts == *" $1 "* ]]; }

measure_diff() {
    local i base name file
    sample_root 20000 1000
    echo 'diff of 20,000 equal files in 1,000 directories'
    printf '%-28s %10s %10s %8s %10s\n' program wall processor /walk 'memory/KiB'
    for ((i = 0; i < rounds; i++)); do
        "$work/measure" "$work/walk" "$root/etc" "$vendor" >>"$work/walk.times"
        "$work/measure" "$bootmerge" --root="$root" diff >>"$work/bootmerge.times"
        [ -z "$old" ] || "$work/measure" "$old" --root="$root" diff >>"$work/old.times"
        "$work/measure" rsync -anc --delete "$root/etc/" "$vendor/" >>"$work/rsync.times"
        "$work/measure" diff -rq --no-dereference "$root/etc" "$vendor" >>"$work/diff.times"
    done
    base=$(median 1 "$work/walk.times")
    for name in walk bootmerge ${old:+old} rsync diff; do
        file=$work/$name.times
        row "$name" "$(over "$(median 1 "$file")" 1000)" "$(over "$(median 2 "$file")" 1000)" \
            "$(over "$(median 1 "$file")" "$base")" "$(median 3 "$file")"
    done
}

measure_growth() {
    local entries i wall
    echo 'bootmerge diff, as the tree grows (the last column of numbers: microseconds an entry)'
    for entries in 1000 10000 100000; do
        sample_root "$entries" "$((entries / 20))"
        rm -f "$work/growth.times"
        for ((i = 0; i < rounds; i++)); do "$work/measure" "$bootmerge" --root="$root" diff >>"$work/growth.times"; done
        wall=$(median 1 "$work/growth.times")
        printf '%-28s %10.2f ms %10d KiB %8.2f us\n' "$entries files" "$(over "$wall" 1000)" \
            "$(median 3 "$work/growth.times")" "$(over "$wall" "$entries")"
    done
}

measure_prune() {
    local i
    sample_root 500 50
    echo 'prune of 500 equal files in 50 directories'
    for ((i = 0; i < rounds; i++)); do
        "$work/measure" "$bootmerge" --root="$root" prune >>"$work/prune.times"
        [ -z "$(find "$root/etc" -type f)" ] || { echo 'changes.sh: prune has left files' >&2; exit 1; }
        renew_etc
        [ -z "$old" ] || "$work/measure" "$old" --root="$root" prune >>"$work/old-prune.times"
        renew_etc
        [ "$i" -ge 3 ] || "$work/measure" bash -c "cleanup '$root/etc' '$vendor'" >>"$work/shell.times"
        [ "$i" -ge 3 ] || [ -z "$(find "$root/etc" -type f)" ] ||
            { echo 'changes.sh: the shell function has left files' >&2; exit 1; }
        renew_etc
    done
    awk -v p="$(median 1 "$work/prune.times")" -v s="$(median 1 "$work/shell.times")" \
        'BEGIN { printf "bootmerge prune %.2f, shell %.2f, %.0f times faster\n", p / 1000, s / 1000, s / p }'
    [ -z "$old" ] || awk "BEGIN { printf \"old prune %.2f\\n\", $(median 1 "$work/old-prune.times") / 1000 }"
}

echo "$(uname -sr), $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg) at the start;" \
    "medians of $rounds runs, in turn; milliseconds"
for part in diff growth prune; do ! is_wanted "$part" || "measure_$part"; done
echo "load $(cut -d' ' -f1 /proc/loadavg) at the end"
