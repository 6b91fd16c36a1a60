#!/bin/bash
# debs.sh VERSION DIRECTORY ARCHITECTURE...: makes this checkout's Debian packages with dpkg-buildpackage. The programs
# are in out/, built by `./build.sh build` and `build arm64`; SOURCE_DATE_EPOCH is set. It makes debian/ here, and files
# beside the checkout, so it is called in a copy.
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
# The package for all architectures is built once, with the first.
build=binary
for architecture; do
    # -d: no package provides the tools that build for another architecture, and the program exists already.
    dpkg-buildpackage --build=$build --host-arch "$architecture" --no-sign -d >"out/debs-$architecture.log" 2>&1 ||
        { tail -n 30 "out/debs-$architecture.log" >&2; exit 1; }
    build=any
done
mkdir -p "$directory"
mv ../*_"$version"_*.deb "$directory/"
rm -f ../*.buildinfo ../*.changes
