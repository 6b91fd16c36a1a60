#!/bin/bash
# pictures.sh [--write]: checks that each picture in docs/pictures has a version for dark pages, NAME-dark.svg, which
# differs only in its colours; --write makes these. Part of check.sh; it needs no program, and can also be run alone.
set -euo pipefail
if [ "$0" = "${BASH_SOURCE[0]}" ]; then
    cd "$(dirname "$0")"
    . ./shells.sh
fi

# dark FILE: replaces each light colour with the dark one.
dark() {
    sed 's/#1f2328/#f0f6fc/g; s/#59636e/#9198a1/g; s/#818b98/#8b949e/g; s/#f6f8fa/#151b23/g; s/#d1d9e0/#3d444d/g
        s/#fff8c5/#2e2a1f/g; s/#9a6700/#d29922/g; s/#dafbe1/#12261e/g; s/#1a7f37/#3fb950/g; s/#ddf4ff/#121d2f/g
        s/#0969da/#4493f8/g; s/#fbefff/#231a33/g; s/#8250df/#ab7df8/g' "$1"
}
drawn=0
for picture in ../../docs/pictures/*.svg; do
    case $picture in *-dark.svg | */demo.svg) continue ;; esac
    drawn=$((drawn + 1))
    if [ "$0" = "${BASH_SOURCE[0]}" ] && [ "${1-}" = --write ]; then dark "$picture" >"${picture%.svg}-dark.svg"; fi
    if dark "$picture" | cmp -s - "${picture%.svg}-dark.svg"; then
        ok "${picture##*/} has its dark twin"
    else
        not_ok "${picture##*/}: its dark twin differs; run tests/docs/pictures.sh --write"
    fi
done
if [ "$drawn" = 0 ]; then not_ok "no picture is found"; fi

if [ "$0" = "${BASH_SOURCE[0]}" ]; then finish; fi
