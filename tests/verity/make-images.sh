#!/bin/bash
# make-images.sh, run by images.sh in the Debian sid root, in the directory of the images: makes them with
# systemd-repart and openssl.
. "${BASH_SOURCE[0]%/*}/make.sh"

certificate signer rsa:2048 -days 3650
certificate stranger rsa:2048 -days 3650
certificate expired rsa:2048 -not_before 20200101000000Z -not_after 20210101000000Z
certificate ecdsa ec -pkeyopt ec_paramgen_curve:P-256 -days 3650

mkdir -p sysext/usr/share/ext sysext/usr/lib/extension-release.d confext/etc/extension-release.d
printf 'ID=_any\nSYSEXT_SCOPE="system initrd"\n' | tee sysext/usr/lib/extension-release.d/extension-release.ext \
    >confext/etc/extension-release.d/extension-release.ext
echo "ext's file" | tee sysext/usr/share/ext/file >confext/etc/ext.conf
for ((i = 0; i < 8192; i++)); do printf 'a line of the large file, number %6d\n' $i; done >sysext/usr/share/ext/large

signed signed sysext sysext signer
signed confext confext confext signer
for name in stranger expired ecdsa; do signed $name sysext sysext $name; done
signed sectors sysext sysext signer --sector-size=4096
ddi unsigned sysext sysext --exclude-partitions=root-verity-sig
mkdir plain.d
printf '[Partition]\nType=root\nFormat=erofs\nCopyFiles=/usr/\nMinimize=best\n' >plain.d/root.conf
systemd-repart --definitions=plain.d --copy-source=sysext --empty=create --size=auto --dry-run=no plain.raw \
    >plain.log 2>&1 || { cat plain.log >&2; exit 1; }
SYSTEMD_REPART_OVERRIDE_FSTYPE_ROOT=squashfs signed squashfs sysext sysext signer
# defined NAME DEFINITION...: makes a signed image from definitions of partitions.
defined() {
    local name=$1 i
    rm -rf definitions
    mkdir definitions
    shift
    for ((i = 1; i <= $#; i++)); do printf '[Partition]\n%b' "${!i}" >definitions/$i.conf; done
    systemd-repart --definitions=definitions --copy-source=sysext --empty=create --size=auto --dry-run=no \
        --private-key=signer.key --certificate=signer.crt "$name.raw" >"$name.log" 2>&1 ||
        { cat "$name.log" >&2; exit 1; }
}
# verity KIND: the definitions of a hash tree and a signature, for a partition of that kind.
verity() {
    hash="Type=$1-verity\nMinimize=best\nVerity=hash\nVerityMatchKey=$1\n"
    signature="Type=$1-verity-sig\nVerity=signature\nVerityMatchKey=$1\n"
    protected="Verity=data\nVerityMatchKey=$1\n"
}
verity root
for name in ext4 ext4-small xfs xfs-small btrfs; do
    defined $name "Type=root\nCopyBlocks=/mnt/$name.part\n$protected" "$hash" "$signature"
done
root=("Type=root\nFormat=erofs\nCopyFiles=/usr/\nMinimize=best\n$protected" "$hash" "$signature")
# The same files below /usr alone, in a usr partition.
verity usr
usr=("Type=usr\nFormat=erofs\nCopyFiles=/usr:/\nMinimize=best\n$protected" "$hash" "$signature")
defined usr "${usr[@]}"
defined both "${root[@]}" "${usr[@]}"
defined usr-on-root 'Type=root\nFormat=erofs\nMakeDirectories=/usr\nMinimize=best\n' "${usr[@]}"
rm -r sysext confext plain.d definitions ./*.log
