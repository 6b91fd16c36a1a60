#!/bin/bash
# run.sh [CASE...]: boots the cases in the table `cases` (CASE: a name, or SUITE/NAME), two machines at a time. Without
# CASE, everything for x86-64; arm64/daily must be named. Needs out/bootmerge and out/bootmerge.cpio (build.sh build,
# build.sh cpio), or those of the other architecture. Logs of every boot: out/boot-test/. One line a case; the last line
# is `N passed, N failed`.
. "$(dirname "$0")/lib.sh"

logs=$repo/out/boot-test
work=$(mktemp -d "${TMPDIR:-/tmp}/bootmerge-boot.XXXXXX")
trap 'rm -rf "$work"' EXIT
rm -rf "$logs"
mkdir -p "$logs"

# The cases asked for, one line `SUITE NAME` each.
while read -r name in_suites _; do
    for suite in "${suites[@]}"; do
        case ,${in_suites#bench:}, in *",$suite,"*) ;; *) continue ;; esac
        case $#$in_suites in 0bench:*) continue ;; esac # only if it is named
        [ $# = 0 ] || case " $* " in *" $name "* | *" $suite/$name "*) ;; *) continue ;; esac
        echo "$suite $name"
    done
    for suite in "${foreign[@]}"; do
        [ "$in_suites" = "$suite" ] || continue
        case " $* " in *" $suite/$name "*) echo "$suite $name" ;; esac
    done
done < <(grep -v '^ *\(#\|$\)' "$here/cases") | awk '!seen[$0]++' >"$work/chains"
[ -s "$work/chains" ] || { echo "No such case: $*. They are listed in tests/boot/cases." >&2; exit 2; }

# images SUITE: the images that boot.sh boots; the power cuts have their own initramfs.
images() {
    if grep "^$1 " "$work/chains" | grep -qv ' powercut$'; then "$here/images.sh" "$1" "$work/$1"; fi
}

# prepare SUITE: makes its base and images; if that fails, nothing of the suite is booted.
prepare() {
    if { "$here/base.sh" "$1" >/dev/null && images "$1"; } >"$work/$1.log" 2>&1; then
        cat "$work/$1.log"
    else
        echo "FAIL $1/images: $(tail -n 1 "$work/$1.log")"
        : >"$work/$1.failed"
    fi
}

BOOT_ACCELERATOR=${BOOT_ACCELERATOR:-$(accelerator x86_64)}
export BOOT_ACCELERATOR
echo "machines run by $BOOT_ACCELERATOR"

{
    while read -r suite; do prepare "$suite" & done < <(cut -d' ' -f1 "$work/chains" | sort -u)
    wait
    while read -r suite name; do
        [ -e "$work/$suite.failed" ] || printf '%s\0' "$suite" "$name" "$work/$suite" "$logs"
    done <"$work/chains" | xargs -r -0 -n4 -P2 "$here/boot.sh"
} 2>&1 | tee "$work/results"

passed=$(grep -c '^ok ' "$work/results") || true
failed=$(grep -c '^FAIL ' "$work/results") || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
