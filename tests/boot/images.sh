#!/bin/bash
# images.sh SUITE DIR IMAGE...: the initramfs images of this checkout (out/bootmerge, out/bootmerge.cpio, the dracut
# module) that are named, in DIR:
#   module.cpio    dracut with the module
#   sysext.cpio    the same, and dracut's own module systemd-sysext; only for sid, as earlier ones have no -sysroot
#                  units
#   plain.cpio     dracut with the module and without systemd
#   sideload.cpio  dracut without the module, bootmerge.cpio appended
#   stock.cpio     dracut without the module
#   flatcar.cpio   as module, and units that stand in for Flatcar's (guest/flatcar-standin.sh)
#   dropin.cpio    as stock, with systemd-confext and systemd-sysext replaced by symlinks to bootmerge
#   flatcar-dropin.cpio  as dropin, and the same units, which merge by systemd's calls
# All of them also get guest/emergency.service and guest/coldplug.conf. Where dracut has made one, it is tested that it
# refuses the module without the program.
# Where the base has no dracut, arm64, it is sideload.cpio alone.
. "$(dirname "$0")/lib.sh"

suite=$1
work=$2
shift 2
images=" $* "
base=$(base_of "$suite")

# append TREE IMAGE FILE...: appends only files, because a directory entry could replace a symlink in the image.
append() {
    local tree=$1 image=$2
    shift 2
    (cd "$tree" && printf '%s\n' "$@" | cpio --quiet -o -H newc -R 0:0) >>"$image"
}
# add_units: adds the units to all images.
units=usr/lib/systemd/system
add_units() {
    local image coldplug=$units/systemd-udev-trigger.service.d
    mkdir -p "$work/more/$coldplug"
    cp "$here/guest/emergency.service" "$work/more/$units/"
    cp "$here/guest/coldplug.conf" "$work/more/$coldplug/"
    for image in "$work"/*.cpio; do
        append "$work/more" "$image" $units/emergency.service $coldplug $coldplug/coldplug.conf
    done
}

wants() { case $images in *" $1 "*) ;; *) return 1 ;; esac; }

mkdir -p "$work"
if wants sideload; then cat "$base/stock.cpio" "$(program_of "$suite").cpio" >"$work/sideload.cpio"; fi
if [ ! -x "$base/chroot/usr/bin/dracut" ]; then
    add_units
    exit
fi

# build.sh writes to out/, and two suites make their images at the same time.
flock "$repo/out" "$repo/build.sh" install "$work/program"
cp -a "$work/program" "$work/no-program"
rm "$work/no-program/usr/sbin/bootmerge"
# by_dracut IMAGE ARGUMENT...: a run of dracut takes a quarter of a minute, and depends only on the base, the module and
# these scripts. So its image is cached in the base, and this checkout's program is appended, as to one that is
# sideloaded. With BOOT_IMAGES=new, as in soak, dracut always runs.
exec 8>"$base.images"
flock 8
module=$work/program/usr/lib/dracut
is_dracut_run=
by_dracut() {
    local image=$work/$1.cpio cached
    cached=$(cd "$module" && find . -type f -printf '%m ' -exec sha256sum {} + | sort |
        cat - "$here"/{images,lib}.sh <(echo "${@:2}") | sha256sum | cut -c1-12)
    cached=$base/dracut-$1-$cached.cpio
    if [ "${BOOT_IMAGES-}" = new ] || [ ! -e "$cached" ]; then
        is_dracut_run=yes
        dracut_with "$base" "$work/program" "$image" "${@:2}"
        rm -f "$base/dracut-$1-"*
        cp --reflink=auto "$image" "$cached.new"
        mv "$cached.new" "$cached"
    fi
    cp --reflink=auto "$cached" "$image"
    append "$work/program" "$image" usr/sbin/bootmerge
}
if wants module || wants flatcar; then by_dracut module --modules "$modules_systemd bootmerge"; fi
if wants sysext; then by_dracut sysext --modules "$modules_systemd systemd-sysext bootmerge"; fi
if wants plain; then by_dracut plain --modules "$modules_plain bootmerge" --omit systemd; fi
if wants stock; then cp "$base/stock.cpio" "$work/stock.cpio"; fi

mkdir -p "$work/more/usr/bin"
if wants dropin || wants flatcar-dropin; then
    cp "$base/stock.cpio" "$work/dropin.cpio"
    cp "$repo/out/bootmerge" "$work/more/usr/bin/"
    for program in systemd-confext systemd-sysext; do ln -s bootmerge "$work/more/usr/bin/$program"; done
    append "$work/more" "$work/dropin.cpio" usr/bin/{bootmerge,systemd-confext,systemd-sysext}
fi

# add_flatcar IMAGE NEW
add_flatcar() {
    local wants=$units/initrd.target.wants unit
    local own=(initrd-setup-root.service ignition-files.service initrd-setup-root-after-ignition.service)
    mkdir -p "$work/more/$wants" "$work/more/usr/lib/bootmerge-test"
    cp "$here/guest/flatcar-standin.sh" "$base/chroot/usr/sbin/chroot" "$work/more/usr/lib/bootmerge-test/"
    for unit in "${own[@]}"; do
        cp "$here/guest/$unit" "$work/more/$units/"
        ln -sf "../$unit" "$work/more/$wants/"
    done
    cp "$work/$1.cpio" "$work/$2.cpio"
    append "$work/more" "$work/$2.cpio" usr/lib/bootmerge-test{,/flatcar-standin.sh,/chroot} \
        "${own[@]/#/$units/}" $wants "${own[@]/#/$wants/}"
}
if wants flatcar; then add_flatcar module flatcar; fi
if wants flatcar-dropin; then add_flatcar dropin flatcar-dropin; fi
add_units

[ -n "$is_dracut_run" ] || exit 0
name=$suite/dracut-without-program
if dracut_with "$base" "$work/no-program" "$work/none.cpio" --modules "$modules_systemd bootmerge" 2>/dev/null; then
    echo "FAIL $name: dracut made an initramfs without it"
elif grep -q "needs the program 'bootmerge'" "$work/none.cpio.log"; then
    echo "ok $name"
else
    echo "FAIL $name: dracut does not say why: $(tail -n 1 "$work/none.cpio.log")"
fi
