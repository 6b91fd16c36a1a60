# shellcheck shell=bash disable=SC2154  # what boot.sh has
# Sourced by boot.sh: the extensions of the machines that have some, in two versions.
#
#   hello   sysext, image (squashfs): /usr/lib/hello/version, and hello.service, which local-fs.target upholds; it adds
#           the version to /run/hello whenever it starts
#   tools   sysext, directory: /usr/share/tools/version
#   site    confext, image (erofs): a version of the vendor's /etc/sample.d/plain
#   local   confext, directory: /etc/local.conf

# add_extensions TREE: puts them into a ROOT file system, version 1 in use, version 2 in spare/ beside guest.sh.
add_extensions() {
    local tree=$1 spare=$1/var/lib/bootmerge-test/spare
    add_version v1 "$tree/var/lib/extensions" "$tree/var/lib/confexts" "$tree.extension"
    add_version v2 "$spare" "$spare" "$tree.extension"
}

# add_version VERSION SYSEXTS CONFEXTS SCRATCH
add_version() {
    mkdir -p "$2" "$3"
    hello "$1" "$4"
    mksquashfs "$4" "$2/hello.raw" -quiet -no-progress -all-root
    rm -r "$4"
    site "$1" "$4"
    mkfs.erofs --quiet --all-root "$3/site.raw" "$4" >/dev/null
    rm -r "$4"
    tools "$1" "$2/tools"
    local_confext "$1" "$3/local"
}

# Each of these takes VERSION DIR.
hello() {
    local units=$2/usr/lib/systemd/system
    mkdir -p "$2/usr/lib/hello" "$2/usr/lib/extension-release.d" "$units/local-fs.target.d"
    echo "hello $1" >"$2/usr/lib/hello/version"
    printf 'ID=_any\nEXTENSION_RELOAD_MANAGER=1\nEXTENSION_RESTART_UNITS=hello.service\n' \
        >"$2/usr/lib/extension-release.d/extension-release.hello"
    # Ordered like a service with default dependencies, through sysinit.target. With such a service systemd's own
    # program hangs at boot: it waits until the service has been restarted, which waits for systemd-sysext.service.
    cat >"$units/hello.service" <<'UNIT'
[Unit]
Description=A service shipped by a sysext image
DefaultDependencies=no
After=systemd-sysext.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'read -r version </usr/lib/hello/version; echo "$version" >>/run/hello'
UNIT
    printf '[Unit]\nUpholds=hello.service\n' >"$units/local-fs.target.d/10-hello.conf"
}
tools() {
    mkdir -p "$2/usr/share/tools" "$2/usr/lib/extension-release.d"
    echo "tools $1" >"$2/usr/share/tools/version"
    echo ID=_any >"$2/usr/lib/extension-release.d/extension-release.tools"
}
site() {
    mkdir -p "$2/etc/sample.d" "$2/etc/extension-release.d"
    echo "site $1" >"$2/etc/sample.d/plain"
    echo ID=_any >"$2/etc/extension-release.d/extension-release.site"
}
local_confext() {
    mkdir -p "$2/etc/extension-release.d"
    echo "local $1" >"$2/etc/local.conf"
    echo ID=_any >"$2/etc/extension-release.d/extension-release.local"
}

# add_verity TREE: adds confexts made and signed by systemd-repart, one of them damaged, and one by a signer whom nobody
# trusts. The policy accepts only images signed by somebody whom the machine trusts; a directory needs no signature.
add_verity() {
    local confexts=$1/var/lib/confexts
    "$repo/tests/verity/confexts.sh" "$confexts" >&2
    mkdir -p "$1/etc/verity.d"
    mv "$confexts/signer.crt" "$1/etc/verity.d/"
    local_confext v1 "$confexts/local"
}

# add_flatcar TREE: puts what Ignition and the unit after it bring (guest/flatcar-standin.sh) into spare/: the user's
# confext site in two versions, and a sysext for each version of the system. Also makes whiteouts of files that the
# system needs.
add_flatcar() {
    local spare=$1/var/lib/bootmerge-test/spare version tool=$1.extension
    mkdir -p "$spare"
    for version in 1 2; do
        site "v$version" "$spare/site-v$version"
        echo "site v$version" | tee "$spare/site-v$version/etc/site.conf" "$spare/site-v$version/etc/sample.d/ordered" \
            >"$spare/site-v$version/etc/sample.d/contested"
        rm "$spare/site-v$version/etc/sample.d/plain"
        mkdir -p "$tool/usr/lib/tool" "$tool/usr/lib/extension-release.d"
        echo "tool $version" >"$tool/usr/lib/tool/version"
        echo ID=_any >"$tool/usr/lib/extension-release.d/extension-release.flatcar-tool"
        mksquashfs "$tool" "$spare/flatcar-tool-$version.raw" -quiet -no-progress -all-root
        rm -r "$tool"
    done
    mknod "$1/etc/sample.d/essential" c 0 0
    mknod "$1/etc/gshadow" c 0 0
}
