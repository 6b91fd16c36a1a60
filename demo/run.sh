#!/bin/bash
# demo/run.sh BOOTMERGE: shows a person what bootmerge does, on a small machine made for it.
# Everything happens in a private mount namespace, in memory: nothing is left afterwards.
set -euo pipefail

if [ "${2-}" != --inside ]; then
    bootmerge=$(realpath "$1")
    exec unshare -m --propagation private "$0" "$bootmerge" --inside
fi

PATH=$(dirname "$1"):$PATH
mount -t tmpfs tmpfs /run # bootmerge keeps its lock there
mkdir /run/demo
cd /run/demo

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
# run COMMAND: shows the command, then runs it.
run() {
    printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
    eval "$* 2>&1"
}
# refused COMMAND: one that must fail.
refused() {
    if run "$*"; then
        echo "demo: '$*' was expected to fail" >&2
        exit 1
    fi
}

vendor=machine/usr/lib/confexts/flatcar-defaults/etc
mkdir -p machine/{etc,run,var/lib/extensions.mutable} $vendor/{ssh,extension-release.d}
echo 'ID=flatcar
VERSION_ID=4459.2.0' >machine/usr/lib/os-release
echo 'ID=_any' >$vendor/extension-release.d/extension-release.flatcar-defaults
echo 'PermitRootLogin no' >$vendor/ssh/sshd_config
echo 'Welcome, says the vendor.' >$vendor/motd
echo 'export EDITOR=vi' >$vendor/profile
echo 'Welcome, says the machine.' >machine/etc/motd
echo 'host-17' >machine/etc/hostname
ln -s /etc machine/var/lib/extensions.mutable/etc
mkdir own
mount --bind machine own # shows the machine's own files below the merge
# everything but the times of directories
inventory() { find machine \( -type d -printf '%p %M\n' \) -o -printf '%p %M %s %T@ %l\n' | sort; }
inventory >before

step "A machine: the vendor's defaults in /usr, a few files of its own in /etc, writes routed to its own /etc"
run "grep -r . $vendor machine/etc"
run "readlink machine/var/lib/extensions.mutable/etc"

step "The plan: what a merge would do, layer by layer. Nothing changes yet."
run "bootmerge --root=machine plan --mutable=auto"

step "Merge: the machine's files on top, the vendor's below"
run "bootmerge --root=machine merge --mutable=auto"
run "findmnt -o FSTYPE,OPTIONS --mountpoint \$PWD/machine/etc"
run "bootmerge --root=machine status"
run "head machine/etc/{motd,profile,hostname}"

step "A write to the merged /etc lands in the machine's own layer; the vendor's file stays as it was"
run "echo 'PermitRootLogin prohibit-password' >machine/etc/ssh/sshd_config"
run "head machine/etc/ssh/sshd_config own/etc/ssh/sshd_config $vendor/ssh/sshd_config"

step "Unmerge: the machine's own files remain, with the write"
run "bootmerge --root=machine unmerge"
run "grep -r . machine/etc"

step "Read-only import: nothing can be written, and the machine's own files still win"
run "bootmerge --root=machine merge --mutable=import"
run "cat machine/etc/{motd,profile,ssh/sshd_config}"
refused "touch machine/etc/new"

step "Unmerge again, and undo the write: no mount is left, and every file is as it was before"
run "bootmerge --root=machine unmerge"
run "rm -r machine/etc/ssh"
inventory >after
refused "findmnt --mountpoint \$PWD/machine/etc"
run "diff before after && echo 'as before'"
