#!/bin/bash
# demo/run.sh BOOTMERGE: shows a person what bootmerge does, on a small machine made for it.
# Everything happens in a private mount namespace, in memory: nothing is left afterwards.
# docs/pictures/demo.svg is a recording of it, which tests/docs/demo.sh makes and compares.
set -euo pipefail
export LC_ALL=C.UTF-8

if [ "${2-}" != --inside ]; then
    bootmerge=$(realpath "$1")
    exec unshare -m --propagation private "$(realpath "$0")" "$bootmerge" --inside
fi

mount -t tmpfs tmpfs /run # bootmerge keeps its lock and its report there
mkdir -p /run/demo/bin
cd /run/demo
ln -s "$1" bin/bootmerge # whatever the name of that file is
PATH=$PWD/bin:$PATH

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
# run COMMAND: shows the command, then runs it.
run() {
    printf '%s$ %s%s\n' "$bold" "$*" "$plain"
    eval "$* 2>&1"
}

# The defaults that come with /usr, and a machine whose /etc has only its name. See docs/how-it-works.md.
mkdir -p machine/{etc,usr/lib,var/lib/extensions.mutable} new-usr
vendor=usr/lib/confexts/flatcar-default/etc
mkdir -p machine/$vendor/{ssh,extension-release.d}
printf 'ID=flatcar\nVERSION_ID=1\n' >machine/usr/lib/os-release
echo 'ID=_any' >machine/$vendor/extension-release.d/extension-release.flatcar-default
echo 'PermitRootLogin no' >machine/$vendor/ssh/sshd_config
echo 'Welcome to version 1.' >machine/$vendor/motd
echo 'host-17' >machine/etc/hostname
ln -s /etc machine/var/lib/extensions.mutable/etc
# The same after an update.
cp -a machine/usr new-usr/
sed -i 's/1/2/' new-usr/usr/lib/os-release new-usr/$vendor/motd
echo 'MaxAuthTries 3' >>new-usr/$vendor/ssh/sshd_config

step "A machine: the vendor's defaults in /usr, one file of its own in /etc"
run "(cd machine && grep -r . usr etc | sort)"

step "It boots. The initramfs does this: one overlay on /etc, the machine's files on top"
run "bootmerge --root=machine --quiet boot"
run "head -v machine/etc/{hostname,motd,ssh/sshd_config}"

step "The machine changes a file: the write lands in its own /etc, the vendor's file stays as it is"
run "echo 'PermitRootLogin yes' >machine/etc/ssh/sshd_config"
run "bootmerge --root=machine diff"

step "The vendor updates both files, and the machine reboots: what it never touched is new, what it changed stays"
run "bootmerge --root=machine unmerge"
run "cp -a new-usr/usr machine/"
run "bootmerge --root=machine --quiet boot"
run "head -v machine/etc/{motd,ssh/sshd_config}"

step "Which updates does this machine miss, and why?"
run "bootmerge --root=machine diff --content"
run "bootmerge --root=machine explain /etc/ssh/sshd_config"

step "Take the vendor's version after all; a copy of the machine's is kept"
run "bootmerge --root=machine --quiet reset /etc/ssh/sshd_config"
run "cat machine/etc/ssh/sshd_config"

step "Another confext arrives, and is merged while somebody reads all the time: no reader misses a file"
mkdir -p machine/var/lib/confexts/site/etc/extension-release.d
echo 'ID=_any' >machine/var/lib/confexts/site/etc/extension-release.d/extension-release.site
echo 'server ntp.example.com' >machine/var/lib/confexts/site/etc/chrony.conf
(
    until [ -e stop ]; do
        read -r _ <machine/etc/motd || echo "missed" >>missed
    done
) 2>/dev/null &
run "bootmerge --root=machine refresh"
touch stop
wait
[ ! -e missed ] || echo "(this kernel is older than 6.5: a reader noticed)"
run "cat machine/etc/chrony.conf"

step "Undo it: no mount is left, and the machine's own file is there"
run "bootmerge --root=machine unmerge"
if findmnt --mountpoint "$PWD/machine/etc"; then
    echo "demo: the merge is still there" >&2
    exit 1
fi
run "grep -r . machine/etc | sort"

cat <<NEXT

${bold}== Next${plain}
On this machine, without changing anything:   out/bootmerge plan
In a machine that boots, in two minutes:      ./build.sh demo --boot
With an image of yours, in QEMU:              docs/testing-an-image.md
Into an initramfs:                            docs/dracut.md
Every verb and option:                        out/bootmerge --help, man/bootmerge.8.scd
NEXT
