#!/bin/bash
# shellcheck disable=SC2016  # the programs made here expand them
# needs-test.sh: what build.sh does and says on machines that lack something. They have only our programs: apt-get and
# dotnet record what they are asked.
set -euo pipefail
cd "$(dirname "$0")"
. ./docs/shells.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/checkout/tests" "$work/bin"
cp ../build.sh ../global.json "$work/checkout/"
cp ./*.sh "$work/checkout/tests/"
for tool in bash dirname sed tail sort cat mkdir rm; do ln -s "$(command -v $tool)" "$work/bin/"; done

# program NAME LINE...: gives the machine a program, a shell script.
program() {
    printf '%s\n' '#!/bin/bash' "${@:2}" >"$work/bin/$1"
    chmod 755 "$work/bin/$1"
}
# says NAME WANTED VERB: the verb's output matches a pattern; `asked` is what apt-get was asked.
says() {
    local found asked
    : >"$work/asked"
    # No sbin, no HOME, no locale, and nothing from the machine that runs this test.
    found=$(cd "$work" && env -i PATH="$work/bin" WORK="$work" "$work/bin/bash" checkout/build.sh "$3" 2>&1) || true
    asked=$(paste -sd';' "$work/asked")
    # shellcheck disable=SC2053  # a pattern
    if [[ "$found|$asked" == $2 ]]; then ok "$1"; else not_ok "$1: $found|$asked"; fi
}

program id 'echo 1000'
says "no .NET SDK" "*SDK is missing*Install version 1*|" build
program dotnet 'echo "dotnet $*" >>"$WORK/asked"' 'echo "10.0.1 [/where/it/is/sdk]"'
says "no packages, and not root: what to type" "*sudo apt-get install --yes*musl-tools*|dotnet --list-sdks" build

# The second try finds the package lists.
program id 'echo 0'
program apt-get 'case "$*" in *update) echo update ;; *) echo "install ${@: -1}" ;; esac >>"$WORK/asked"' \
    '[ "$(grep -c . "$WORK/asked")" -gt 3 ]'
ln -s "$(command -v grep)" "$work/bin/"
says "apt has no lists" "*|dotnet --list-sdks;install musl-tools;update;install musl-tools;dotnet publish*" build
program apt-get 'echo "E: no network" >&2' 'exit 100'
says "apt has no network" "*E: no network*apt cannot install:*musl-tools*" build

# The test programs find .NET where `dotnet` says it is.
program musl-gcc
for tool in gcc ld.lld objcopy; do program $tool; done
program dotnet '[ "$1" = --list-sdks ] || echo "$DOTNET_ROOT" >>"$WORK/asked"' 'echo "10.0.1 [/where/it/is/sdk]"'
says "where .NET is" "*|/where/it/is" build
finish
