#!/bin/bash
# machine.sh DESTDIR BLOCKS: part of commands.sh, in a mount namespace of its own. It makes a small machine in memory
# that has booted with bootmerge, makes that the root, and runs the blocks there. The machine:
#     /usr            the programs of this one; the vendor's defaults, flatcar-default, which were updated once
#     /etc            merged, with the machine's own files: hostname, motd, ssh/sshd_config (frozen by the update)
#     /var/lib        the confext "site", which is for an older version of the system
#     /sysroot        the same machine as it is in the initramfs, before the merge
set -euo pipefail
destdir=$1 blocks=$2
new=/mnt
mount -t tmpfs tmpfs $new
mount -t tmpfs tmpfs /run

# This machine's programs, through symlinks to /host/usr, which is read-only.
mkdir -p $new/{etc,host/usr,blocks,proc,dev,sys,run,tmp,root,usr,var,old}
mount --bind /usr $new/host/usr
mount -o remount,bind,ro $new/host/usr
mount --bind "$blocks" $new/blocks
for directory in proc dev sys; do mount --rbind /$directory $new/$directory; done
for path in /bin /sbin /lib*; do cp -a "$path" $new/; done # symlinks, to usr
# The documents write to these, so they are real directories.
for path in /usr/*; do
    case $path in
    /usr/bin | /usr/sbin | /usr/lib)
        if [ -L "$path" ]; then cp -a "$path" $new/usr/; continue; fi
        mkdir "$new$path"
        (cd "$path" && printf '%s\0' * | sed -z "s,^,/host$path/," | xargs -0 ln -s -t "$new$path")
        ;;
    *) ln -s "/host$path" "$new$path" ;;
    esac
done
rm -rf $new/usr/lib/{systemd,os-release,bootmerge*,confexts,extension-release.d}
rm -f $new/usr/{bin,sbin}/{systemd-confext,systemd-sysext,bootmerge}
cp "$destdir/usr/sbin/bootmerge" $new/usr/sbin/

# vendor ROOT VERSION: makes what comes with /usr.
vendor() {
    local etc=$1/usr/lib/confexts/flatcar-default/etc
    mkdir -p "$etc/ssh" "$etc/extension-release.d"
    printf 'ID=flatcar\nVERSION_ID=%s\n' "$2" >"$1/usr/lib/os-release"
    echo ID=_any >"$etc/extension-release.d/extension-release.flatcar-default"
    printf 'PermitRootLogin no\nUseDNS %s\n' "$([ "$2" = 4459.1.0 ] && echo yes || echo no)" >"$etc/ssh/sshd_config"
    echo 'Welcome.' >"$etc/motd"
    printf 'export EDITOR=vi\n' >"$etc/profile"
}
# machine ROOT: makes the machine's own files, as before its first boot.
machine() {
    local site=$1/var/lib/confexts/site/etc
    mkdir -p "$1"/{etc,run} "$site/extension-release.d"
    echo host-17 >"$1/etc/hostname"
    printf 'ID=flatcar\nVERSION_ID=4200.0.0\n' >"$site/extension-release.d/extension-release.site"
    echo 'server ntp.example.com' >"$site/chrony.conf"
}
# boot ROOT: what the initramfs does, with the module's settings.
boot() {
    cp "$destdir/usr/lib/dracut/modules.d/50bootmerge/bootmerge.conf" /run/
    "$destdir/usr/sbin/bootmerge" --root="$1" boot
    rm /run/bootmerge.conf
}

vendor $new 4459.1.0
machine $new
boot $new
printf 'PermitRootLogin yes\nUseDNS yes\n' >$new/etc/ssh/sshd_config
echo 'Welcome to host-17.' >$new/etc/motd
"$destdir/usr/sbin/bootmerge" --root=$new unmerge
vendor $new 4459.2.0
rm /run/bootmerge/boot.json # another boot
mkdir -p $new/sysroot
vendor $new/sysroot 4459.2.0
machine $new/sysroot
boot $new
mount --rbind /run $new/run

cd $new
pivot_root . old
cd /
umount -l /old
rmdir /old
blocks=/blocks
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TZ=UTC
unset "${!SYSTEMD_@}" "${!BOOTMERGE_@}"
cd /root

# same_time: removes what differs at each run, and blanks at the ends of lines.
same_time() {
    sed -E 's/[A-Z][a-z]{2} 20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{8} UTC/Sat 2026-01-03 12:00:00 UTC/g
        s/20[0-9]{6}T[0-9]{6}Z/20260103T120000Z/g; s/[0-9]+\.[0-9]+ ms/1.00 ms/g; s/ +$//'
}
# console BLOCK: prints its commands with their real output, run in this shell.
console() {
    local line command
    while IFS= read -r line <&3; do
        [[ $line == '$ '* ]] || continue
        printf '%s\n' "$line"
        command=${line#\$ }
        while [[ $command == *\\ ]]; do
            IFS= read -r line <&3
            printf '%s\n' "$line"
            command=${command%\\}$line
        done
        eval "$command" 2>&1 </dev/null || true
    done 3<"$1"
}
for block in "$blocks"/*; do
    case $block in
    *.console)
        console "$block" >/tmp/printed
        same_time </tmp/printed >"$block.real"
        if diff -u --label "the document" --label "what is printed" "$block" "$block.real" >"$block.log"; then
            : >"$block.passed"
        fi
        ;;
    *.sh | *.hidden)
        # In its own shell, which ends at the first failure.
        if bash -euo pipefail -x "$block" >"$block.log" 2>&1; then : >"$block.passed"; fi
        ;;
    esac
done
