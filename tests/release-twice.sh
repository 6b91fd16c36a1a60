#!/bin/bash
# release-twice.sh FIRST: makes the release of HEAD again and compares it byte for byte with the one in the directory
# FIRST. The second is made later, in another directory, by another user with another home, time zone, language and
# umask.
set -euo pipefail
first=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/var/tmp}/bootmerge-twice.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"

place="$work/somewhere else/in a longer path"
mkdir -p "$place" "$work"/{home,tmp}
git bundle create -q "$work/head.bundle" HEAD
git -c advice.detachedHead=false clone -q "$work/head.bundle" "$place/checkout"
# NuGet's downloads from the first release; its programs are accessible only to their owner.
cp -r "${NUGET_PACKAGES:-$HOME/.nuget/packages}" "$work/packages"
chown -R 65534:65534 "$place" "$work"/{home,tmp,packages}
# shellcheck disable=SC2016  # expanded by that shell
setpriv --reuid=65534 --regid=65534 --clear-groups env -i -C "$place/checkout" PATH="$PATH" HOME="$work/home" \
    TMPDIR="$work/tmp" NUGET_PACKAGES="$work/packages" TZ=Pacific/Kiritimati LANG=C LC_ALL=C \
    bash -c 'umask 077; ./build.sh release "$1"' bash "$place/release"

good=0 bad=0
for file in "$first"/*; do
    if cmp "$file" "$place/release/${file##*/}"; then
        good=$((good + 1))
    else
        bad=$((bad + 1))
        echo "FAIL ${file##*/} differs"
        mkdir -p out/release-twice
        cp "$place/release/${file##*/}" out/release-twice/ || true
    fi
done
[ "$(ls "$first")" = "$(ls "$place/release")" ] || { bad=$((bad + 1)); echo "FAIL other files"; }
echo "$good passed, $bad failed"
[ "$bad" = 0 ] && [ "$good" -gt 0 ]
