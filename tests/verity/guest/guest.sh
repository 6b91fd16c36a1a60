#!/bin/bash
# Runs in the machine of the verity tests, from their disk, as its first process: all cases of cases.sh, one line each
# on the second serial port, `ok NAME` or `FAIL NAME: why`, `MEASURED ...` beside them, and END at the end. Few
# processes: each costs 20 to 60 ms without KVM.
exec </dev/null >/dev/ttyS1 2>&1
cd /verity || exit
ln -s /proc/self/fd /dev/fd
exec {silence}<> <(:) # a pipe that nobody writes to
root=/verity/root
images=/verity/images
there=$root/var/lib/extensions
nl=$'\n'
kernel=$(</proc/sys/kernel/osrelease)
read -ra words </proc/cmdline
beside_systemd='' only='' rounds='' every=1
for word in "${words[@]}"; do
    case $word in
    verity-systemd) beside_systemd=yes ;;
    verity-only=*) only=${word#*=} ;;
    verity-bench=*) rounds=${word#*=} ;;
    verity-every=*) every=${word#*=} ;;
    esac
done

why=
fail() { why+="${why:+; }$*"; }
# is EXPECTED ACTUAL WHAT
is() { [ "$1" = "$2" ] || fail "$3 is '$2', not '$1'"; }
# says TEXT...: each of them is in `output`.
says() {
    local text
    for text; do
        case $output in *"$text"*) ;; *) fail "it does not say '$text', but '${output//"$nl"/ | }'" ;; esac
    done
}
says_not() {
    local text
    for text; do
        case $output in *"$text"*) fail "it says '$text': '${output//"$nl"/ | }'" ;; esac
    done
}
report() {
    if [ -z "$why" ]; then echo "ok $1"; else echo "FAIL $1: ${why//"$nl"/ | }"; fi
    why=
}

# load MODULE: loads it from /verity/modules, with what it needs; the file names there are in order. Some may be loaded
# already.
load() {
    local file
    for file in /verity/modules/"$1"/*.ko; do insmod "$file" 2>/dev/null || true; done
}

# own VERB..., drop_in VERB..., systemd VERB...: bootmerge under its own name and under systemd's, and systemd's own
# program. The output is in `output`, the exit status in `status`. `options` come before the verb; `class` is the
# case's.
options=() class=sysext
own() { run /verity/bin/bootmerge --class=$class "$@"; }
drop_in() { run /verity/bin/systemd-$class --no-reload "$@"; }
systemd() { run /usr/bin/systemd-$class --no-reload "$@"; }
run() {
    status=0
    output=$("$1" "$2" --root=$root "${options[@]}" --mutable=no "${@:3}" 2>&1) || status=$?
}

# The root is a machine with one extension, `other`, a directory.
make_root() {
    local sysext=$root/var/lib/extensions/other/usr confext=$root/var/lib/confexts/other/etc
    mkdir -p $root/{etc,run,usr/share/base,var/lib/images} "$sysext"/{share/other,lib/extension-release.d} \
        "$confext"/extension-release.d $root/usr/lib
    printf 'ID=debian\nVERSION_ID=13\n' >$root/usr/lib/os-release
    printf 'ID=_any\nSYSEXT_SCOPE="system initrd"\n' | tee "$sysext"/lib/extension-release.d/extension-release.other \
        >"$confext"/extension-release.d/extension-release.other
    echo other | tee "$sysext"/share/other/file >"$confext"/other.conf
}
# clear_root: removes images and certificates again.
clear_root() {
    rm -rf $root/var/lib/*/ext* $root/{etc,run,usr/lib}/verity.d $root/etc/{bootmerge.conf,initrd-release} $root/.extra
    options=() class=sysext
}
# certify NAME...: certificates that the root trusts.
certify() {
    local name
    mkdir -p $root/etc/verity.d
    for name; do cp $images/"$name".crt $root/etc/verity.d/; done
}
# extension FILE [NAME]: puts an image into var/lib/extensions as NAME, ext.raw by default.
extension() {
    case $class in
    sysext) ln $images/"$1" $root/var/lib/extensions/"${2-ext.raw}" ;;
    confext) ln $images/"$1" $root/var/lib/confexts/"${2-ext.raw}" ;;
    esac
}

# merged: in REPLY, which of the two extensions are merged, and whether all their files can be read.
merged() {
    local file
    REPLY=
    for file in $root/usr/share/{ext,other}/file $root/etc/{ext,other}.conf; do
        [ -e "$file" ] || continue
        case $file in
        */ext*) REPLY+="ext " ;;
        *) REPLY+="other " ;;
        esac
        { read -r _ <"$file"; } 2>/dev/null || REPLY+="(unreadable) "
    done
    REPLY=${REPLY% }
}
# tree: in REPLY, everything below the hierarchies: names, types, contents.
shopt -s globstar nullglob extglob
tree() {
    local path content
    REPLY=
    for path in "$root"/{usr,etc}/**; do
        REPLY+="${path#"$root"}"
        if [ -L "$path" ]; then REPLY+="@"; elif [ -d "$path" ]; then REPLY+="/"; fi
        if [ -f "$path" ]; then
            { IFS= read -rd '' content <"$path" || true; } 2>/dev/null
            REPLY+=" ${#content} ${content:0:40}"
        fi
        REPLY+=$nl
    done
}

# Unmerges, and checks that nothing is left: no mount, no device. The newest kernel removes a device with some delay.
unmerge() {
    "$1" unmerge
    is 0 "$status" "the status of unmerge ('$output')"
    nothing_left
}
devices() {
    local found=(/sys/block/dm-* /sys/block/loop*/loop)
    REPLY=${found[*]#/sys/block/}
}
nothing_left() {
    local tries
    for tries in {1..20}; do
        devices
        [ -n "$REPLY" ] || break
        read -rt 0.1 -u "$silence" || true # a pause without a process
    done
    [ -z "$REPLY" ] || fail "left after ${tries}00 ms: $REPLY"
    case $(</proc/self/mountinfo) in *" $root"[/\ ]*) fail "a mount is left below the root" ;; esac
}
# Checks that nothing is left that /sys does not show: a device without a table.
nothing_mapped() { is "" "$(/verity/bin/mapped 2>&1)" "what the device mapper still has"; }

# beside: runs the case with both programs under systemd's name. They must agree, unless `differs` says how they do not,
# in the form `drop-in's status, what it merges / systemd's`.
beside() {
    local found trees=()
    [ -n "$beside_systemd" ] || return 0
    drop_in merge
    merged
    found="$status ${REPLY:-nothing}"
    tree
    trees+=("$REPLY")
    said=$output
    [ "$status" != 0 ] || unmerge drop_in
    nothing_left
    systemd merge
    merged
    found+=" / $status ${REPLY:-nothing}"
    tree
    trees+=("$REPLY")
    [ "$status" != 0 ] || unmerge systemd
    nothing_left
    if [ -n "$differs" ]; then
        is "$differs" "$found" "what the two do"
    else
        is "${found% / *}" "${found#* / }" "what systemd does (it says '$output', the drop-in '$said')"
        [ "${trees[0]}" = "${trees[1]}" ] || fail "the trees differ: ${trees[0]} <-> ${trees[1]}"
    fi
}

# wanted NAME: whether this case was asked for, or none was.
# shellcheck disable=SC2254  # a pattern
wanted() { case $1 in ${only:-*}) return 0 ;; *) return 1 ;; esac; }

make_root
. "${BASH_SOURCE[0]%/*}/cases.sh"
. "${BASH_SOURCE[0]%/*}/special.sh"
. "${BASH_SOURCE[0]%/*}/bench.sh"
if [ -n "$rounds" ]; then
    load dm-verity
    measure "$rounds"
else
    special no-module
    load dm-verity
    . "${BASH_SOURCE[0]%/*}/table.sh"
    special told
    special equal-copy
    special refresh-beside
    special require-signed
    special kill
    special kill-anywhere
    special refused-ioctls
    special refused-keys
    special boot-loaders
    special require-signatures
    case $kernel in 6.*) ;; *) special kernel-keyring ;; esac
    nothing_mapped
    report nothing-left
fi
echo END

echo 1 >/proc/sys/kernel/sysrq
echo o >/proc/sysrq-trigger
sleep 10
