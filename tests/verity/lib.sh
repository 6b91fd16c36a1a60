# shellcheck shell=bash
# Sourced by the scripts that make the images of the verity tests: runs programs of the Debian sid root, and finds
# places in images.
. "$(dirname "${BASH_SOURCE[0]}")/../boot/lib.sh"

verity=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
sid=$("$repo/tests/differential/make-sid-root.sh")

# in_sid COMMAND...: runs it in the sid root; this directory is its working directory, tests/verity is /media.
in_sid() {
    # shellcheck disable=SC2016  # expanded by the inner shell
    unshare -m --propagation private -- bash -c '
        . "$1"
        mount --bind . "$2/mnt"
        mount --bind "$3" "$2/media"
        in_chroot "$2" env -C /mnt "${@:4}"' in_sid "$here/lib.sh" "$sid" "$verity" "$@"
}

# place PART IMAGE: the start of a partition and its size in bytes, in `start` and `size`: 1 data, 2 hash tree, 3
# signature.
place() {
    read -r start size < <(sfdisk --dump "$2" |
        sed -n "s/^.*raw$1 : start= *\([0-9]*\), size= *\([0-9]*\),.*/\1 \2/p")
    start=$((start * 512)) size=$((size * 512))
}
# cut_out PART IMAGE: prints its content.
cut_out() {
    place "$1" "$2"
    dd if="$2" bs=512 skip=$((start / 512)) count=$((size / 512)) status=none
}
# flip IMAGE OFFSET: flips one bit of one byte.
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
# where IMAGE TEXT: the offset of its first occurrence.
where() { grep -abo -m 1 -- "$2" "$1" | head -n 1 | cut -d: -f1; }
