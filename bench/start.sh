#!/bin/bash
# start.sh [ROUNDS] FILE...: how long `FILE --version` takes as a whole process, for several builds of bootmerge in
# turn. Prints medians of wall and processor time in milliseconds, and page faults. HACKING.md has its figures for the
# project file's switches from here. Needs gcc; page faults need perf(1) and are left out without it.
set -euo pipefail

rounds=200
if [[ ${1-} =~ ^[0-9]+$ ]]; then
    rounds=$1
    shift
fi
[ $# -gt 0 ] || { echo "usage: bench/start.sh [ROUNDS] FILE..." >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
gcc -O2 -o "$work/interleave" "$(dirname "$0")/interleave.c"
for file; do echo "$file|$file --version|"; done | "$work/interleave" "$rounds" /dev/null/none >"$work/times"

# median FIELD FILE
median() {
    awk -v name="$2" -v field="$1" '$1 == name { print $field / 1000 }' "$work/times" | sort -g |
        awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}

echo "load $(cut -d' ' -f1 /proc/loadavg); medians of $rounds"
printf '%-24s %9s %8s %9s %6s\n' build bytes wall processor faults
for file; do
    faults=$(perf stat -x, -e page-faults "$file" --version 2>&1 >/dev/null | cut -d, -f1) || faults=
    printf '%-24s %9d %8.2f %9.2f %6s\n' "${file##*/}" "$(stat -c %s "$file")" \
        "$(median 2 "$file")" "$(median 3 "$file")" "$faults"
done
