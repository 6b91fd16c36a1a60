#!/bin/bash
# packages.sh RELEASE: tests what `./build.sh release` has put into the directory RELEASE, as a user gets it.
#
# Debian's packages: apt installs them in a fresh Debian 13 (with initramfs-tools, and with dracut) and a sid (dracut),
# as an upgrade of version 0.1.0. The system's own triggers make the initramfs, it boots in QEMU, and after a purge
# nothing is left. The commands are those of docs/debian.md, unchanged. The rest: what is in the .rpm, what makepkg
# makes of the PKGBUILD, the archives, sums and bills of materials.
# Fresh systems are cached, see make_system. Logs: out/packages/.
set -euo pipefail
export LC_ALL=C.UTF-8
[ "${PACKAGES_INSIDE-}" ] || PACKAGES_INSIDE=yes exec unshare --mount --propagation private "$0" "$@"
release=$(realpath "$1")
cd "$(dirname "$0")"
. ./systems.sh
version=$(../packaging/version.sh)
begin packages

# same NAME WANTED FOUND
same() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1:"; diff <(echo "$2") <(echo "$3") | sed 's/^/    /' || true; fi
}

# make_old: packages that call themselves 0.1.0 but contain this release's program. In them dracut's module has its old
# name.
make_old() {
    local copy=$work/copy/bootmerge
    mkdir -p "$copy/out"
    git -C .. archive HEAD | tar -x -C "$copy"
    tar -xzf "$release/bootmerge-$version-linux-amd64.tar.gz" -O --wildcards '*/usr/sbin/bootmerge' \
        >"$copy/out/bootmerge"
    SOURCE_DATE_EPOCH=1700000000 "$copy/packaging/debs.sh" 0.1.0 "$work/old" amd64
}

# start SUITE GENERATOR: makes in $root a fresh writable system with a configuration extension.
start() {
    local system
    system=$(make_system "packages-$1-$2" "$1" "systemd-sysv,udev,e2fsprogs,zstd,linux-image-cloud-amd64,$2") ||
        { not_ok "a fresh $1 with $2 is made"; return 1; }
    here=$work/$1-$2 root=$work/$1-$2/root log=$logs/$1-$2
    mkdir -p "$here/upper" "$here/work" "$root"
    mount -t overlay -o "lowerdir=$system,upperdir=$here/upper,workdir=$here/work" overlay "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mkdir "$root/packages"
    cp "$release"/*_{amd64,all}.deb "$root/packages/"
    mkdir "$root/packages/old"
    cp "$work"/old/*.deb "$root/packages/old/"
    # An initramfs for any machine, but quick to make.
    case $2 in
    dracut) printf 'hostonly=no\ncompress=cat\n' >"$root/etc/dracut.conf.d/10-test.conf" ;;
    initramfs-tools) echo COMPRESSLEVEL=1 >"$root/etc/initramfs-tools/conf.d/test" ;;
    esac
    # What this system lacks for the guide's commands to run unchanged.
    mkdir -p "$root/packages/bin" "$root/etc/default/grub.d"
    printf '#!/bin/sh\nexec "$@"\n' >"$root/packages/bin/sudo"
    printf '#!/bin/sh\nexec apt-get -q -y --no-install-recommends "$@"\n' >"$root/packages/bin/apt"
    printf '#!/bin/sh\n' | tee "$root/packages/bin/update-grub" >"$root/packages/bin/reboot"
    chmod 755 "$root"/packages/bin/*
}
in_it() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" "$@"
}
apt_get() { in_it apt-get -q -y --no-install-recommends "$@" >>"$log.apt" 2>&1; }
# guide SECTION: that section's commands in docs/debian.md, for this generator.
guide() {
    awk -v heading="## $1" '/^## / { inside = $0 == heading } /^```/ { code = inside && /^```sh /; next } code' \
        ../docs/debian.md | sed "s/bootmerge-initramfs-tools/$package/g"
}
# follow SECTION: runs them.
follow() {
    guide "$1" >"$root/packages/commands"
    [ -s "$root/packages/commands" ] || return
    # shellcheck disable=SC2016  # expanded by that shell
    in_it sh -exc 'cd /packages; PATH=/packages/bin:$PATH; . ./commands' >>"$log.guide" 2>&1
}
# files: everything in the system, except records of apt and dpkg, and files that each run makes anew.
files() {
    (cd "$root" && find . -path ./proc -prune -o -path ./sys -prune -o -path ./dev -prune \
        -o -path ./packages -prune -o -path ./tmp -prune -o -path ./var/cache -prune -o -path ./var/log -prune \
        -o -path ./var/lib/apt -prune -o -path ./var/lib/dpkg -prune -o -print | LC_ALL=C sort)
}
# unpacked: the initramfs, unpacked, in $here/initramfs.
unpacked() {
    rm -rf "$root/packages/initramfs" "$here/initramfs"
    if [ -e "$root/usr/bin/unmkinitramfs" ]; then
        in_it sh -c 'unmkinitramfs /boot/initrd.img-* /packages/initramfs'
        mv "$root/packages/initramfs" "$here/initramfs"
        [ ! -d "$here/initramfs/main" ] || mv "$here/initramfs/main" "$here/initramfs.main"
        [ ! -d "$here/initramfs.main" ] || { rm -rf "$here/initramfs"; mv "$here/initramfs.main" "$here/initramfs"; }
    else
        mkdir "$root/packages/initramfs"
        in_it sh -c 'cd /packages/initramfs && lsinitrd --unpack /boot/initrd.img-*'
        mv "$root/packages/initramfs" "$here/initramfs"
    fi
}
# written: the initramfs and when it was made.
written() { stat -c '%n %y' "$root"/boot/initrd.img-*; }

# life SUITE GENERATOR PACKAGE: install, upgrade, boot, purge.
life() {
    local name="$1, $2" package=$3 initrd
    start "$1" "$2" || return 0
    files >"$here/before"
    initrd=$(written)
    holds "$name: apt installs $package of an earlier version" \
        apt_get install /packages/old/bootmerge_0.1.0_amd64.deb "/packages/old/${package}_0.1.0_all.deb"
    holds "$name: the initramfs was made anew" test "$initrd" != "$(written)"
    initrd=$(written)
    holds "$name: the guide upgrades it" follow Install
    same "$name: the version is now" "$version $version " \
        "$(in_it dpkg-query -W -f "\${Version} " bootmerge "$package")"
    holds "$name: the initramfs was made anew by the upgrade" test "$initrd" != "$(written)"
    holds "$name: dpkg finds all its files unchanged" in_it dpkg --verify bootmerge "$package"
    holds "$name: the initramfs can be unpacked" unpacked
    holds "$name: it has the program" cmp "$root/usr/sbin/bootmerge" "$here/initramfs/usr/sbin/bootmerge"
    holds "$name: the guide lets it write" follow "Let the initramfs write"
    holds "$name: the guide adds an extension" follow "Add an extension"
    boot "$name"
    initrd=$(written)
    holds "$name: the guide goes back" follow "Go back"
    holds "$name: the initramfs was made anew by that" test "$initrd" != "$(written)"
    holds "$name: it can be unpacked" unpacked
    same "$name: nothing of it is in the initramfs" "" "$(cd "$here/initramfs" && find . -name '*bootmerge*')"
    rm -r "$root/var/lib/confexts/hello"
    rmdir --ignore-fail-on-non-empty "$root/var/lib/confexts"
    files >"$here/after"
    same "$name: nothing else is left" "" "$(diff "$here/before" "$here/after" || true)"
    umount -R -l "$root"
    rm -rf --one-file-system "$here"
}

# boot NAME: boots the system from a disk, with the initramfs that its packages have made and the kernel command line
# that GRUB would give. A unit there runs what the guide says to do after the reboot.
boot() {
    local tree=$here/tree words
    # shellcheck source=/dev/null
    words=$(GRUB_CMDLINE_LINUX=quiet && . "$root/etc/default/grub.d/bootmerge.cfg" && echo "$GRUB_CMDLINE_LINUX")
    {
        # shellcheck disable=SC2016  # expanded by that shell
        echo 'set -ex; cd /packages; PATH=/packages/bin:$PATH; grep "from the extension" /etc/hello.conf'
        guide "Reboot and look"
        echo 'grep "from the extension" /etc/hello.conf'
    } >"$root/packages/look"
    printf '%s\n' '[Unit]' 'Description=What the guide says' 'After=local-fs.target' '[Service]' 'Type=oneshot' \
        'ExecStart=/bin/sh /packages/look' 'StandardOutput=journal+console' >"$root/etc/systemd/system/guide.service"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -s ../guide.service "$root/etc/systemd/system/multi-user.target.wants/guide.service"
    mkdir "$tree"
    mount --bind "$root" "$tree"
    mke2fs -q -t ext4 -L root -d "$tree" "$here/disk" 1400M
    umount "$tree"
    holds "$1: it boots, is merged, /etc can be written to, and systemd leaves it alone" report "$root"/boot/vmlinuz-* \
        "$root"/boot/initrd.img-* --append="root=LABEL=root ro $words apparmor=0 mitigations=off"
    same "$1: by the program in its own initramfs" present "$(jq -r .bootmerge "$log.json")"
    same "$1: what the guide says to do after the reboot works" "" \
        "$(jq -r 'if .outcome == "booted" then .failedUnits.system[] | select(. == "guide.service") else .outcome end' \
            "$log.json")"
    rm "$here/disk" "$root/etc/systemd/system/guide.service" \
        "$root/etc/systemd/system/multi-user.target.wants/guide.service"
}
# report KERNEL INITRAMFS OPTION...: the boot's report, in $log.json; its logs are beside it.
report() {
    local status=0 kept
    ../tools/bootmerge-boot-test --kernel="$1" --initrd="$2" --disk="$here/disk" "${@:3}" --keep --json \
        --expect=merged,writable,skips --bootmerge="$release/bootmerge-$version-linux-amd64.cpio" \
        >"$log.json" || status=$?
    kept=$(jq -r .kept "$log.json")
    rm -f "$kept/initramfs"
    mv "$kept" "$log.boot"
    return $status
}

# members ARCHIVE: the files in a tarball, without its top directory.
members() { tar -tzf "$1" | grep -v '/$' | sed 's,^[^/]*/,,' | LC_ALL=C sort; }

# deb_members ARCHITECTURE: mode, owner and name of each.
deb_members() { dpkg-deb -c "$release/bootmerge_${version}_$1.deb" | awk '{ print $1, $2, $6 }'; }

rpms() {
    local name wanted arch root=$work/rpm
    wanted=$(members "$release/bootmerge-$version-linux-amd64.tar.gz" |
        grep -vE '^usr/lib/(dracut|initcpio)/|/vendor-completions/|^usr/share/doc/' |
        sed -E 's,^,/,; s,(/man/.*),\1.gz,')
    wanted+=$'\n'/usr/share/doc/bootmerge/CHANGELOG.md
    wanted+=$'\n'$(printf '/usr/share/licenses/bootmerge/%s\n' LICENSE THIRD-PARTY-NOTICES.md)
    for arch in x86_64 aarch64; do
        name=bootmerge-$version-1.$arch.rpm
        same "$name: its files" "$(LC_ALL=C sort <<<"$wanted")" \
            "$(rpm -qpl "$release/$name" 2>/dev/null | while IFS= read -r path; do
                case $path in /usr/lib/bootmerge | /usr/share/doc/bootmerge | /usr/share/licenses/bootmerge) ;;
                *) echo "$path" ;; esac
            done | LC_ALL=C sort)"
        same "$name: it needs bash, for bootmerge-boot-test" /bin/bash \
            "$(rpm -qp --requires "$release/$name" 2>/dev/null | grep -v '^rpmlib(')"
        same "$name: all is root's" "root root" "$(rpm -qp --qf '[%{FILEUSERNAME} %{FILEGROUPNAME}\n]' \
            "$release/$name" 2>/dev/null | sort -u)"
    done
    name=bootmerge-dracut-$version-1.noarch.rpm
    same "$name: its files" "/usr/lib/dracut/dracut.conf.d/50-bootmerge.conf
/usr/lib/dracut/modules.d/50bootmerge
$(cd ../dracut-module && printf '/usr/lib/dracut/modules.d/%s\n' 50bootmerge/*)" \
        "$(rpm -qpl "$release/$name" 2>/dev/null | LC_ALL=C sort)"
    same "$name: what it needs" "/bin/bash
bootmerge >= $version
dracut >= 059" "$(rpm -qp --requires "$release/$name" 2>/dev/null | grep -v '^rpmlib(')"
    same "no .rpm has scripts" "" "$(rpm -qp --scripts --triggers "$release"/*.rpm 2>/dev/null)"
    mkdir "$root"
    holds "rpm installs both" rpm --root "$root" --nodeps --nosignature -i \
        "$release/bootmerge-$version-1.x86_64.rpm" "$release/$name"
    same "the program of the .rpm runs" "bootmerge $version" "$(chroot "$root" /usr/sbin/bootmerge --version)"
    holds "rpm finds all their files unchanged" rpm --root "$root" --nodeps -V bootmerge bootmerge-dracut
    holds "rpm erases both" rpm --root "$root" --nodeps -e bootmerge-dracut bootmerge
    # Besides rpm's own records, and directories that other packages own on a system of rpm.
    same "nothing of them is left" "" "$(cd "$root" && find . ! -path '*rpm*' \( ! -type d -o -name '*bootmerge*' \))"
    rm -rf "$root"
}

# Arch's own tool makes the package from the PKGBUILD. It refuses to run as root, and asks pacman only for dependencies.
arch_package() {
    local dir=$work/arch made
    mkdir "$dir"
    cp "$release/PKGBUILD" "$release"/*.tar.gz "$dir/"
    chown -R 65534:65534 "$dir"
    chmod 755 "$work"
    holds "makepkg makes a package of the PKGBUILD" setpriv --reuid=65534 --regid=65534 --clear-groups env -C "$dir" \
        HOME="$dir" PACMAN=true CARCH=x86_64 PKGEXT=.pkg.tar.gz makepkg --nodeps --noconfirm
    made=$(echo "$dir"/*.pkg.tar.gz)
    same "the program is in usr/bin, the hook where mkinitcpio looks" \
        "usr/bin/bootmerge usr/lib/initcpio/hooks/bootmerge usr/lib/initcpio/install/bootmerge" \
        "$(tar -tzf "$made" | grep -E '^usr/(s?bin|lib/initcpio/[a-z]+)/bootmerge$' | LC_ALL=C sort | paste -sd' ')"
}

archives() {
    local architecture name
    holds "SHA256SUMS fits" env -C "$release" sha256sum --check --strict SHA256SUMS
    same "SHA256SUMS has every file" "$(cd "$release" && printf '%s\n' * | grep -vx SHA256SUMS)" \
        "$(sed 's/^[^ ]*  //' "$release/SHA256SUMS")"
    same "the tarballs of both architectures have the same files" \
        "$(members "$release/bootmerge-$version-linux-amd64.tar.gz")" \
        "$(members "$release/bootmerge-$version-linux-arm64.tar.gz")"
    same "the .debs of both architectures have the same files, with the same modes and owners" \
        "$(deb_members amd64)" "$(deb_members arm64)"
    for architecture in amd64 arm64; do
        name=bootmerge-$version-linux-$architecture
        mkdir "$work/$architecture"
        tar -C "$work/$architecture" -xzf "$release/$name.tar.gz"
        tar -C "$work/$architecture" -xJf "$release/$name-symbols.tar.xz"
        dpkg-deb -x "$release/bootmerge_${version}_$architecture.deb" "$work/$architecture/deb"
        holds "$name: the .deb has the same program" cmp "$work/$architecture/$name/usr/sbin/bootmerge" \
            "$work/$architecture/deb/usr/sbin/bootmerge"
        holds "$name: the sideload archive has the same program" cmp "$work/$architecture/$name/usr/sbin/bootmerge" \
            <(cpio -i --quiet --to-stdout usr/sbin/bootmerge <"$release/$name.cpio")
        same "$name: the symbols are those of the program" \
            "$(readelf -n "$work/$architecture/$name/usr/sbin/bootmerge" | grep 'Build ID')" \
            "$(readelf -n "$work/$architecture/$name/usr/lib/debug/usr/sbin/bootmerge.dbg" | grep 'Build ID')"
        same "$name: the bill of materials is of this program" \
            "$(sha256sum "$work/$architecture/$name/usr/sbin/bootmerge" | cut -d' ' -f1)" \
            "$(jq -r '.packages[] | select(.name == "bootmerge").checksums[0].checksumValue' \
                "$release/$name.spdx.json")"
        holds "$name: the bill of materials has what SPDX 2.3 asks for" jq -e -f ./spdx.jq "$release/$name.spdx.json"
    done
    same "the program of the .deb for arm64 runs, by qemu-user" "bootmerge $version" \
        "$(qemu-aarch64-static "$work/arm64/deb/usr/sbin/bootmerge" --version)"
}

archives
rpms
arch_package
holds "packages of 0.1.0 are made" make_old
life trixie initramfs-tools bootmerge-initramfs-tools
life trixie dracut bootmerge-dracut
life sid dracut bootmerge-dracut
finish
