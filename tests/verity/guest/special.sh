# shellcheck shell=bash disable=SC2034,SC2086,SC2154  # what guest.sh has; paths without blanks
# Sourced by guest.sh: the cases that need more than a row.

# special NAME: runs its function case_NAME, if it is wanted.
special() {
    wanted "$1" || return 0
    clear_root
    "case_$1"
    report "$1"
}

# mount_number: in REPLY, the number of the topmost mount on the root's /usr.
mount_number() {
    local number path
    REPLY=
    while read -r number _ _ _ path _; do [ "$path" != $root/usr ] || REPLY=$number; done </proc/self/mountinfo
}
# exchange: replaces the image with an equal copy, which is another file.
exchange() {
    cp $images/signed.raw $there/ext.new
    mv $there/ext.new $there/ext.raw
}
# skips PROGRAM [TEXT]: its refresh does nothing.
skips() {
    local before
    mount_number
    before=$REPLY
    "$1" refresh
    is 0 "$status" "the status of $1's refresh ('$output')"
    mount_number
    is "$before" "$REPLY" "the mount after $1's refresh ('$output')"
}

# To both programs, an equal copy of a verified image is the same extension, whichever has merged it.
case_equal-copy() {
    local first second programs=(own drop_in)
    [ -z "$beside_systemd" ] || programs+=(systemd)
    certify signer
    extension signed.raw
    for first in "${programs[@]}"; do
        "$first" merge
        is 0 "$status" "the status of $first's merge ('$output')"
        for second in "${programs[@]}"; do
            exchange
            skips "$second"
        done
        unmerge "$first"
    done
}

# A new merge is made from the image while the one that it replaces is still in use.
case_refresh-beside() {
    local line
    certify signer
    extension signed.raw
    own merge
    exec 7<$root/usr/share/ext/large
    own --always-refresh=yes refresh
    is 0 "$status" "the status of refresh ('$output')"
    merged
    is "ext other" "$REPLY" "what is merged"
    read -ru 7 line || fail "the file of the merge before cannot be read any more"
    exec 7<&-
    unmerge own
}

# bootmerge is killed at every ioctl, or some of them; each step with loop devices and dm-verity is one. The next
# command that merges removes whatever is left.
case_kill() {
    local calls number before=$why
    certify signer
    extension signed.raw
    options=(--image-policy=root=signed)
    strace -f -qq -e trace=ioctl -o /tmp/calls /verity/bin/bootmerge --class=sysext --root=$root "${options[@]}" merge \
        >/dev/null 2>&1 || fail "the merge to count its calls fails"
    unmerge own
    calls=$(grep -c 'ioctl(' /tmp/calls)
    [ "$calls" -ge 6 ] || fail "only $calls calls of ioctl: $(</tmp/calls)"
    for ((number = 1; number <= calls; number += every)); do
        # In a separate shell, which reports that the program was killed.
        (strace -f -qq -e trace=ioctl -e inject=ioctl:signal=KILL:when=$number -o /dev/null \
            /verity/bin/bootmerge --class=sysext --root=$root "${options[@]}" merge; exit) >/dev/null 2>&1 &&
            fail "it was not killed at call $number of $calls"
        # Any next command removes it.
        if ((number % 2)); then
            unmerge own
            nothing_mapped
        fi
        own refresh
        is 0 "$status" "the status of refresh after the kill ('$output')"
        merged
        is "ext other" "$REPLY" "what refresh merges after the kill ('$output')"
        unmerge own
        nothing_mapped
        [ "$why" = "$before" ] || { fail "(killed at call $number of $calls)"; break; }
    done
}

# Killed at any moment, it leaves nothing that the next command does not remove.
case_kill-anywhere() {
    local number delay process whole started times=$((30 / every)) killed=0 before=$why
    certify signer
    extension signed.raw
    options=(--image-policy=root=signed)
    for number in 1 2; do # the second time, everything is in memory
        started=${EPOCHREALTIME/./}
        own merge
        whole=$((${EPOCHREALTIME/./} - started))
        unmerge own
    done
    for ((number = 1; number <= times; number++)); do
        /verity/bin/bootmerge --class=sysext --root=$root "${options[@]}" merge >/dev/null 2>&1 &
        process=$!
        printf -v delay 0.%06d $((whole * number / (times + 1)))
        read -rt $delay -u "$silence" || true
        kill -KILL $process 2>/dev/null
        if wait $process 2>/dev/null; then whole=$((whole * 3 / 4)); else killed=$((killed + 1)); fi
        if ((number % 2)); then
            own refresh
            is 0 "$status" "the status of refresh after the kill ('$output')"
            merged
            is "ext other" "$REPLY" "what refresh merges after the kill ('$output')"
        fi
        unmerge own
        nothing_mapped
        [ "$why" = "$before" ] || { fail "(killed after $delay s of $whole us)"; break; }
    done
    [ "$killed" -ge $((times / 2)) ] || fail "only $killed of $times were killed"
}

# If an ioctl is refused, it leaves the image out, or finds a way around, and leaves nothing behind.
case_refused-ioctls() {
    local calls number error errors=(ENOMEM EIO EPERM EINVAL) without=0 before=$why
    certify signer
    extension signed.raw
    options=(--image-policy=root=signed)
    strace -f -qq -e trace=ioctl -o /tmp/calls /verity/bin/bootmerge --class=sysext --root=$root "${options[@]}" merge \
        >/dev/null 2>&1 || fail "the merge to count its calls fails"
    unmerge own
    calls=$(grep -c 'ioctl(' /tmp/calls)
    for ((number = 1; number <= calls; number += every)); do
        error=${errors[number % 4]}
        refused ioctl $error:when=$number
        merged
        case $REPLY in
        "ext other") ;;
        other)
            says "Not merging 'ext': "
            without=$((without + 1))
            ;;
        *) fail "merged is '$REPLY' ('$output')" ;;
        esac
        unmerge own
        nothing_mapped
        [ "$why" = "$before" ] || { fail "($error at call $number of $calls)"; break; }
    done
    [ "$without" -ge $((every > 1 ? 1 : 4)) ] || fail "only $without of $calls calls mattered"
}

# The kernel refuses a call that concerns keys: the image is left out with the reason, or is merged unrecognised if the
# policy allows that.
case_refused-keys() {
    local call error
    certify signer
    extension signed.raw
    for call in add_key keyctl; do
        for error in EPERM ENOSYS EDQUOT; do
            options=(--image-policy=root=signed)
            refused $call $error
            merged
            is other "$REPLY" "what is merged when $call is $error ('$output')"
            says "Not merging 'ext'" "its signature is not recognized"
            unmerge own
            nothing_mapped
            options=()
            refused $call $error
            merged
            is "ext other" "$REPLY" "what is merged when $call is $error and may be ('$output')"
            says "its signature is not recognized"
            unmerge own
            nothing_mapped
        done
    done
}
# refused CALL ERROR: a merge in which the kernel refuses the call each time, unless ERROR says when.
refused() {
    status=0
    output=$(strace -f -qq -e trace=$1 -e inject=$1:error=$2 -o /dev/null \
        /verity/bin/bootmerge --class=sysext --root=$root "${options[@]}" merge 2>&1) || status=$?
    is 0 "$status" "the status of the merge when $1 is $2 ('$output')"
}

# Images from the boot loader must be signed, unless a policy says otherwise.
case_boot-loaders() {
    local image place differs=''
    export SYSTEMD_IN_INITRD=1 # for systemd's own
    certify signer
    printf 'ID=debian\nVERSION_ID=13\n' >$root/etc/initrd-release
    for place in .extra/sysext .extra/global_sysext; do
        mkdir -p $root/$place
        for image in signed stranger unsigned plain; do
            ln $images/$image.raw $root/$place/ext.raw
            case $image in
            signed) judge merges ;;
            stranger) refuses_alone "signature is not recognized" ;;
            *) refuses_alone "root=signed+absent" ;;
            esac
            rm $root/$place/ext.raw
        done
    done
    ln $images/unsigned.raw $root/.extra/sysext/ext.raw
    options=(--image-policy=root=verity)
    judge merges
    export -n SYSTEMD_IN_INITRD
}

# With --root= systemd compares the path outside the root with /.extra, so it is not strict.
refuses_alone() {
    local differs="1 nothing / 0 ext other"
    judge refuses "$@"
}

# A kernel that accepts only what its own keyrings verify. If they lack the signer's certificate, images with verity
# cannot be used, whatever the policy and verity.d say.
case_require-signatures() {
    local image
    insmod_verity require_signatures=1
    is Y "$(</sys/module/dm_verity/parameters/require_signatures)" "require_signatures"
    certify signer
    for image in unsigned signed stranger; do
        extension $image.raw
        judge refuses "this kernel takes signed images only (dm_verity.require_signatures)"
        clear_images
    done
    extension signed.raw
    options=(--image-policy=root=signed)
    judge refuses "this kernel takes signed images only (dm_verity.require_signatures)"
    clear_images
    options=()
    extension plain.raw
    judge merges
    clear_images
    case $kernel in
    6.*) insmod_verity ;;
    *)
        insmod_verity keyring_unsealed=1 require_signatures=1
        /verity/bin/keyring $images/signer.der || fail "no certificate in .dm-verity"
        for policy in root=signed root=verity+signed; do
            options=("--image-policy=$policy")
            extension signed.raw
            judge merges
            clear_images
            extension stranger.raw
            judge refuses
            clear_images
        done
        insmod_verity
        ;;
    esac
}
# insmod_verity PARAMETER...: loads the module again, with these.
insmod_verity() {
    rmmod dm_verity || fail "dm_verity cannot be unloaded"
    insmod /verity/modules/dm-verity/*-dm-verity.ko "$@"
}

# RequireSigned=yes, and the same on the kernel command line, are the policies that enforce it.
case_require-signed() {
    local how
    for how in file command-line; do
        case $how in
        file) printf '[BootMerge]\nRequireSigned=yes\n' >$root/etc/bootmerge.conf ;;
        command-line)
            rm $root/etc/bootmerge.conf
            echo "$(</proc/cmdline) bootmerge.require-signed" >/tmp/cmdline
            mount --bind /tmp/cmdline /proc/cmdline
            ;;
        esac
        for image in unsigned stranger plain signed; do
            clear_images
            certify signer
            extension $image.raw
            own merge
            merged
            case $image in
            signed) is "ext other" "$REPLY" "what is merged of a signed image, by $how ('$output')" ;;
            *)
                is other "$REPLY" "what is merged, $image, by $how ('$output')"
                says "Not merging 'ext'"
                ;;
            esac
            unmerge own
        done
    done
    umount /proc/cmdline
}
clear_images() { rm -f $there/ext*; }

# The kernel itself verifies, with a certificate in its keyring .dm-verity, which only the newest kernels have. The
# module is loaded again so that it makes the keyring.
case_kernel-keyring() {
    insmod_verity keyring_unsealed=1
    /verity/bin/keyring $images/signer.der || fail "no certificate in .dm-verity"
    extension signed.raw
    options=(--image-policy=root=signed)
    judge merges
    clear_images
    extension stranger.raw
    judge refuses "signature is not recognized"
}

# Without the module, in three forms: its device node is missing too; the node exists, as systemd-tmpfiles makes it, but
# the module is missing; the module dm-mod is loaded, but dm-verity is missing.
case_no-module() {
    local file
    certify signer
    extension signed.raw
    options=(--image-policy=root=signed)
    judge refuses dm_verity
    mkdir -p /dev/mapper
    [ -e /dev/mapper/control ] || mknod /dev/mapper/control c 10 236
    without_module
    rm /dev/mapper/control
    for file in /verity/modules/dm-verity/*; do
        case $file in *dm-verity.ko) ;; *) insmod "$file" || fail "$file cannot be loaded" ;; esac
    done
    without_module
}
without_module() {
    own merge
    says "Not merging 'ext'" dm_verity
    unmerge own
}

# People and programs can see who verified what is merged, wherever they look.
case_told() {
    local hash verb
    certify signer
    extension bare.squashfs
    extension bare.verity ext.verity
    extension bare.roothash ext.roothash
    extension bare.roothash.p7s ext.roothash.p7s
    hash=$(<$images/bare.roothash)
    for verb in "plan" "list --verbose" "merge" "status --verbose"; do
        # shellcheck disable=SC2086  # words
        own $verb
        is 0 "$status" "the status of $verb ('$output')"
        [ "$verb" = merge ] || says "verified, signature by signer.crt"
    done
    for verb in "plan" "status --verbose"; do
        # shellcheck disable=SC2086  # words
        own --json=short $verb
        says '"rootHash":"'"$hash"'"' '"signedBy":"signer.crt"'
    done
    unmerge own
    clear_images
    extension signed.raw
    own check ext
    says "ext: " "a partition table: root root-verity root-verity-sig" "verified, signature by signer.crt" \
        "root hash " "signed by issuer CN=signer" "ImagePolicy=root=verity: merged, verified" \
        "ImagePolicy=root=signed: merged, verified" "ImagePolicy=root=unprotected: merged, unverified" \
        "ImagePolicy=root=encrypted: refused"
    clear_images
    extension stranger.raw
    own check ext
    says "verified: its signature is not recognized" "signed by issuer CN=stranger" \
        "ImagePolicy=root=verity: merged, verified" "ImagePolicy=root=signed: refused"
    own plan
    says "verified: its signature is not recognized"
    own list --verbose
    says "verified: its signature is not recognized"
    own --json=short plan
    says '"signedBy":null'
    options=(--image-policy=root=signed)
    own list --verbose
    says "refused: its signature is not recognized"
}
