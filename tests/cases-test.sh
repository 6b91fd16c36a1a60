#!/bin/bash
# cases-test.sh: each line of tests/boot/cases is booted by `test`, by a part of soak, or by its name alone, as it says.
. "$(dirname "$0")/boot/lib.sh"

good=0 bad=0
# is NAME WANTED FOUND
is() {
    if [ "$2" = "$3" ]; then
        good=$((good + 1))
        echo "ok $1"
    else
        bad=$((bad + 1))
        echo "FAIL $1: wanted '$2', found '$3'"
    fi
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# in_a_line COMMAND...: what it prints, in one line.
in_a_line() { "$@" | paste -sd';'; }

unset SOAK
cat >"$work/cases" <<'TABLE'
# a comment
one    sid,trixie   module    first
one    soak:sid     plain     second
two    soak:sid     stock     third
three  bench:sid    dropin    fourth
four   arm64        sideload  fifth
TABLE
table=$work/cases
is "test" "trixie one;sid one" "$(in_a_line cases_of)"
is "test boots its own lines of a case" "module    first" "$(in_a_line rows sid one)"
is "soak" "sid one;sid two" "$(SOAK=1 in_a_line cases_of)"
is "soak boots all lines of a case" "module    first;plain     second" "$(SOAK=1 in_a_line rows sid one)"
is "a case of one suite" "sid one" "$(in_a_line cases_of sid/one)"
is "a case of each suite" "trixie one;sid one" "$(in_a_line cases_of one)"
is "a case of soak by its name" "sid two" "$(in_a_line cases_of two)"
is "one that is booted by its name alone" "sid three" "$(in_a_line cases_of three)"
is "another architecture" "arm64 four" "$(in_a_line cases_of arm64/four)"
is "another architecture is named with it" "" "$(in_a_line cases_of four)"

# The table itself: soak boots each line with `bench:`. Not prune-bench, which measures.
table=$here/cases
named=$(sed -n 's/^.*tests\/boot\/run\.sh //p' "$repo/tests/soak.sh" | tr '\n' ' ')
while read -r suite_and_name; do
    name=${suite_and_name#* }
    [ "$name" != prune-bench ] || continue
    case " $named " in
    *" $name "* | *" ${suite_and_name/ //} "*) is "soak boots $suite_and_name" yes yes ;;
    *) is "soak boots $suite_and_name" "a part that names it" "none" ;;
    esac
done < <(table_rows | while read -r name in_suites _; do
    case $in_suites in bench:*) echo "${in_suites#*:} $name" ;; esac
done | awk '!seen[$0]++')
for suite in "${suites[@]}"; do
    is "test boots daily in $suite, twice" 2 "$(rows "$suite" daily | head -n 2 | grep -c vendor_v)"
done

# A kernel as Debian packs it, with more behind it than a pipe holds.
mkdir "$work/base"
seq 100000 >"$work/kernel"
zstd -q "$work/kernel"
number() { printf '%08x' "$1" | sed -E 's/(..)(..)(..)(..)/\\x\4\\x\3\\x\2\\x\1/'; }
{
    head -c $((0x248)) /dev/zero
    printf %b "$(number 512)$(number $(($(stat -c %s "$work/kernel.zst") + 4)))"
    head -c $((1024 - 0x250)) /dev/zero
    cat "$work/kernel.zst"
    head -c 8M /dev/zero
} >"$work/base/vmlinuz"
# shellcheck disable=SC2016  # expanded by that shell
bash -c '. "$1"; ours=$2; base_of() { echo "$ours"; }; make_vmlinux trixie' \
    make_vmlinux "$here/lib.sh" "$work/base" || true
is "a packed kernel is unpacked" "$(sha256sum <"$work/kernel")" "$(sha256sum <"$work/base/vmlinux" || true)"

echo "$good passed, $bad failed"
[ "$bad" = 0 ]
