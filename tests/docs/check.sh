#!/bin/bash
# check.sh DESTDIR: checks the man pages that `build.sh install` has put into DESTDIR. They and the completions must
# know exactly the verbs, options and keys of the program there. Then runs the checks of prose.sh.
set -euo pipefail
destdir=$(realpath "$1")
cd "$(dirname "$0")"
. ./shells.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=$destdir/usr/sbin/bootmerge

# same NAME WANTED FOUND: compares two files with one word a line.
same() {
    local difference
    if [ ! -s "$2" ]; then
        not_ok "$1: nothing to compare with"
    elif difference=$(diff <(LC_ALL=C sort -u "$2") <(LC_ALL=C sort -u "$3")); then
        ok "$1"
    else
        not_ok "$1:$(sed -n 's/^</ missing/p; s/^>/ too much/p' <<<"$difference" | paste -sd,)"
    fi
}

# nothing NAME FOUND: fails if anything was found.
nothing() { if [ -z "$2" ]; then ok "$1: none"; else not_ok "$1: $2"; fi; }

# section FILE.scd NAME: the lines of one section.
section() { awk -v name="# $2" '/^# / { inside = $0 == name; next } inside' "../../man/$1.scd"; }

# out_of_order FILE: prints the sections that are not where man-pages(7) wants them. It puts sections of one's own
# between DESCRIPTION and EXIT STATUS.
out_of_order() {
    sed -n 's/^# //p' "$1" | awk '
        BEGIN {
            split("NAME,SYNOPSIS,DESCRIPTION,,EXIT STATUS,ENVIRONMENT,FILES,NOTES,EXAMPLES,SEE ALSO", known, ",")
            for (i in known) place[known[i]] = i + 0
            own = place[""]
        }
        { at = $0 in place ? place[$0] : own }
        at < last || at == last && at != own { print }
        { last = at; seen[$0] = 1 }
        END { if (!("NAME" in seen && "DESCRIPTION" in seen && "SEE ALSO" in seen)) print "one is missing" }'
}

# once NAME PATTERN: whatever the pages define is defined in one place. A definition is a line before an indented one.
once() {
    local found
    found=$(awk '/^\t/ { print before } { before = $0 }' "${pages[@]}" | grep -oE "$2" | LC_ALL=C sort)
    if [ -z "$found" ]; then not_ok "$1: none is found"; else nothing "$1 in two places" "$(uniq -d <<<"$found")"; fi
}

# The pages of bootmerge itself: options of bootmerge-boot-test are another program's.
mapfile -t pages < <(printf '%s\n' ../../man/*.scd | grep -v boot-test)

nothing "the dracut module of 0.1.0" \
    "$(find "$destdir/usr/lib/dracut/modules.d" -mindepth 1 -maxdepth 1 ! -name 50bootmerge)"

for source in ../../man/*.scd; do
    page=$(basename "$source" .scd)
    installed=$destdir/usr/share/man/man${page##*.}/$page
    if ! grep -q '^\.TH' "$installed"; then
        not_ok "$page is installed"
        continue
    fi
    ok "$page is installed"
    for width in 80 132; do
        warnings=$(groff -ww -man -t -Tutf8 -rLL=${width}n -z "$installed" 2>&1)
        nothing "$page: warnings of groff at $width columns" "$warnings"
        warnings=$(MANWIDTH=$width LC_ALL=C.UTF-8 man --warnings=w -l "$installed" 2>&1 >"$work/text")
        nothing "$page: warnings of man at $width columns" "$warnings"
    done
    if [ "$(grep -c '^SEE ALSO' "$work/text")" = 1 ]; then
        ok "$page is complete"
    else
        not_ok "$page: no SEE ALSO at its end"
    fi
    MANWIDTH=80 LC_ALL=C.UTF-8 man -l "$installed" >"$work/text" 2>/dev/null
    length=$(wc -l <"$work/text")
    if [ "$length" -le 600 ]; then ok "$page has at most 600 lines"; else not_ok "$page has $length lines"; fi
    nothing "$page: sections out of the order of man-pages(7)" "$(out_of_order "$source")"
done

"$program" --help >"$work/help"
awk '/^Verbs:/ { inside = 1; next } /^$/ { inside = 0 } inside { print $1 }' "$work/help" >"$work/verbs"
grep -oE '^  (-[a-z], )?--[a-z-]+' "$work/help" | tr -d ' ' | tr , '\n' >"$work/options"

section bootmerge.8 VERBS | sed -nE 's/^\*([a-z]+)\*.*/\1/p' >"$work/found"
same "bootmerge(8): the verbs of --help" "$work/verbs" "$work/found"
section bootmerge.8 OPTIONS | grep '^\*-' | grep -oE '\*-[a-z-]+' | tr -d '*' >"$work/found"
same "bootmerge(8): the options of --help" "$work/options" "$work/found"
# Every option that the pages mention exists.
grep -ohE '\*--[a-z-]+' "${pages[@]}" | tr -d '*' | LC_ALL=C sort -u >"$work/found"
nothing "the pages speak of options that --help lacks" \
    "$(LC_ALL=C sort -u "$work/options" | LC_ALL=C comm -13 - "$work/found" | paste -sd,)"

once "options" '^(\*-[a-z]\*, )?\*--[a-z-]+'
once "keys" '^\*[A-Z][A-Za-z]+=\*$'
once "environment variables" '^\*[A-Z][A-Z_]+\*'
once "words of the kernel command line" '^\*(bootmerge|systemd)[a-z.]*='
# bootmerge(8) lists every page, and every page that is named exists.
names() { grep -ohE '\*bootmerge[a-z.-]*\*\([0-9]\)' "$@" | tr -d '*()' | sed -E 's/(.)$/.\1/'; }
printf '%s\n' ../../man/*.scd | sed 's,.*/,,; s/\.scd$//' >"$work/wanted"
section bootmerge.8 'SEE ALSO' | { names; echo bootmerge.8; } >"$work/found"
same "bootmerge(8), SEE ALSO: the pages" "$work/wanted" "$work/found"
names ../../man/*.scd >"$work/found"
same "the pages that pages name" "$work/wanted" "$work/found"

"$destdir/usr/bin/bootmerge-boot-test" --help | grep -oE '^  --[a-z-]+' | tr -d ' ' >"$work/wanted"
section bootmerge-boot-test.1 OPTIONS | grep '^\*-' | grep -oE '\*-[a-z-]+' | tr -d '*' >"$work/found"
same "bootmerge-boot-test(1): the options of --help" "$work/wanted" "$work/found"

for shell in bash zsh fish; do
    printf '%s\n' 'bootmerge ' 'bootmerge -' | offers "$shell" "$destdir" >"$work/offered" ||
        not_ok "$shell: cannot be asked"
    sed '/^\.$/,$d' "$work/offered" >"$work/found"
    same "$shell: the verbs of --help" "$work/verbs" "$work/found"
    sed '1,/^\.$/d; /^\.$/d' "$work/offered" >"$work/found"
    same "$shell: the options of --help" "$work/options" "$work/found"
done

# keys FILE SECTION: the keys that the program lists when it meets an unknown one.
keys() {
    mkdir -p "$work/root/etc/systemd"
    printf '[%s]\n%s=\n' "$2" ------------------ >"$work/root/etc/$1"
    "$program" --root="$work/root" --class=all status 2>&1 |
        sed -n "s/.*$(basename "$1"):2:.*(known: \(.*\)).*/\1/p" | sed 's/, /\n/g'
}
keys bootmerge.conf BootMerge >"$work/keys"
section bootmerge.conf.5 'SECTION [BootMerge]' | sed -nE 's/^\*([A-Za-z]+)=\*$/\1/p' >"$work/found"
same "bootmerge.conf(5): the keys of [BootMerge]" "$work/keys" "$work/found"
section bootmerge.conf.5 'SECTIONS [ConfExt] AND [SysExt]' | sed -nE 's/^\*([A-Za-z]+)=\*$/\1/p' >"$work/found"
for class in confext/ConfExt sysext/SysExt; do
    keys "systemd/${class%/*}.conf" "${class#*/}" >"$work/keys"
    same "bootmerge.conf(5): the keys of [${class#*/}]" "$work/keys" "$work/found"
done
. ./prose.sh
. ./links.sh
. ./ignition.sh
. ./pictures.sh
finish
