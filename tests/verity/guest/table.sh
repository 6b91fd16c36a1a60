# shellcheck shell=bash disable=SC2034,SC2086,SC2154  # what guest.sh has; paths without blanks
# Sourced by guest.sh: the table of images, certificates and policies; cases.sh says how to read it.

# Signatures, and who trusts the signer. Without policy=, everything is allowed.
sysext plain image=plain : merges
sysext plain-verity image=plain policy=root=verity : refuses "root=verity"
sysext unsigned image=unsigned : merges
sysext unsigned-verity image=unsigned policy=root=verity : merges
sysext unsigned-strict image=unsigned certificates=signer policy=root=signed : refuses "root=signed"
sysext unsigned-either image=unsigned policy=root=signed+verity : refuses "root=signed+verity"
sysext signed image=signed certificates=signer : merges
sysext signed-strict image=signed certificates=stranger,signer policy=root=signed : merges
confext confext-strict image=confext certificates=signer policy=root=signed : merges
sysext signed-verity image=signed policy=root=verity : merges
sysext signed-unprotected image=signed policy=root=unprotected : merges
# systemd merges these silently.
sysext untrusted image=signed : merges "signature is not recognized"
sysext stranger image=stranger certificates=signer : merges "signature is not recognized"
sysext stranger-either image=stranger certificates=signer policy=root=signed+verity : \
    merges "signature is not recognized"
sysext untrusted-strict image=signed policy=root=signed : refuses "signature is not recognized"
sysext stranger-strict image=stranger certificates=signer policy=root=signed : refuses "signature is not recognized"
sysext expired-strict image=expired certificates=expired policy=root=signed : merges
sysext attributes-strict image=attributes certificates=signer policy=root=signed : merges
case $kernel in
6.1.*) # without CONFIG_CRYPTO_ECDSA; systemd has OpenSSL for it
    differs_on_old="1 nothing / 0 ext other"
    sysext ecdsa-strict image=ecdsa certificates=ecdsa policy=root=signed differs="$differs_on_old" : \
        refuses CONFIG_CRYPTO_ECDSA
    ;;
*) sysext ecdsa-strict image=ecdsa certificates=ecdsa policy=root=signed : merges ;;
esac

# Places for certificates.
arrange_vendor-strict() { mkdir -p $root/usr/lib/verity.d; cp $images/signer.crt $root/usr/lib/verity.d/; }
sysext vendor-strict image=signed policy=root=signed : merges
arrange_masked-strict() {
    arrange_vendor-strict
    mkdir -p $root/etc/verity.d
    ln -s /dev/null $root/etc/verity.d/signer.crt
}
sysext masked-strict image=signed policy=root=signed : refuses "signature is not recognized"
arrange_suffix-strict() { mkdir -p $root/etc/verity.d; cp $images/signer.crt $root/etc/verity.d/signer.pem; }
sysext suffix-strict image=signed policy=root=signed : refuses "signature is not recognized" ".crt"
arrange_second-strict() { mkdir -p $root/etc/verity.d; cat $images/{stranger,signer}.crt >$root/etc/verity.d/two.crt; }
sysext second-strict image=signed policy=root=signed : refuses "signature is not recognized"
arrange_not-pem-strict() { echo nothing >$root/etc/verity.d/aaa.crt; }
sysext not-pem-strict image=signed certificates=signer policy=root=signed : merges

# Damage.
sysext flipped-first image=flipped-first certificates=signer : refuses
sysext flipped-first-strict image=flipped-first certificates=signer policy=root=signed : refuses
after_flipped-later() {
    output=$(cksum $root/usr/share/ext/large 2>&1) && fail "the damaged file can be read"
    says "Input/output error"
}
sysext flipped-later image=flipped-later certificates=signer policy=root=signed : merges
sysext flipped-signature image=flipped-signature certificates=signer : merges "signature is not recognized"
sysext flipped-signature-strict image=flipped-signature certificates=signer policy=root=signed : \
    refuses "signature is not recognized"
sysext no-json image=no-json certificates=signer : refuses "signature partition"
sysext other-hash image=other-hash certificates=signer : refuses
sysext other-guids image=other-guids : refuses
sysext signed-other-guids image=signed-other-guids certificates=signer policy=root=signed : merges

# Other file systems and sectors.
sysext squashfs image=squashfs certificates=signer policy=root=signed : merges
for name in ext4 xfs btrfs; do
    sysext $name-strict image=$name certificates=signer policy=root=signed : merges
    sysext $name-untrusted image=$name policy=root=signed : refuses "signature is not recognized"
done
# A dm-verity device has its hash tree's block size, 4096 bytes.
for name in ext4 xfs; do
    sysext $name-small image=$name-small certificates=signer : refuses "smaller blocks than its hash tree"
done
sysext sectors image=sectors certificates=signer policy=root=signed : merges

# A usr partition without a root.
sysext usr image=usr certificates=signer policy=usr=signed : merges
sysext usr-untrusted image=usr policy=usr=signed : refuses "signature is not recognized"
sysext usr-root image=usr certificates=signer policy=root=signed : refuses "root=signed"
arrange_usr-hash() { extension usr.roothash ext.usrhash; }
sysext usr-hash image=usr certificates=signer policy=usr=signed : merges
arrange_usr-other-hash() { REPLY=$(<$images/usr.roothash); echo "${REPLY:1}${REPLY:0:1}" >$there/ext.usrhash; }
sysext usr-other-hash image=usr certificates=signer : refuses "ext.usrhash"

# Both: an image that is verified as a root is complete. A usr partition's hash does not verify the root under it.
sysext both image=both certificates=signer : refuses "verity for root together with a usr partition"
sysext both-strict image=both certificates=signer policy=root=signed:usr=signed : \
    refuses "verity for root together with a usr partition"
# systemd refuses the table before it asks the policy which partitions are used.
sysext both-root-strict image=both certificates=signer policy=root=signed:usr=ignore \
    differs="0 ext other / 1 nothing" : merges
sysext usr-on-root image=usr-on-root certificates=signer policy=root=unprotected:usr=signed : merges
sysext usr-on-root-untrusted image=usr-on-root policy=root=unprotected:usr=signed : \
    refuses "signature is not recognized"
sysext usr-on-root-strict image=usr-on-root certificates=signer policy=root=signed:usr=signed : refuses "root=signed"

# Root hash, hash tree and signature beside a bare file system.
put_bare() { extension bare.squashfs; }
put_tree() { extension bare.verity ext.verity; }
put_hash() { extension bare.roothash ext.roothash; }
another_hash() { REPLY=$(<$images/bare.roothash); echo "${REPLY:1}${REPLY:0:1}" >$there/ext.roothash; }
arrange_beside-verity() { put_bare; put_tree; put_hash; }
sysext beside-verity policy=root=verity : merges
arrange_beside-unsigned-strict() { arrange_beside-verity; }
sysext beside-unsigned-strict certificates=signer policy=root=signed : refuses "root=signed"
arrange_beside-strict() { arrange_beside-verity; extension bare.roothash.p7s ext.roothash.p7s; }
sysext beside-strict certificates=signer policy=root=signed : merges
arrange_beside-untrusted-strict() { arrange_beside-strict; }
sysext beside-untrusted-strict policy=root=signed : refuses "signature is not recognized"
arrange_beside-stranger-strict() { arrange_beside-verity; extension stranger.p7s ext.roothash.p7s; }
sysext beside-stranger-strict certificates=signer policy=root=signed : refuses "signature is not recognized"
arrange_beside-empty-p7s() { arrange_beside-verity; : >$there/ext.roothash.p7s; }
sysext beside-empty-p7s certificates=signer : refuses
arrange_beside-attribute() {
    cp $images/bare.squashfs $there/ext.raw
    setfattr -n user.verity.roothash -v "$(<$images/bare.roothash)" $there/ext.raw
    put_tree
}
sysext beside-attribute policy=root=verity : merges
arrange_beside-target() {
    arrange_beside-verity
    mv $there/ext.* $root/var/lib/images/
    ln -s /var/lib/images/ext.raw $there/ext.raw
}
sysext beside-target policy=root=verity : merges
arrange_beside-link() {
    arrange_beside-target
    mv $root/var/lib/images/ext.{verity,roothash} $there/
}
sysext beside-link policy=root=verity : refuses "root=verity"
# systemd follows what leads out of the directory.
arrange_beside-elsewhere() {
    local name
    arrange_beside-strict
    for name in verity roothash roothash.p7s; do
        mv $there/ext.$name $root/var/lib/images/elsewhere.$name
        ln -s ../images/elsewhere.$name $there/ext.$name
    done
}
sysext beside-elsewhere certificates=signer policy=root=signed differs="1 nothing / 0 ext other" : \
    refuses "leads out of its directory"
# Unverified. systemd does not say so.
arrange_hash-alone() { put_bare; put_hash; }
sysext hash-alone : merges "Merging 'ext' unverified" "no hash tree"
arrange_hash-alone-verity() { arrange_hash-alone; }
sysext hash-alone-verity policy=root=verity : refuses "root=verity"
arrange_tree-alone() { put_bare; put_tree; }
sysext tree-alone : merges "Merging 'ext' unverified" "no root hash"
arrange_tree-alone-verity() { arrange_tree-alone; }
sysext tree-alone-verity policy=root=verity : refuses "root=verity"
arrange_hash-of-another() { put_bare; put_tree; another_hash; }
sysext hash-of-another : refuses
arrange_hash-short() { put_bare; put_tree; echo abc >$there/ext.roothash; }
sysext hash-short : refuses "ext.roothash"
# With a partition table.
arrange_tree-beside-table() { put_tree; }
sysext tree-beside-table image=squashfs certificates=signer : refuses "ext.verity"
arrange_both-beside-table() { put_tree; put_hash; }
sysext both-beside-table image=squashfs certificates=signer : refuses "ext.verity"
arrange_hash-beside-table() { put_hash; }
sysext hash-beside-table image=squashfs certificates=signer policy=root=signed : merges
arrange_other-hash-beside-table() { another_hash; }
sysext other-hash-beside-table image=squashfs certificates=signer : refuses
