#!/bin/bash
# mirror-test.sh: mirror.sh finds the mirror in both forms of apt's sources, uses one that is given, and says what to do
# if there is none.
set -euo pipefail
cd "$(dirname "$0")"
. ./mirror.sh
. ./docs/shells.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
codename=$(. /etc/os-release && printf %s "$VERSION_CODENAME")

# sources FILE TEXT: replaces all of apt's sources.
sources() {
    rm -rf "$work/apt"
    mkdir -p "$work/apt"/{apt.conf.d,sources.list.d}
    printf '%b\n' "$2" >"$work/apt/$1"
    printf 'Dir::Etc "%s";\n' "$work/apt" >"$work/apt.conf"
    export APT_CONFIG=$work/apt.conf
    unset MIRROR
}
# finds NAME WANTED
finds() {
    local found
    found=$(mirror 2>&1) || true
    # shellcheck disable=SC2053  # a pattern
    if [[ $found == $2 ]]; then ok "$1"; else not_ok "$1: $found"; fi
}

sources sources.list "deb http://security.invalid/debian-security $codename-security main
deb [arch=$(dpkg --print-architecture)] http://mirror.invalid/debian $codename main"
finds "a line in sources.list" "http://mirror.invalid/debian*"
sources sources.list "deb http://packages.invalid/app app main\ndeb http://mirror.invalid/debian stable main contrib"
finds "a line that says stable" "http://mirror.invalid/debian*"
sources sources.list "deb http://packages.invalid/app stable main\ndeb http://mirror.invalid/debian $codename main"
finds "the release by its codename before somebody's stable" "http://mirror.invalid/debian*"
sources sources.list.d/debian.sources "Types: deb deb-src\nURIs: http://mirror.invalid/debian/
Suites: $codename $codename-updates\nComponents: main"
finds "a paragraph in sources.list.d" "http://mirror.invalid/debian*"
MIRROR=http://given.invalid/debian finds "the one it is given" http://given.invalid/debian
sources sources.list ""
finds "none: what to do" "*Set MIRROR=*"

# The scripts that make roots print the same words, and make no root from another mirror.
export XDG_CACHE_HOME=$work/cache
refuses() {
    local found
    if found=$("${@:2}" 2>&1); then
        not_ok "$1: it went on"
    elif [[ $found == *"Set MIRROR="* ]]; then
        ok "$1"
    else
        not_ok "$1: $found"
    fi
}
if [ "$(id -u)" = 0 ]; then
    refuses "make-sid-root.sh without any" ./differential/make-sid-root.sh
    refuses "base.sh without any" ./boot/base.sh bookworm
fi
finish
