#!/bin/bash
# Everything that can be done with a checkout, see usage() below. Runs on Debian 12 or 13 with the .NET SDK 10. Other
# packages that a verb needs are installed with apt if the user is root; otherwise the command to install them is
# printed. Caches (Debian roots, initramfs bases) are outside the checkout, in
# ${XDG_CACHE_HOME:-$HOME/.cache}/bootmerge.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 # without it .NET does not start where libicu is missing
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin     # `su` gives root the PATH of the user before
umask 022
[ -n "${HOME-}" ] || { unset HOME; export HOME=~; } # from the list of users
. tests/stages.sh
. tests/soak.sh
. tests/session.sh

size_ceiling=$((160 * 1024 * 1024 / 100)) # 1.60 MiB

usage() {
    cat <<'USAGE'
usage: ./build.sh VERB

  build [arm64]     out/bootmerge: the program, one static file; arm64: out/bootmerge-arm64, for that architecture
  demo [--boot]     build, and show in a private mount namespace what it does; --boot: in a machine that boots in QEMU
  test [STAGE...]   all checks, or some stages of them; the last line is `N passed, N failed`
  soak [PART...]    the long runs of some tests: arm64, boots, demo, differential, flatcar, fresh, fuzz, images,
                    mkosi, packages, powercut, release, storm, sweep, verity; all unless named; two at a time, with
                    logs in out/soak/; each says how it ended and how long it took
  boot-test [CASE]  boot QEMU machines with a real initramfs; cases: tests/boot/cases; of another architecture:
                    arm64/daily
  docs              updates what the documents show of real runs: a recording of the demo, outputs of commands
  install DESTDIR [arm64]
                    the program, its man pages and shell completions, the dracut module, and bootmerge-boot-test
  cpio [arm64]      out/bootmerge.cpio: appended to any systemd initramfs, makes it merge at boot
  release           out/release/: packages and archives of what is committed, for amd64 and arm64

stages of test, in this order:
USAGE
    list_stages
}

# The package that contains a tool.
declare -A package=(
    [gcc]=gcc [musl-gcc]=musl-tools [ld.lld]=lld [objcopy]=binutils [readelf]=binutils
    [unshare]=util-linux [findmnt]=util-linux [flock]=util-linux [mount]=mount [losetup]=mount
    [git]=git [shellcheck]=shellcheck [strace]=strace [mmdebstrap]=mmdebstrap [cpio]=cpio
    [qemu-system-x86_64]=qemu-system-x86
    [mkfs.erofs]=erofs-utils [mksquashfs]=squashfs-tools [mke2fs]=e2fsprogs [e2fsck]=e2fsprogs
    [xz]=xz-utils [setfattr]=attr [setfacl]=acl
    [scdoc]=scdoc [man]=man-db [groff]=groff-base [zsh]=zsh [fish]=fish
    [/usr/share/bash-completion/bash_completion]=bash-completion
    [mkfs.ext4]=e2fsprogs [mkfs.xfs]=xfsprogs [mkfs.btrfs]=btrfs-progs
    [sfdisk]=fdisk
    [/usr/share/keyrings/debian-archive-keyring.gpg]=debian-archive-keyring
    [/usr/include/stdlib.h]=libc6-dev [/usr/include/linux/openat2.h]=linux-libc-dev [depmod]=kmod
    [clang]=clang [aarch64-linux-gnu-objcopy]=binutils-aarch64-linux-gnu
    [/usr/lib/aarch64-linux-musl/libc.a]=musl-dev:arm64
    [qemu-aarch64-static]=qemu-user-static [qemu-system-aarch64]=qemu-system-arm
    [dpkg-buildpackage]=dpkg-dev [dh]=debhelper [lintian]=lintian [rpmbuild]=rpm [jq]=jq [setpriv]=util-linux
    [zstd]=zstd [lz4]=lz4 [/usr/include/seccomp.h]=libseccomp-dev [makepkg]=makepkg [bsdtar]=libarchive-tools
)
build_tools="musl-gcc gcc ld.lld objcopy"
docs_tools="cpio scdoc man groff zsh fish /usr/share/bash-completion/bash_completion"
boot_tools="gcc /usr/include/stdlib.h unshare flock mount mmdebstrap /usr/share/keyrings/debian-archive-keyring.gpg"
release_tools="git dpkg-buildpackage dh lintian rpmbuild jq xz scdoc cpio"
boot_tools+=" cpio depmod qemu-system-x86_64 mkfs.erofs mksquashfs mke2fs e2fsck sfdisk xz zstd lz4"

# need_dotnet: checks for .NET, and tells the test programs where it is. They look only in DOTNET_ROOT and in
# Microsoft's own place.
need_dotnet() {
    local version
    version=$(sed -n 's/.*"sdk".*"version": "\([^"]*\)".*/\1/p' global.json)
    command -v dotnet >/dev/null || {
        echo "build.sh: the .NET SDK is missing (program 'dotnet')." \
            "Install version $version, or a later patch of it." >&2
        exit 1
    }
    [ -z "${DOTNET_ROOT-}" ] || return 0
    DOTNET_ROOT=$(dotnet --list-sdks | sed -n 's,.* \[\(.*\)/sdk\]$,\1,p' | tail -n 1)
    export DOTNET_ROOT
}

# need TOOL...: installs the missing ones.
need() {
    local tool missing=()
    need_dotnet
    for tool; do
        command -v "$tool" >/dev/null || [ -e "$tool" ] || missing+=("${package[$tool]}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
    if [ "$(id -u)" != 0 ]; then
        echo "build.sh: packages are missing. Install them, then try again:" >&2
        echo "    sudo apt-get install --yes --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    echo "build.sh: installing ${missing[*]}" >&2
    install_packages "${missing[@]}" 2>/dev/null && return
    # There are no package lists, or old ones. If a source does not answer, it may not be needed for these packages.
    apt-get -qq update >&2 || true
    install_packages "${missing[@]}" || {
        echo "build.sh: apt cannot install: ${missing[*]}. Its messages are above;" \
            "without a network, install them first." >&2
        exit 1
    }
}
# If another apt is running, this waits for it.
install_packages() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends \
        "$@" >/dev/null
}
# need_arm64 TOOL...: these, and what building for arm64 on another machine needs. musl for arm64 is a package of that
# architecture, which dpkg must be told about.
need_arm64() {
    local version libgcc headers=/usr/include/aarch64-linux-gnu/asm/unistd.h
    if ! { dpkg --print-architecture; dpkg --print-foreign-architectures; } | grep -x arm64 >/dev/null; then
        if [ "$(id -u)" != 0 ]; then
            echo "build.sh: musl-dev of arm64 is needed. Allow packages of that architecture, then try again:" >&2
            echo "    sudo dpkg --add-architecture arm64 && sudo apt-get update" >&2
            exit 1
        fi
        echo "build.sh: allowing packages of arm64, for its musl-dev (dpkg --add-architecture arm64)" >&2
        dpkg --add-architecture arm64
        apt-get -qq update >&2
    fi
    need gcc
    version=$(gcc -dumpversion)
    libgcc=/usr/lib/gcc-cross/aarch64-linux-gnu/${version%%.*}/libgcc.a
    package[$libgcc]=libgcc-${version%%.*}-dev-arm64-cross
    # In Debian 13 one package has the kernel headers of all architectures.
    [ -e $headers ] || headers=/usr/aarch64-linux-gnu/include/asm/unistd.h
    package[$headers]=linux-libc-dev-arm64-cross
    need clang ld.lld aarch64-linux-gnu-objcopy /usr/lib/aarch64-linux-musl/libc.a "$libgcc" "$headers" "$@"
}
need_root() { [ "$(id -u)" = 0 ] || { echo "build.sh: '$1' mounts file systems: run it as root." >&2; exit 1; }; }

# program_of [ARCHITECTURE]: where `build` puts the program.
program_of() {
    case ${1-} in
    '' | amd64) echo out/bootmerge ;;
    arm64) echo out/bootmerge-arm64 ;;
    *) usage >&2; exit 2 ;;
    esac
}

# build [ARCHITECTURE]: builds the program, and beside it a file with its symbols for a debugger.
build() {
    local program runtime=()
    program=$(program_of "$@")
    case ${1-} in
    arm64)
        need_arm64
        runtime=(-r linux-arm64)
        ;;
    *)
        # shellcheck disable=SC2086  # a list of words
        need $build_tools
        ;;
    esac
    mkdir -p out
    rm -f "$program" "$program.dbg"
    # MSBuild runs commands from a script in TMPDIR, whose path it does not quote; --output treats commas and semicolons
    # specially.
    [[ ${TMPDIR-} != *[^[:alnum:]/._-]* ]] || local -x TMPDIR=/tmp
    # The analyzers are for the stage style: here they would take more than half of the time.
    dotnet publish src/BootMerge -c Release "${runtime[@]}" -v quiet -p:RunAnalyzers=false \
        -p:PublishDir=../../out/publish/ >&2
    install -m755 out/publish/bootmerge "$program"
    install -m644 out/publish/bootmerge.dbg "$program.dbg"
    rm -rf out/publish
    echo "$program: $(stat -c %s "$program") bytes" >&2
}

# out/man: the pages, made from their sources in man/.
make_man() {
    need scdoc
    local source changed
    rm -rf out/man # a page that has gone
    mkdir -p out/man
    for source in man/*.scd; do
        # For man: the page has tables. For groff: no hyphenation, which breaks paths and options, and no justified
        # margin.
        changed=$(stat -c %Y "$source")
        {
            printf '%s\n' "'\\\" t" '.nr HY 0' '.ds AD l'
            SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH-$changed} scdoc <"$source"
        } >"out/man/$(basename "$source" .scd)"
    done
}

# install_to DESTDIR [PROGRAM]
install_to() {
    make_man
    install -D -m755 "${2-out/bootmerge}" "$1/usr/sbin/bootmerge"
    install -D -m644 -t "$1/usr/share/doc/bootmerge" LICENSE THIRD-PARTY-NOTICES.md
    install -D -m644 -t "$1/usr/share/man/man8" out/man/*.8
    install -D -m644 -t "$1/usr/share/man/man7" out/man/*.7
    install -D -m644 -t "$1/usr/share/man/man1" out/man/*.1
    install -D -m644 -t "$1/usr/share/man/man5" out/man/*.5
    install -D -m644 -t "$1/usr/share/bash-completion/completions" completions/bash/bootmerge
    install -D -m644 -t "$1/usr/share/fish/vendor_completions.d" completions/bootmerge.fish
    # Every zsh reads another directory for packages: upstream's is site-functions, Debian's vendor-completions.
    install -D -m644 -t "$1/usr/share/zsh/site-functions" completions/_bootmerge
    install -d "$1/usr/share/zsh/vendor-completions"
    ln -sf ../site-functions/_bootmerge "$1/usr/share/zsh/vendor-completions/_bootmerge"
    local modules=$1/usr/lib/dracut/modules.d
    install -d "$modules/50bootmerge"
    install -m644 -t "$modules/50bootmerge" dracut-module/50bootmerge/*
    chmod 755 "$modules/50bootmerge/module-setup.sh"
    # Version 0.1.0 had the module under another number, and dracut would use both. Files there that are not ours stay.
    [ ! -d "$modules/99bootmerge" ] || (
        cd "$modules/99bootmerge"
        rm -f module-setup.sh bootmerge.conf bootmerge.service bootmerge-pre-pivot.sh systemd-sysroot.conf
        rmdir --ignore-fail-on-non-empty "$PWD"
    )
    install -D -m755 tools/bootmerge-boot-test "$1/usr/bin/bootmerge-boot-test"
    install_sideload "$1/usr/lib/bootmerge/sideload.cpio"
    # For the hooks of initramfs-tools and mkinitcpio: the dracut module's settings.
    install -m644 dracut-module/50bootmerge/bootmerge.conf "$1/usr/lib/bootmerge/initramfs.conf"
}
install_sideload() { # what bootmerge-boot-test adds to an initramfs, with the program
    need cpio
    local tree
    tree=$(mktemp -d)
    sideload_tree "$tree"
    install -d "$(dirname "$1")"
    pack_tree "$tree" "$1"
    chmod 644 "$1"
    rm -rf "$tree"
}

# The sideloaded archive without the program, put into the directory TREE. dracut keeps its hooks in /lib/dracut/hooks,
# newer versions in /var/lib/dracut/hooks. Under systemd the unit merges, and the hook does nothing.
sideload_tree() {
    local tree=$1 module=dracut-module/50bootmerge units=usr/lib/systemd/system class links hooks
    install -D -m644 $module/bootmerge.conf "$tree/usr/lib/bootmerge.conf"
    install -D -m644 -t "$tree/$units" $module/bootmerge.service $module/bootmerge-late.service
    for class in confext sysext; do
        install -D -m644 $module/systemd-sysroot.conf "$tree/$units/systemd-$class-sysroot.service.d/50-bootmerge.conf"
    done
    for links in initrd.target.wants initrd-parse-etc.service.requires; do
        install -d "$tree/$units/$links"
        ln -s ../bootmerge.service "$tree/$units/$links/bootmerge.service"
    done
    ln -s ../bootmerge-late.service "$tree/$units/initrd.target.wants/bootmerge-late.service"
    for hooks in usr/lib/dracut/hooks var/lib/dracut/hooks; do
        install -D -m755 $module/bootmerge-pre-pivot.sh "$tree/$hooks/pre-pivot/90-bootmerge.sh"
    done
}

# pack_tree TREE ARCHIVE. An initramfs may have symlinks for bin, sbin and lib, and with dracut 104 to 107 one for its
# hooks. A directory entry in the archive would replace such a symlink, and all hooks would be lost. So the archive has
# only files, and those directories that an initramfs with systemd or of dracut may lack. The kernel skips files whose
# directory does not exist.
pack_tree() {
    local pad
    # In a release everything has the commit's time.
    [ -z "${SOURCE_DATE_EPOCH-}" ] || find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . -mindepth 1 -printf '%P\n' |
        grep -vxE 'usr|usr/sbin|usr/lib|usr/lib/systemd(/system)?|var|var/lib|(usr|var)/lib/dracut(/hooks)?' |
        LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$2"
    # Archives are appended to one another, so each must end at a multiple of four bytes.
    pad=$((-$(stat -c %s "$2") & 3))
    head -c "$pad" /dev/zero >>"$2"
}

# make_cpio [PROGRAM]: the default is out/bootmerge; the archive is PROGRAM.cpio.
make_cpio() {
    need cpio
    local program=${1-out/bootmerge} tree
    tree=$(mktemp -d)
    sideload_tree "$tree"
    install -D -m755 "$program" "$tree/usr/sbin/bootmerge"
    pack_tree "$tree" "$program.cpio"
    rm -rf "$tree"
    echo "$program.cpio: $(stat -c %s "$program.cpio") bytes" >&2
}

# release [DIRECTORY]: a release of HEAD, made in a copy in which everything has the commit's time.
release() {
    # shellcheck disable=SC2086  # lists of words
    need_arm64 $build_tools $release_tools
    local directory=${1-out/release} copy commit
    commit=$(git rev-parse --short HEAD)
    [ -z "$(git status --porcelain)" ] || echo "build.sh: the release does not contain uncommitted changes" >&2
    git describe --exact-match --tags --match "v$(packaging/version.sh)" HEAD >/dev/null 2>&1 ||
        echo "build.sh: $commit is not tagged v$(packaging/version.sh): do not publish this release" >&2
    mkdir -p "$(dirname "$directory")"
    rm -rf "$directory"
    copy=$(mktemp -d "${TMPDIR:-/var/tmp}/bootmerge-release.XXXXXX")
    mkdir "$copy/bootmerge"
    git archive HEAD | tar -x -C "$copy/bootmerge"
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct HEAD) "$copy/bootmerge/packaging/release.sh" "$directory" ||
        { rm -rf "$copy"; return 1; }
    rm -rf "$copy"
    (cd "$directory" && stat -c '%s %n' -- *) >&2
}

case ${1-} in
test | soak | boot-test)
    if [ -z "${BUILD_SH_SESSION-}" ]; then
        BUILD_SH_SESSION=yes in_session ./build.sh "$@"
        exit
    fi
    ;;
esac
verb=${1-}
shift || true
case $verb in
build) build "$@" ;;
demo)
    case $*/$# in /0 | --boot/1) ;; *) usage >&2; exit 2 ;; esac
    need_root demo
    # shellcheck disable=SC2086  # a list of words
    need findmnt unshare mount ${1+$boot_tools}
    build
    [ $# = 1 ] || exec demo/run.sh out/bootmerge
    make_cpio
    exec demo/boot.sh out/bootmerge
    ;;
test) run_tests "$@" ;;
soak) soak "$@" ;;
boot-test)
    need_root boot-test
    # shellcheck disable=SC2086  # a list of words
    need $boot_tools
    build
    make_cpio
    case " $* " in *" arm64/"*) need_arm64 qemu-system-aarch64; build arm64; make_cpio out/bootmerge-arm64 ;; esac
    tests/boot/run.sh "$@"
    ;;
docs)
    need_root docs
    need unshare mount findmnt
    build
    install_to out/docs
    tests/docs/pictures.sh --write
    tests/docs/demo.sh out/docs --write
    tests/docs/commands.sh out/docs --write
    rm -rf out/docs
    ;;
install)
    [ $# = 1 ] || [ $# = 2 ] || { usage >&2; exit 2; }
    program=$(program_of "${@:2}")
    [ -e "$program" ] || build "${@:2}"
    install_to "$1" "$program"
    ;;
cpio)
    program=$(program_of "$@")
    [ -e "$program" ] || build "$@"
    make_cpio "$program"
    ;;
release) release "$@" ;;
--help | -h | help) usage ;;
*) usage >&2; exit 2 ;;
esac
