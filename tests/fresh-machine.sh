#!/bin/bash
# fresh-machine.sh [--cold] SUITE [STAGE...]: runs `./build.sh demo` and `./build.sh test [STAGE...]` on a machine that
# has only a bare Debian (12 or 13), the .NET SDK with the packages that it depends on, and a clone of this checkout's
# HEAD. build.sh must install whatever else is needed.
#
# The machine is a root directory made for this run, with mounts and processes of its own; all of it is removed at the
# end. Devices, the SDK (read-only), and the caches of build.sh and NuGet come from outside; --cold leaves the caches
# out. FRESH_SHELL=1 starts a shell in it instead. FRESH_ALSO='VERB ARGUMENT; VERB' runs these verbs of build.sh after
# the test. The logs stay in out/fresh-SUITE-*.log. At an interrupt, TERM or HUP all of it ends at once.
set -euo pipefail

# inside ROOT COMMAND...: sets up the mounts and executes the command in the root. It is PID 1 of its namespace.
inside() {
    local root=$1
    shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount --bind "$sdk" "$root/usr/lib/dotnet"
    mount -o remount,bind,ro "$root/usr/lib/dotnet"
    if [ -n "$warm" ]; then
        mount --bind "${XDG_CACHE_HOME:-$HOME/.cache}/bootmerge" "$root/root/.cache/bootmerge"
        mount --bind "${NUGET_PACKAGES:-$HOME/.nuget/packages}" "$root/root/.nuget/packages"
    fi
    cd "$root"
    mount --move . / # so that "/" is a mount point, as on a machine
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        ${no_proxy:+no_proxy="$no_proxy"} chroot . "$@"
}

if [ "${1-}" = --inside ]; then
    shift
    inside "$@"
fi

repo=$(realpath "$(dirname "$0")/..")
. "$repo/tests/mirror.sh"
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

export warm=1 sdk
if [ "${1-}" = --cold ]; then
    warm=
    shift
fi
case ${1-} in
12 | bookworm) suite=bookworm packages=libicu72,libssl3 ;;
13 | trixie) suite=trixie packages=libicu76,libssl3t64 ;;
*) die "usage: ${0##*/} [--cold] 12|13 [STAGE...]" ;;
esac
shift
# The packages that Microsoft's documentation lists for Debian, and git, which made the clone.
packages+=,ca-certificates,libc6,libgcc-s1,libstdc++6,tzdata,zlib1g,git

[ "$(id -u)" = 0 ] || die "must run as root"
for tool in mmdebstrap unshare git dotnet; do command -v $tool >/dev/null || die "missing $tool"; done
sdk=$(dotnet --list-sdks | sed -n 's,.* \[\(.*\)/sdk\]$,\1,p' | tail -n 1)
[ -x "$sdk/dotnet" ] || die "no .NET SDK: 'dotnet --list-sdks' names none"
mirror=$(mirror)

# apart COMMAND...: runs it with mounts and processes of its own, in the background, because bash does not look at
# signals until a command in the foreground has ended.
unshared=
apart() {
    local status=0
    unshare --mount --propagation private --pid --fork --kill-child "$@" <&0 &
    unshared=$!
    wait "$unshared" || status=$?
    unshared=
    return $status
}
# stop SIGNAL: ends it, and this script. When PID 1 of the processes is killed, the kernel kills the others, and only
# when all have ended does unshare end, which ignores signals until then. The mounts go with the last process.
# shellcheck disable=SC2317  # called by trap
stop() {
    local first=
    trap '' INT TERM HUP
    if [ -n "$unshared" ]; then
        { read -r first <"/proc/$unshared/task/$unshared/children"; } 2>/dev/null || true
        kill -KILL "${first:-$unshared}" 2>/dev/null || true
        wait "$unshared" || true
    fi
    exit $((128 + $(kill -l "$1")))
}
for signal in INT TERM HUP; do
    # shellcheck disable=SC2064  # the signal's name now
    trap "stop $signal" $signal
done

work=$(mktemp -d "${TMPDIR:-/var/tmp}/bootmerge-fresh.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root
say "making a bare $suite from $mirror"
apart --mount-proc mmdebstrap --mode=root --variant=minbase --include="$packages" --aptopt='Acquire::Languages "none"' \
    "$suite" "$root" "$mirror" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "mmdebstrap failed"; }
cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || # may hold the one of a proxy
    cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
mkdir -p "$root/usr/lib/dotnet" "$root/root/.cache/bootmerge" "$root/root/.nuget/packages"
[ -z "$warm" ] || mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/bootmerge" "${NUGET_PACKAGES:-$HOME/.nuget/packages}"
ln -s ../lib/dotnet/dotnet "$root/usr/bin/dotnet"
# Through a bundle, because git does not clone another user's directory.
git -C "$repo" -c safe.directory='*' bundle create -q "$work/head.bundle" HEAD
git -c advice.detachedHead=false clone -q "$work/head.bundle" "$root/root/bootmerge"
[ -z "$(git -C "$repo" -c safe.directory='*' status --porcelain)" ] || say "uncommitted changes are not tested"

# shellcheck disable=SC2016  # expanded by that shell
in_clone=("$0" --inside "$root" bash -c 'cd /root/bootmerge; "$@"' bash)
if [ -n "${FRESH_SHELL-}" ]; then
    trap - INT TERM HUP # the terminal's signals are for the shell
    unshare --mount --propagation private --pid --fork --kill-child "${in_clone[@]}" bash
    exit
fi

mkdir -p "$repo/out"
status=0
# run NAME COMMAND...: prints its last lines, and whether it passed.
run() {
    local log=$repo/out/fresh-$suite-$1.log result=passed started=$SECONDS
    say "$suite: ${*:2} (log: ${log#"$repo"/})"
    apart "${in_clone[@]}" "${@:2}" </dev/null >"$log" 2>&1 || result=FAILED status=1
    tail -n 12 "$log"
    grep -a '^FAIL' "$log" || true
    echo "fresh $suite, $1: $result, $((SECONDS - started)) s"
}
run demo ./build.sh demo
run test ./build.sh test "$@"
IFS=';' read -ra also <<<"${FRESH_ALSO-}"
for verb in "${also[@]}"; do
    read -ra words <<<"$verb"
    run "${words[0]}" ./build.sh "${words[@]}"
done
exit $status
