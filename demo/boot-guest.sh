#!/bin/bash
# Part of boot.sh: the first process of its machine after switch-root, in place of systemd. It shows what the initramfs
# has merged, does what the owner of such a machine would do, and switches it off.
exec </dev/console >/dev/console 2>&1
PATH=/var/lib/bootmerge-demo:/usr/sbin:/usr/bin
cd /

step() { printf '== %s\n' "$*"; }
run() {
    printf '$ %s\n' "$*"
    eval "$*"
}
read -r words </proc/cmdline
case $words in
*demo=1*)
    step "The machine is up, and /etc was merged before its first process. Look at WRITES: they go to its own /etc"
    run "bootmerge status"
    step "What it never touched comes from the vendor, its name is its own"
    run "head -v /etc/hostname /etc/sample.d/plain /etc/sample.d/contested"
    step "Its owner changes one of the vendor's files"
    run "echo 'set by the owner of host-17' >/etc/sample.d/contested"
    run "bootmerge diff"
    ;;
*)
    step "The machine is up again. Look at the first two: the vendor's new version; and at the third: the owner's"
    run "head -v /etc/sample.d/plain /etc/sample.d/new /etc/sample.d/contested"
    step "Which updates does it miss? Look for 'frozen'"
    run "bootmerge diff --content"
    step "The owner takes the vendor's version; a copy of the other one is kept"
    run "bootmerge --quiet reset /etc/sample.d/contested"
    run "cat /etc/sample.d/contested"
    ;;
esac
step "The machine is switched off"
echo s >/proc/sysrq-trigger
echo u >/proc/sysrq-trigger
sleep 1 # both are done in the background
echo o >/proc/sysrq-trigger
sleep 60
