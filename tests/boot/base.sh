#!/bin/bash
# base.sh SUITE: builds the cached base of a suite if it is missing, and prints its path.
#
#   chroot/               dracut runs here; /usr is cut out of it
#   vmlinuz               the kernel
#   stock.cpio            an initramfs with systemd, without the bootmerge module; arm64: without dracut, as nothing of that
#                         architecture runs on the machine that builds: Debian's packages as they are unpacked
#   usr-VARIANT.erofs     the read-only /usr, by where the vendor's defaults for /etc are (arm64: only the first two):
#       confext           a real directory, usr/lib/confexts/flatcar-defaults/etc (the recommended layout)
#       confext-v2        the same after an update of the vendor's defaults
#       symlink           usr/lib/confexts/flatcar-defaults/etc -> ../../../share/flatcar/etc
#       bare              only usr/share/flatcar/etc, no release file
#       refused           like confext, but made for another operating system
#       flatcar           as Flatcar has it: the extension flatcar-default, and usr/share/flatcar/etc leading to its etc
#       flatcar-v2        the same after an update
#       dropin            like confext, but systemd-confext and systemd-sysext are symlinks to the ROOT disk's
#                         /var/lib/bootmerge-test/bootmerge
#   In each of them systemd's own programs are in usr/lib/bootmerge-test, too.
#
# Everything about the base is decided in this file: the cache is keyed by its content.
. "$(dirname "$0")/lib.sh"

suite=$1
base=$(base_of "$suite")
mkdir -p "$cache"
exec 9>"$base.lock"
flock 9
if [ -d "$base" ]; then
    touch "$base"
    echo "$base"
    exit 0
fi
rm -rf "$base".tmp.*
find "$cache" -maxdepth 1 -type d -name "boot-$suite-*" -mtime +7 -exec rm -rf {} + # of recipes that nobody uses any more
work=$base.tmp.$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
root=$work/chroot
mirror=$(mirror)

packages=systemd,systemd-sysv,udev,kmod,e2fsprogs,util-linux,mount
kernel=linux-image-cloud
case $suite in
arm64) # only unpacked, all of it
    release=trixie
    how=(--architectures=arm64 --variant=extract)
    packages+=,bash,coreutils,base-files,base-passwd,$kernel-arm64
    ;;
*)
    release=$suite
    # dracut-core, not dracut, and the kernel package unpacked, not installed: their hooks would run dracut.
    # sid splits the kernel into linux-{binary,modules,base}-* packages: take what the image depends on.
    # shellcheck disable=SC2016  # expanded by the hook's own shell
    hook='set -eu; cd "$1/tmp"; export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
        image=$(apt-cache depends '$kernel-$(dpkg --print-architecture)' | sed -n "s/^ *Depends: \(linux-image-.*\)/\1/p" | head -n 1)
        parts=$(apt-cache depends "$image" | sed -n "s/^ *Depends: \(linux-\(modules\|binary\|base\)-[^ ]*\)/\1/p")
        apt-get download -q "$image" $parts
        for deb in *.deb; do
            dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$1" --keep-directory-symlink --exclude="./usr/share/doc*"
        done
        rm -f -- *.deb'
    how=(--variant=essential --customize-hook="$hook")
    packages+=,dracut-core,cpio,binutils
    [ "$suite" = bookworm ] || packages+=,systemd-cryptsetup,util-linux-extra # for dracut: veritysetup, switch_root
    ;;
esac
exclude=()
for path in doc man locale info i18n; do exclude+=(--dpkgopt="path-exclude=/usr/share/$path/*"); done
# A snapshot of sid may be past its date.
mmdebstrap --mode=root "${how[@]}" --include="$packages" "${exclude[@]}" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    "$release" "$root" "$mirror" >"$work/mmdebstrap.log" 2>&1 9>&- ||
    { tail -n 30 "$work/mmdebstrap.log" >&2; exit 1; }

# sid ships .ko.xz: inserting plain modules is cheaper under TCG. The unpacked kernel had no postinst: depmod.
find "$root/usr/lib/modules" -name '*.ko.xz' -print0 | xargs -0r -P2 -n64 xz -d
version=$(basename "$root"/usr/lib/modules/*)
depmod --basedir "$root" "$version"
if [ "$suite" = arm64 ]; then # what the postinst scripts of base-passwd and dash would do
    for name in passwd group; do cp "$root/usr/share/base-passwd/$name.master" "$root/etc/$name"; done
    [ -e "$root/usr/bin/sh" ] || ln -s bash "$root/usr/bin/sh"
fi
rm -f "$root/usr/lib/udev/hwdb.bin" "$root/etc/udev/hwdb.bin" # 13 MB that no VM needs
vmlinuz=$root/boot/vmlinuz-$version
[ -e "$vmlinuz" ] || vmlinuz=$root/usr/lib/modules/$version/vmlinuz
cp "$vmlinuz" "$work/vmlinuz"

# /usr without what a booted guest does not need.
usr=$work/usr
mkdir "$usr"
unneeded=(./share/{doc,man,info,locale,i18n,zoneinfo,bash-completion} './share/perl*' './lib/*/perl*' './bin/perl*'
    ./lib/modules ./lib/dracut './lib/udev/hwdb*' './lib/*/gconv' './lib/gcc*' './lib/*/libbfd*' './lib/*/libopcodes*'
    './lib/*/gprofng' './bin/*-linux-gnu-*' './share/*-linux*' './lib/linux-image-*' './lib/klibc*')
tar -C "$root/usr" "${unneeded[@]/#/--exclude=}" -cf - . | tar -C "$usr" -xf -
rm -f "$usr"/lib/systemd/system/dracut-*.service "$usr"/lib/systemd/system/*/dracut-*.service # initramfs only
mkdir -p "$usr/lib/modules/$version"
cp "$root/usr/lib/modules/$version"/modules.* "$usr/lib/modules/$version/"

# modules_to TREE MODULE...: into the modules of a /usr, with all that they need.
modules_to() {
    local tree=$1/lib/modules/$version from=$root/usr/lib/modules/$version module file needs path
    shift
    for module; do
        read -r file needs < <(grep "/$module\.ko:" "$from/modules.dep") || continue # the kernel has it built in
        for path in "${file%:}" $needs; do install -D -m644 "$from/$path" "$tree/$path"; done
    done
}

# bookworm's and trixie's stock images have dracut's default modules, so that its hooks run under systemd too. sid's is a
# minimal one, but carries systemd's own confext unit, which must not merge beside bootmerge.
case $suite in
bookworm | trixie) dracut_image "$root" "$work/stock.cpio" --omit "lvm multipath network" 9>&- ;;
sid) dracut_image "$root" "$work/stock.cpio" --modules "$modules_systemd systemd-sysext" 9>&- ;;
arm64) # the whole of /usr and /etc
    initramfs=$work/initramfs
    mkdir -p "$initramfs"/{proc,sys,dev,run,tmp,var,root,sysroot}
    cp -a "$usr" "$root/etc" "$initramfs/"
    for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$initramfs/$dir"; done
    ln -s usr/lib/systemd/systemd "$initramfs/init"
    echo ID=initramfs >"$initramfs/etc/initrd-release" # by which systemd knows
    modules_to "$initramfs/usr" virtio_pci virtio_blk ext4 overlay erofs
    (cd "$initramfs" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0) >"$work/stock.cpio"
    rm -r "$initramfs"
    ;;
esac
# Only what is loaded after switch-root; the initramfs has loaded the rest.
modules_to "$usr" overlay erofs squashfs loop autofs4

# After switch-root the system runs one script from the ROOT disk; systemd's own confext service comes first, and the sysext
# service and basic.target, where a case asks for them on its kernel command line.
cat >"$usr/lib/systemd/system/bootmerge-test.target" <<'UNIT'
[Unit]
Description=Check what bootmerge did
Requires=bootmerge-test.service
AllowIsolate=yes
UNIT
cat >"$usr/lib/systemd/system/bootmerge-test.service" <<'UNIT'
[Unit]
Description=Check what bootmerge did, and power off
DefaultDependencies=no
Wants=systemd-journald.service systemd-journal-flush.service local-fs.target systemd-confext.service
After=systemd-journald.service systemd-journal-flush.service local-fs.target systemd-confext.service
After=systemd-sysext.service basic.target
FailureAction=poweroff-force
SuccessAction=poweroff-force

[Service]
Type=oneshot
ExecStart=/bin/bash /var/lib/bootmerge-test/guest.sh
UNIT

# systemd's own programs (bookworm's has no systemd-confext), where no variant replaces them.
own=$usr/lib/bootmerge-test
mkdir "$own"
cp -a "$usr"/bin/systemd-*ext "$own/"

# The vendor's defaults for /etc: the distribution's own files, and a few to tell versions and winners apart.
defaults=$work/defaults
cp -a "$root/etc" "$defaults"
rm -rf "$defaults"/{machine-id,hostname,resolv.conf,fstab,mtab,.pwd.lock,apt,dpkg,ssl,kernel,udev,cron*}
mkdir -p "$defaults/sample.d" "$defaults/extension-release.d"
for name in plain contested removed ordered essential replaced.d/inner; do
    mkdir -p "$defaults/sample.d/$(dirname "$name")"
    echo "vendor v1" >"$defaults/sample.d/$name"
done
printf '#!/bin/sh\necho vendor script\n' >"$defaults/sample.d/script"
chmod 755 "$defaults/sample.d/script"
echo "ID=_any" >"$defaults/extension-release.d/extension-release.flatcar-defaults"

# usr_image VARIANT: fills confexts/ and share/flatcar of the /usr tree, puts systemd-*ext in bin/, and packs it.
usr_image() {
    local confext=$usr/lib/confexts/flatcar-defaults share=$usr/share/flatcar
    rm -rf "$usr"/lib/{confexts,bootmerge.conf.d,systemd/confext.conf.d} "$share" "$usr"/bin/systemd-*ext
    mkdir -p "$share"
    cp -a "$own/." "$usr/bin/"
    case $1 in
    confext | confext-v2 | refused | dropin)
        mkdir -p "$confext"
        cp -a "$defaults" "$confext/etc"
        ln -s ../../lib/confexts/flatcar-defaults/etc "$share/etc"
        ;;
    flatcar | flatcar-v2)
        confext=$usr/lib/confexts/flatcar-default
        mkdir -p "$confext" "$usr"/lib/{bootmerge.conf.d,systemd/confext.conf.d}
        cp -a "$defaults" "$confext/etc"
        mv "$confext"/etc/extension-release.d/extension-release.flatcar-default{s,}
        ln -s ../../lib/confexts/flatcar-default/etc "$share/etc"
        echo /etc/sample.d/essential >"$share/etc-no-whiteouts"
        echo "${1#flatcar}" | sed 's/^$/1/; s/-v//' >"$share/version"
        printf '[ConfExt]\nMutable=auto\n' >"$usr/lib/systemd/confext.conf.d/50-flatcar.conf"
        printf '[BootMerge]\nClass=all\n' >"$usr/lib/bootmerge.conf.d/50-flatcar.conf"
        ;;
    symlink)
        mkdir -p "$confext"
        cp -a "$defaults" "$share/etc"
        ln -s ../../../share/flatcar/etc "$confext/etc"
        ;;
    bare)
        cp -a "$defaults" "$share/etc"
        rm -r "$share/etc/extension-release.d"
        ;;
    esac
    case $1 in
    confext-v2 | flatcar-v2)
        echo "vendor v2" | tee "$confext/etc/sample.d/plain" "$confext/etc/sample.d/contested" >"$confext/etc/sample.d/new"
        ;;
    refused) echo "ID=another-system" >"$confext/etc/extension-release.d/extension-release.flatcar-defaults" ;;
    dropin)
        ln -sf /var/lib/bootmerge-test/bootmerge "$usr/bin/systemd-sysext"
        ln -sf /var/lib/bootmerge-test/bootmerge "$usr/bin/systemd-confext"
        ;;
    esac
    mkfs.erofs --quiet "$work/usr-$1.erofs" "$usr" >/dev/null
}
variants=(confext confext-v2)
[ "$suite" = arm64 ] || variants+=(symlink bare refused dropin flatcar flatcar-v2)
for variant in "${variants[@]}"; do usr_image "$variant"; done

rm -rf "$usr" "$defaults"
mv "$work" "$base"
echo "$base"
