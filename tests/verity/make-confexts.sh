#!/bin/bash
# make-confexts.sh, run by confexts.sh in the Debian sid root: makes the images, and their signer's certificate.
. "${BASH_SOURCE[0]%/*}/make.sh"

certificate signer rsa:2048 -days 3650
certificate nobody rsa:2048 -days 3650
for name in signed flipped stranger; do
    mkdir -p $name/etc/extension-release.d
    echo ID=_any >$name/etc/extension-release.d/extension-release.$name
    echo "of the image $name" >$name/etc/$name.conf
    signer=signer
    [ $name != stranger ] || signer=nobody
    signed $name confext $name $signer
    rm -r $name $name.log
done
