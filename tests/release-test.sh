#!/bin/bash
# release-test.sh: what a release relies on and can be tested without building: one version, a well-formed changelog,
# and hooks that are valid shell.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/docs/shells.sh
# is NAME WANTED FOUND
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: wanted '$2', found '$3'"; fi; }

version=$(packaging/version.sh)
is "the version is three numbers" "$version" "$(grep -xE '[0-9]+\.[0-9]+\.[0-9]+' <<<"$version" || true)"
is "no package names a version of its own" "" "$(grep -rnE "(^|[^0-9.])${version//./\\.}([^0-9.]|$)" packaging || true)"
# The file names that the guides tell people to type must exist.
is "the guides name the packages of this version" "" "$(grep -noE 'bootmerge[a-z-]*[-_][0-9]+\.[0-9]+\.[0-9]+' \
    docs/debian.md docs/fedora.md examples/*/README.md | grep -vE "[-_]${version//./\\.}$" || true)"

# Keep a Changelog: changes to come are on top, then the releases, newest first. This version is the newest, or to come.
mapfile -t headings < <(grep '^## ' CHANGELOG.md)
released=()
for heading in "${headings[@]:1}"; do
    if [[ $heading =~ ^"## ["([0-9]+\.[0-9]+\.[0-9]+)"] - "[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]; then
        released+=("${BASH_REMATCH[1]}")
    else
        not_ok "CHANGELOG.md: '$heading' is not '## [VERSION] - DATE'"
    fi
done
is "CHANGELOG.md begins with what is not released" "## [Unreleased]" "${headings[0]-}"
is "CHANGELOG.md has the newest release first" "$(printf '%s\n' "${released[@]}" | sort -Vr)" \
    "$(printf '%s\n' "${released[@]}")"
is "no release is newer than this version" "$version" \
    "$(printf '%s\n' "$version" "${released[@]}" | sort -V | tail -n 1)"
is "CHANGELOG.md has no other kinds of changes" "" \
    "$(grep '^### ' CHANGELOG.md | grep -vxE '### (Added|Changed|Deprecated|Removed|Fixed|Security)' || true)"

# Among shells, dash comes closest to those of an initramfs.
for script in packaging/initramfs-tools/*.sh packaging/mkinitcpio/hook.sh; do
    if dash -n "$script"; then ok "$script is shell"; else not_ok "$script is shell"; fi
done

# Runs mkinitcpio's hook with stand-ins for its functions, in an initramfs with systemd and in one without.
# shellcheck disable=SC2016  # expanded by that shell
takes() {
    bash -euc 'for name in add_binary add_file add_module add_symlink add_runscript; do
            eval "$name() { echo $name \"\$*\"; }"
        done
        BUILDROOT=$1; . packaging/mkinitcpio/install.sh; build' bash "$1" | grep -c "$2"
}
buildroot=$(mktemp -d)
trap 'rm -rf "$buildroot"' EXIT
is "mkinitcpio's hook has a script without systemd" 1 "$(takes "$buildroot" 'add_runscript')"
mkdir -p "$buildroot/usr/lib/systemd/system"
: >"$buildroot/usr/lib/systemd/system/initrd.target"
is "and units, which its links start, with it" 7 "$(takes "$buildroot" 'add_\(file\|symlink\) .*\.\(service\|d/50-\)')"
missing=$(bash -euc 'add_binary() { :; }; add_module() { :; }; add_symlink() { :; }
    add_file() { case $1 in
        /usr/lib/dracut/modules.d/*) [ -e "dracut-module/${1#/usr/lib/dracut/modules.d/}" ] || echo "$1" ;;
    esac; }
    BUILDROOT=$1; . packaging/mkinitcpio/install.sh; build' bash "$buildroot")
is "the files that it takes of the dracut module are there" "" "$missing"
finish
