# shellcheck shell=bash disable=SC2034,SC2086,SC2154  # what guest.sh has; paths without blanks
# Sourced by guest.sh: the cases. A row is
#
#   sysext NAME [WORD...] : merges|refuses [TEXT...]
#
# Each WORD arranges something: image=NAME (NAME.raw becomes the extension `ext`), certificates=NAME,NAME (in
# etc/verity.d), policy=POLICY (for images), differs=... (see `beside`; each has its reason above it). The function
# arrange_NAME can arrange more, and after_NAME looks at what is merged. There is also the extension `other`, a
# directory. bootmerge says each TEXT, and
#
#   merges     both are merged
#   refuses    ext cannot be used, or the policy does not allow it, and it is left out; under systemd's names nothing is
#              merged, exit status 1

sysext() { class=sysext; row "$@"; }
confext() { class=confext; row "$@"; }
row() {
    local name=$1 this=$class word image='' certificates='' differs='' said
    shift
    wanted "$name" || return 0
    clear_root
    class=$this
    while [ "$1" != : ]; do
        word=$1
        case $word in
        image=*) image=${word#*=} ;;
        certificates=*) certificates=${word#*=} ;;
        policy=*) options=("--image-policy=${word#*=}") ;;
        differs=*) differs=${word#*=} ;;
        esac
        shift
    done
    # shellcheck disable=SC2086  # a list of words
    [ -z "$certificates" ] || certify ${certificates//,/ }
    [ -z "$image" ] || extension "$image.raw"
    [ "$(type -t "arrange_$name")" != function ] || "arrange_$name"
    judge "${@:2}"
    report "$name"
}
# judge merges|refuses [TEXT...]
judge() {
    local differs=${differs-}
    own merge
    is 0 "$status" "the exit status ('$output')"
    merged
    case $1 in
    merges)
        is "ext other" "$REPLY" "what is merged ('$output')"
        says_not "Not merging"
        says "${@:2}"
        ;;
    *)
        is other "$REPLY" "what is merged ('$output')"
        says "Not merging 'ext'" "${@:2}"
        ;;
    esac
    [ "$(type -t "after_$name")" != function ] || "after_$name"
    unmerge own
    beside
}
