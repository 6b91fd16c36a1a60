# shellcheck shell=bash disable=SC2034,SC2086,SC2154  # what guest.sh has; paths without blanks
# Sourced by guest.sh for bench/verity.sh: how long each program in turn, as a whole process, takes to merge one signed
# image. A policy enforces the signature, and the root has the signer's certificate. The first round does not count.

# measure ROUNDS
measure() {
    local round program started
    local -A times=()
    clear_root
    rm -r $root/var/lib/extensions/other
    certify signer
    extension signed.raw
    options=(--image-policy=root=signed)
    for ((round = 0; round <= $1; round++)); do
        for program in own systemd; do
            started=${EPOCHREALTIME/./}
            "$program" merge
            [ $round = 0 ] || times[$program]+="$((${EPOCHREALTIME/./} - started))$nl"
            merged
            is "0 ext" "$status $REPLY" "what $program does ('$output')"
            unmerge "$program"
        done
    done
    for program in own systemd; do
        mapfile -t < <(sort -n <<<"${times[$program]%"$nl"}")
        echo "MEASURED $program: median $((MAPFILE[$1 / 2] / 1000)) ms, fastest $((MAPFILE[0] / 1000)) ms"
    done
    report measured
}
