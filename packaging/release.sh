#!/bin/bash
# release.sh DIRECTORY: makes everything that a release has, from the checkout that this script is in, in DIRECTORY.
# `./build.sh release` calls it in a copy of HEAD. Two runs make the same files byte for byte, whoever runs it, where
# and when: every time in them is SOURCE_DATE_EPOCH, the commit's time. `./build.sh soak release` compares.
set -euo pipefail
directory=$(realpath -m "$1")
cd "$(dirname "$0")/.."
: "${SOURCE_DATE_EPOCH:?}"
export TZ=UTC LC_ALL=C.UTF-8
umask 022
version=$(packaging/version.sh)
mkdir -p "$directory"
[ -z "$(ls -A "$directory")" ] || { echo "release.sh: $directory is not empty" >&2; exit 1; }

# at_the_epoch TREE: gives everything in it the one time, whatever made it.
at_the_epoch() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

declare -A rpm_name=([amd64]=x86_64 [arm64]=aarch64)
for architecture in amd64 arm64; do
    program=out/bootmerge name=bootmerge-$version-linux-$architecture
    [ $architecture = amd64 ] || program=out/bootmerge-$architecture
    ./build.sh build $architecture
    ./build.sh cpio $architecture
    cp $program.cpio "$directory/$name.cpio"
    packaging/sbom.sh "$version" $architecture $program >"$directory/$name.spdx.json"

    tree=out/release/$name
    mkdir -p out/release
    ./build.sh install "$tree" $architecture
    rpm_tree=$PWD/$tree
    # With these, rpmbuild does not use the current time; --target says for which machine the package is.
    rpmbuild -bb --quiet --target "${rpm_name[$architecture]}" --define "version $version" --define "tree $rpm_tree" \
        --define "source $PWD" --define "_topdir $PWD/out/rpm" --define "_rpmdir $PWD/out/rpms" \
        --define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" \
        --define "clamp_mtime_to_source_date_epoch 1" --define "_binary_payload w19.zstdio" \
        packaging/rpm/bootmerge.spec >"out/rpm-$architecture.log" 2>&1 ||
        { tail -n 30 "out/rpm-$architecture.log" >&2; exit 1; }

    # For PKGBUILD; the hook does nothing unless mkinitcpio.conf names it.
    install -D -m644 packaging/mkinitcpio/install.sh "$tree/usr/lib/initcpio/install/bootmerge"
    install -D -m644 packaging/mkinitcpio/hook.sh "$tree/usr/lib/initcpio/hooks/bootmerge"
    install -m644 -t "$tree/usr/share/doc/bootmerge" CHANGELOG.md
    at_the_epoch out/release
    tar -C out/release --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$name" |
        gzip -9n >"$directory/$name.tar.gz"
    # gdb finds the symbols under the name that the program has for them, /usr/lib/debug/usr/sbin/bootmerge.dbg.
    install -D -m644 $program.dbg "out/symbols/$name/usr/lib/debug/usr/sbin/bootmerge.dbg"
    at_the_epoch out/symbols
    tar -C out/symbols --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$name" |
        xz -6 -T1 >"$directory/$name-symbols.tar.xz"
done

packaging/debs.sh "$version" "$directory" amd64 arm64
lintian --allow-root --fail-on warning,error "$directory"/*.deb
# Each architecture's run also makes the package for all architectures: one copy is enough.
cp out/rpms/*/bootmerge-"$version"-1.*.rpm out/rpms/noarch/*.rpm "$directory/"
sums() { sha256sum "$directory/bootmerge-$version-linux-$1.tar.gz" | cut -d' ' -f1; }
sed "s/@VERSION@/$version/; s/@SUM_AMD64@/$(sums amd64)/; s/@SUM_ARM64@/$(sums arm64)/" packaging/arch/PKGBUILD \
    >"$directory/PKGBUILD"
(cd "$directory" && sha256sum -- *) >out/SHA256SUMS
mv out/SHA256SUMS "$directory/"
