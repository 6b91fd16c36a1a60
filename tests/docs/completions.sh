#!/bin/bash
# completions.sh DESTDIR: what bash, zsh and fish offer at the end of a line, with the completions and the program that
# `build.sh install` has put into DESTDIR.
set -euo pipefail
destdir=$(realpath "$1")
cd "$(dirname "$0")"
. ./shells.sh

work=$(TMPDIR=/tmp mktemp -d) # a plain name: it is typed into the shells
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/machine/var/lib/{confexts,extensions}/ "$work/my root"/var/lib/{confexts,extensions}/ \
    "$work/other" "$work/a:b/run/confexts/colon"
mkdir "$work"/machine/var/lib/confexts/{30-site,4-vendor,'site files'} "$work"/machine/var/lib/extensions/{tools,tracer}
mkdir "$work/my root/var/lib/confexts/home" "$work/my root/var/lib/extensions/lab"

# The line, | for the cursor, =>, and what is offered, sorted. WORK is the directory above.
cat >"$work/cases" <<'CASES'
bootmerge | => boot, check, diff, explain, list, merge, plan, prune, refresh, reset, status, unmerge
bootmerge me| => merge
bootmerge --root=/x --force | => boot, check, diff, explain, list, merge, plan, prune, refresh, reset, status, unmerge
bootmerge --root merge | => boot, check, diff, explain, list, merge, plan, prune, refresh, reset, status, unmerge
bootmerge merge | =>
bootmerge --no| => --no-backup, --no-legend, --no-pager, --no-reload, --no-wait, --noexec
bootmerge diff --f| => --force, --frozen
bootmerge boot --f| => --fallback, --force
bootmerge --root=/x reset --no-b| => --no-backup
bootmerge --root=/x prune --no-b| =>
bootmerge merge --j| =>
bootmerge merge --im| => --image-policy, --immutable, --import-self
bootmerge --mutable=| => auto, ephemeral, ephemeral-import, help, import, no, yes
bootmerge refresh --mutable=e| => ephemeral, ephemeral-import
bootmerge --mutable | => boot, check, diff, explain, list, merge, plan, prune, refresh, reset, status, unmerge
bootmerge --class=| => all, confext, sysext
bootmerge --class s| => sysext
bootmerge --json=| => off, pretty, short
bootmerge --noexec=| => no, yes
bootmerge --always-refresh | => no, yes
bootmerge boot --fallback=| => ephemeral, fail, immutable
bootmerge --root=WORK/m| => machine, my root
bootmerge --root WORK/o| => other
bootmerge --root='WORK/my| => my root
bootmerge --root=WORK/my\ root/var/lib/| => confexts, extensions
bootmerge --root=WORK/machine list | => 30-site, 4-vendor, site files
bootmerge --root WORK/machine list 4| => 4-vendor
bootmerge --root WORK/machine list 4-vendor site\ | => site files
bootmerge --root WORK/machine list "si| => site files
bootmerge list --root=WORK/machine --class=sysext | => tools, tracer
bootmerge --class sysext --root WORK/machine list --verbose tr| => tracer
bootmerge --root=WORK/my\ root list | => home
bootmerge --root='WORK/my root' --class=sysext list | => lab
bootmerge --root "WORK/my root" --class=all list | => home, lab
bootmerge --root=WORK/a:b list | => colon
bootmerge --root=WORK/machine check 3| => 30-site
bootmerge --root=WORK/machine --class=sysext check | => tools, tracer
bootmerge check WORK/machine/var/lib/confexts/3| => 30-site
bootmerge --root=WORK/other list | =>
bootmerge --root=WORK/missing list | =>
bootmerge --root=WORK/machine status | =>
CASES

sed "s,| =>.*,,; s,WORK,$work,g" "$work/cases" >"$work/lines"
sed 's,.*=> *,,' "$work/cases" >"$work/wanted"
mapfile -t lines <"$work/lines"
mapfile -t wanted <"$work/wanted"

for shell in bash zsh fish; do
    offers "$shell" "$destdir" <"$work/lines" >"$work/offered" || not_ok "$shell: cannot be asked"
    mapfile -t offered < <(
        awk '$0 == "." { print row; row = ""; next } { row = row (row == "" ? "" : ", ") $0 }' "$work/offered")
    for i in "${!lines[@]}"; do
        name="$shell: ${lines[i]//$work/WORK}|"
        if [ "${offered[i]-nothing was asked}" = "${wanted[i]}" ]; then
            ok "$name"
        else
            not_ok "$name: wanted '${wanted[i]}', offered '${offered[i]-}'"
        fi
    done
done
finish
