#!/bin/bash
# images.sh DIR: makes in DIR the images of the verity tests, and what else their cases need, with the Debian sid root's
# real systemd-repart. All images are the extension `ext`, for any system.
#
#   NAME.crt, NAME.key    certificates: signer, stranger (nobody trusts it), expired, ecdsa (P-256); signer.der
#   signed.raw            a sysext by systemd-repart --make-ddi=sysext, signed by `signer`: erofs, hash tree, signature
#   stranger.raw, expired.raw, ecdsa.raw    the same tree, by these signers
#   confext.raw           by --make-ddi=confext
#   unsigned.raw, plain.raw    without a signature; without a hash tree as well
#   squashfs.raw, sectors.raw    signed: another file system, sectors of 4096 bytes
#   ext4.raw, xfs.raw, btrfs.raw    signed: the file systems that can be written to
#   ext4-small.raw, xfs-small.raw    their blocks or sectors are smaller than the blocks of the hash tree
#   both.raw              root and usr, each with a hash tree and a signature; usr-on-root.raw: only usr has them
#   usr.raw, usr.roothash    signed: a usr partition alone, and its root hash
#   attributes.raw        the signature has signed attributes, like those of `openssl cms`
#   flipped-first.raw, flipped-later.raw, flipped-signature.raw, no-json.raw, other-hash.raw    signed.raw, damaged
#   other-guids.raw, signed-other-guids.raw    the partitions' GUIDs are not the root hash
#   bare.squashfs, bare.verity, bare.roothash, bare.roothash.p7s    what squashfs.raw consists of
#   stranger.p7s          the same root hash, signed by `stranger`
. "$(dirname "$0")/lib.sh"

mkdir -p "$1"
cd "$1"
# The sid root has no programs for these file systems; systemd-repart uses ready-made ones as they are.
mkdir -p small/usr/share/ext small/usr/lib/extension-release.d
printf 'ID=_any\nSYSEXT_SCOPE="system initrd"\n' >small/usr/lib/extension-release.d/extension-release.ext
echo "ext's file" >small/usr/share/ext/file
truncate -s 32M {ext4,ext4-small,xfs,xfs-small,btrfs}.part
mkfs.ext4 -q -b 4096 -d small ext4.part
mkfs.ext4 -q -b 1024 -d small ext4-small.part
mkfs.btrfs -q -M --rootdir small btrfs.part >/dev/null
# Smaller than XFS recommends: its own test suite sets these for mkfs.
export TEST_DIR=1 TEST_DEV=1 QA_CHECK_FS=1
mkfs.xfs -q -s size=4096 xfs.part
mkfs.xfs -q -s size=512 xfs-small.part
unshare -m --propagation private -- sh -c 'mount -o loop xfs.part /mnt && cp -r small/. /mnt && umount /mnt'
rm -r small
in_sid /media/make-images.sh

# signature IMAGE: the content of its signature partition, and each of its members.
signature() { cut_out 3 "$1" | tr -d '\0'; }
member() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }
# sign_with IMAGE TEXT: replaces that content.
sign_with() {
    place 3 "$1"
    { printf %s "$2"; head -c $((size - ${#2})) /dev/zero; } |
        dd of="$1" bs=512 seek=$((start / 512)) conv=notrunc status=none
}
# json HASH DER: the content of a signature partition.
json() { printf '{"rootHash":"%s","signature":"%s"}' "$1" "$(base64 -w0 "$2")"; }

text=$(signature signed.raw)
hash=$(member rootHash <<<"$text")
[ ${#hash} = 64 ] || { echo "no root hash in '$text'" >&2; exit 1; }
for name in attributes flipped-first flipped-later flipped-signature no-json other-hash signed-other-guids; do
    cp signed.raw $name.raw
done
cp unsigned.raw other-guids.raw

printf %s "$hash" >content
in_sid openssl cms -sign -binary -outform DER -md sha256 -in content -signer signer.crt -inkey signer.key \
    -out attributes.p7s
sign_with attributes.raw "$(json "$hash" attributes.p7s)"
member signature <<<"$text" | base64 -d >flipped.p7s
flip flipped.p7s $(($(stat -c %s flipped.p7s) - 1)) # of the RSA signature, which ends the DER
sign_with flipped-signature.raw "$(json "$hash" flipped.p7s)"
sign_with no-json.raw "not JSON"
sign_with other-hash.raw "${text/"$hash"/"${hash:1}${hash:0:1}"}"
place 1 signed.raw
flip flipped-first.raw $((start + 1024 + 40)) # in the superblock of erofs
flip flipped-later.raw "$(where signed.raw 'number   7000')"
for name in other-guids signed-other-guids; do
    sfdisk -q --part-uuid $name.raw 1 11111111-2222-3333-4444-555555555555
    sfdisk -q --part-uuid $name.raw 2 66666666-7777-8888-9999-aaaaaaaaaaaa
done

rm ./*.part
signature usr.raw | member rootHash >usr.roothash
sed '/^-/d' signer.crt | base64 -d >signer.der
cut_out 1 squashfs.raw >bare.squashfs
cut_out 2 squashfs.raw >bare.verity
text=$(signature squashfs.raw)
member rootHash <<<"$text" >bare.roothash
member signature <<<"$text" | base64 -d >bare.roothash.p7s
tr -d '\n' <bare.roothash >content
in_sid openssl smime -sign -noattr -binary -outform DER -in content -signer stranger.crt -inkey stranger.key \
    -out stranger.p7s
rm content attributes.p7s flipped.p7s
