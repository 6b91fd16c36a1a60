#!/bin/bash
# debs.sh VERSION DIRECTORY ARCHITECTURE...: Debian's packages of this checkout, made by dpkg-buildpackage. The programs
# are in out/, by `./build.sh build` and `build arm64`; SOURCE_DATE_EPOCH is set. Makes debian/ here, and files beside
# the checkout, so it is called in a copy.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1 directory=$2
shift 2

rm -rf debian
cp -r packaging/debian debian
cat >debian/changelog <<CHANGELOG
bootmerge ($version) unstable; urgency=medium

  * BootMerge $version: see /usr/share/doc/bootmerge/changelog.gz for what is new.

 -- The BootMerge authors <bootmerge@localhost>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
# What is for all architectures is made once, with the first.
build=binary
for architecture; do
    # -d: the tools to build for another architecture are not a package of it, and its program is there.
    dpkg-buildpackage --build=$build --host-arch "$architecture" --no-sign -d >"out/debs-$architecture.log" 2>&1 ||
        { tail -n 30 "out/debs-$architecture.log" >&2; exit 1; }
    build=any
done
mkdir -p "$directory"
mv ../*_"$version"_*.deb "$directory/"
rm -f ../*.buildinfo ../*.changes
