#!/bin/bash
# run.sh [CASE...]: boots what the table `cases` lists (CASE: a name, or SUITE/NAME), two machines at a time. Without
# CASE it is what `test` has for x86-64; SOAK=1: the cases that have lines for soak, with all their lines; arm64/daily
# has to be named.
# Needs out/bootmerge and out/bootmerge.cpio (build.sh build, build.sh cpio), or those of the other architecture. Logs
# of every boot: out/boot-test/, or BOOT_LOGS.
# One line a case, the last line is `N passed, N failed`.
. "$(dirname "$0")/lib.sh"

logs=${BOOT_LOGS:-$repo/out/boot-test}
work=$(mktemp -d "${TMPDIR:-/tmp}/bootmerge-boot.XXXXXX")
trap 'rm -rf "$work"' EXIT
rm -rf "$logs"
mkdir -p "$logs"

# Without SOAK and without names only the lines that `test` has are booted. SOAK= with names: of these, too.
[ $# = 0 ] || SOAK=${SOAK-1}
export SOAK=${SOAK-}

cases_of "$@" >"$work/chains"
[ -s "$work/chains" ] || { echo "No such case: $*. They are listed in tests/boot/cases." >&2; exit 2; }

# images SUITE: the images that boot.sh boots; the power cuts have their own initramfs.
images() {
    local wanted
    mapfile -t wanted < <(
        while read -r _ name; do
            case $name in
            powercut) ;;
            image-plain) echo plain ;;
            image-debian | image-skips) echo program ;; # it alone
            image-*) echo module ;;
            *) rows "$1" "$name" | cut -d' ' -f1 ;;
            esac
        done < <(grep "^$1 " "$work/chains") | sort -u
    )
    [ ${#wanted[@]} = 0 ] || "$here/images.sh" "$1" "$work/$1" "${wanted[@]}"
}

# prepare SUITE: makes its base and images; if that fails, nothing of the suite is booted.
prepare() {
    if { "$here/base.sh" "$1" >/dev/null && make_vmlinux "$1" && images "$1"; } >"$work/$1.log" 2>&1; then
        cat "$work/$1.log"
    else
        echo "FAIL $1/images: $(tail -n 1 "$work/$1.log")"
        : >"$work/$1.failed"
    fi
}

{
    while read -r suite; do prepare "$suite" & done < <(cut -d' ' -f1 "$work/chains" | sort -u)
    wait
    while read -r suite; do
        case " ${foreign[*]} " in *" $suite "*) continue ;; esac
        [ -e "$work/$suite.failed" ] || choose_accelerator "$suite"
    done < <(cut -d' ' -f1 "$work/chains" | sort -u)
    echo "machines run by ${BOOT_ACCELERATOR:-tcg}"
    while read -r suite name; do
        [ -e "$work/$suite.failed" ] || printf '%s\0' "$suite" "$name" "$work/$suite" "$logs"
    done <"$work/chains" | xargs -r -0 -n4 -P2 "$here/boot.sh"
} 2>&1 | tee "$work/results"

passed=$(grep -c '^ok ' "$work/results") || true
failed=$(grep -c '^FAIL ' "$work/results") || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
