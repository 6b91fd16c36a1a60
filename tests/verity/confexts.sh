#!/bin/bash
# confexts.sh DIR: makes in DIR what a boot with signed confexts needs (tests/boot/extensions.sh): signer.crt, and the
# images, each with etc/NAME.conf, made and signed by the real systemd-repart:
#   signed.raw    by `signer`
#   flipped.raw   the same, and then a bit of its file system was flipped
#   stranger.raw  by somebody else
. "$(dirname "$0")/lib.sh"

mkdir -p "$1"
cd "$1"
in_sid /media/make-confexts.sh
flip flipped.raw "$(where flipped.raw "of the image flipped")"
rm ./*.key nobody.crt
