# shellcheck shell=bash disable=SC2154  # build.sh assigns what is not assigned here
# Sourced by build.sh: `./build.sh test [STAGE...]`. A stage is a function stage_NAME and a line in `stages`. Whatever
# the chosen stages need is built once. Logs: out/test/.

# In the order in which they begin, each with what `--help` says about it. First those that start machines, which run on
# beside all others.
stages=(program verity boot arm64 style unit docs kernel differential)
declare -A about=(
    [program]="out/bootmerge: its size, static, runs alone"
    [style]="the solution builds without warnings, formatting, shellcheck"
    [unit]="tests of what changes nothing, and of the scripts"
    [docs]="manual pages, completions, links; after 'program' also the documents' commands and the demo (root)"
    [kernel]="real mounts in a private namespace, in two processes side by side (root)"
    [differential]="the same steps under systemd's programs (root)"
    [verity]="images with dm-verity and signatures, in QEMU machines, beside systemd (root)"
    [boot]="QEMU machines with a real initramfs (root)"
    [arm64]="what can be tested of arm64 on another machine, where its system is cached (soak arm64 makes it; root)"
    [fast]="style, unit, docs: about a minute"
)
fast=(style unit docs)

# What each stage needs: names of tools, see `package` in build.sh, and lists of them.
image_tools="mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.erofs mksquashfs"
inject_tools="gcc /usr/include/stdlib.h /usr/include/seccomp.h" # compiles the kernel tests' inject.c
tools_of() {
    case $1 in
    style) echo shellcheck ;;
    unit) echo "mmdebstrap zstd gcc musl-gcc /usr/include/linux/openat2.h" ;;
    program) echo "$build_tools readelf" ;;
    docs) echo "$docs_tools unshare mount findmnt" ;;
    kernel) echo "$build_tools $inject_tools strace findmnt setfattr setfacl sfdisk losetup $image_tools" ;;
    differential) echo "$build_tools mmdebstrap flock sfdisk losetup $image_tools" ;;
    verity) echo "$build_tools $boot_tools $image_tools" ;;
    boot) echo "$build_tools $boot_tools" ;;
    arm64) ! arm64_is_cached || echo "$build_tools $boot_tools readelf" ;;
    esac
}

list_stages() {
    local stage
    for stage in "${stages[@]}" fast; do printf '    %-14s  %s\n' "$stage" "${about[$stage]}"; done
}

passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok $1"; }
not_ok() { failed=$((failed + 1)); echo "FAIL $1"; }

# strictly COMMAND...: runs it and sets `status`. It ends at the first command that fails; inside `if` it would not.
strictly() {
    set +e
    (set -e; "$@")
    status=$?
    set -e
}

# check NAME COMMAND...: passes if the command succeeds.
check() {
    local name=$1 status
    shift
    strictly "$@"
    if [ "$status" = 0 ]; then ok "$name"; else not_ok "$name"; fi
}

# must NAME COMMAND...: the same, but a failure ends the run, because everything after it depends on it.
must() {
    local before=$failed
    check "$@"
    [ "$failed" = "$before" ] || conclude
}

# If nothing was tested, that is not a success either.
conclude() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ] || exit 1
    exit 0
}

# counts LOG: how many passed, how many failed, by the last count in it, in one of the forms
#     N passed, N failed                                                  tests/boot/run.sh
#     Total: N, Errors: N, Failed: N, Skipped: N, Not Run: N, ...         xunit's own runner
#     failed: N / succeeded: N / skipped: N                               Microsoft.Testing.Platform
# A skipped test is a failed one.
counts() {
    sed 's/\x1b\[[0-9;]*m//g; s/[:,]/ /g' "$1" | awk '
        $2 == "passed" && $4 == "failed" { good = $1; bad = $3 }
        $2 == "Total" && $4 == "Errors" { good = $3 - $7 - $9 - $12; bad = $5 + $7 + $9 + $12 }
        $1 == "failed" && NF == 2 { bad = $2 }
        $1 == "succeeded" && NF == 2 { good = $2 }
        $1 == "skipped" && NF == 2 { bad += $2 }
        END { print good + 0, bad + 0 }'
}

declare -A pid_of=() shower_of=() begun=()
suite_logs=out/test

# begin NAME COMMAND...: starts a program that counts its own tests, in the background. Its output is shown line by
# line, with its name if another one runs beside it.
begin() {
    local name=$1 log=$suite_logs/$1.log prefix=
    shift
    echo "== $name"
    begun[$name]=$SECONDS
    : >"$log"
    "$@" </dev/null >>"$log" 2>&1 &
    pid_of[$name]=$!
    [ -z "${side_by_side-}" ] || prefix="$name: "
    tail -q -n +1 -f -s 0.2 --pid="${pid_of[$name]}" "$log" | sed -u "s/^/$prefix/" &
    shower_of[$name]=$!
}

# finish NAME: waits for it and reads its count. A program that fails, or counts nothing, has failed.
finish() {
    local name=$1 status=0 good bad
    wait "${pid_of[$name]}" || status=$?
    wait "${shower_of[$name]}" || true
    unset "pid_of[$name]"
    read -r good bad < <(counts "$suite_logs/$name.log")
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$good" = 0 ]; }; then
        bad=1
        echo "FAIL $name: the program ended with status $status, $good passed"
    fi
    passed=$((passed + good)) failed=$((failed + bad))
    echo "$name: $good passed, $bad failed, $((SECONDS - begun[$name])) s"
}

# suite NAME COMMAND...: begin and finish.
suite() { begin "$@"; finish "$1"; }

# pair NAME COMMAND WORD... -- NAME COMMAND WORD...: runs two suites side by side; neither result affects the other.
pair() {
    local side_by_side=yes first=()
    while [ "$1" != -- ]; do first+=("$1"); shift; done
    shift
    begin "${first[@]}"
    begin "$@"
    finish "${first[0]}"
    finish "$1"
}

# beside NAME COMMAND...: a suite that runs in parallel with all that follows, until `beside_all`. Meant for suites that
# start machines. They come one after the other, because each runs two machines at a time.
besides=()
beside() {
    local side_by_side=yes before=
    [ ${#besides[@]} = 0 ] || before=${pid_of[${besides[-1]}]}
    begin "$1" after "$before" "${@:2}"
    besides+=("$1")
}
# after PID COMMAND...: runs it when that process, if any, has ended.
after() {
    local status=0 started
    [ -z "$1" ] || tail -f /dev/null -s 0.2 --pid="$1"
    started=$SECONDS
    "${@:2}" || status=$?
    echo "took $((SECONDS - started)) s"
    return "$status"
}
beside_all() {
    local name
    for name in "${besides[@]}"; do finish "$name"; done
    besides=()
}

# is_small PROGRAM CEILING
is_small() { [ "$(stat -c %s "$1")" -le "$2" ]; }
# is_static PROGRAM
is_static() { ! readelf -ldW "$1" | grep -E 'INTERP|NEEDED'; }
# runs_alone PROGRAM [EMULATOR]: it runs as the only file apart from the emulator: no library, no /proc, no /dev
runs_alone() {
    local empty version emulator=()
    empty=$(mktemp -d)
    cp "$1" "$empty/bootmerge"
    [ $# = 1 ] || { cp "$(command -v "$2")" "$empty/emulator" && emulator=(/emulator); }
    version=$(chroot "$empty" "${emulator[@]}" /bootmerge --version)
    rm -rf "$empty"
    [ -n "$version" ]
}

# Builds everything. Warnings of the compiler, the analyzers and the style rules are errors.
solution() {
    [ -z "${is_solution_built-}" ] || return 0
    is_solution_built=yes
    must "the solution builds, with analyzers" dotnet build BootMerge.sln -c Release -v quiet
}
program() {
    [ -z "${is_program_built-}" ] || return 0
    is_program_built=yes
    must "out/bootmerge is built" build
}
# The program of a test project that `solution` has built.
tests_of() { echo "$1/bin/Release/net10.0/$2"; }

# are_narrow: the lines of scripts, C, manual pages and all else that people write here. Not C# and Markdown:
# tests/docs/prose.sh has their rules. Not tests/boot/cases and rows of scdoc's tables. Not base.sh: its hash names the
# cached bases, so a change would make them again.
are_narrow() {
    find build.sh bench completions demo dracut-module man packaging src/BootMerge/Native tests tools \
        \( -name bin -o -name obj \) -prune \
        -o -type f ! -name '*.cs' ! -name '*.md' ! -path tests/boot/cases ! -path tests/boot/base.sh \
        -exec awk 'length > 120 && !(FILENAME ~ /\.scd$/ && /^[|:][[<]/) {
            print FILENAME ":" FNR ": more than 120 columns"
        }' {} + | grep . && return 1
    return 0
}

# each_alone COMMAND FILE...: for each file, two at a time.
each_alone() { printf '%s\0' "${@:2}" | xargs -0 -n1 -P2 "$1"; }

stage_style() {
    local scripts format formatted=0
    solution
    # `format style` and `format analyzers` would only find what the build has found.
    dotnet format whitespace BootMerge.sln --verify-no-changes --no-restore >out/test/format.log 2>&1 &
    format=$!
    mapfile -t scripts < <(find . \( -name out -o -name bin -o -name obj \) -prune -o -name '*.sh' -print)
    scripts+=(.ci/run completions/bash/bootmerge tools/bootmerge-boot-test)
    check "shellcheck" each_alone shellcheck "${scripts[@]}"
    check "lines of at most 120 columns" are_narrow
    wait "$format" || { formatted=$?; cat out/test/format.log; }
    check "dotnet format whitespace" [ "$formatted" = 0 ]
}

stage_unit() {
    solution
    suite scripts tests/mirror-test.sh
    suite needs tests/needs-test.sh
    suite cases tests/cases-test.sh
    suite stages tests/stages-test.sh
    suite boot-test tests/boot-test-test.sh
    suite release tests/release-test.sh
    suite unit "$(tests_of tests/BootMerge.Tests BootMerge.Tests)"
}

stage_program() {
    program
    check "at most $size_ceiling bytes" is_small out/bootmerge "$size_ceiling"
    check "no dynamic linking" is_static out/bootmerge
    check "runs in an empty root" runs_alone out/bootmerge
}

# Without the stage `program`, the same code runs on the .NET runtime: linking takes longer than all of `fast` may.
stage_docs() {
    local destdir=out/test/destdir
    [ -n "${is_program_built-}" ] || solution
    must "install" install_for_docs "$destdir"
    pair docs tests/docs/check.sh "$destdir" -- completions tests/docs/completions.sh "$destdir"
    # Only with the program itself: on the .NET runtime, the documents' hundred commands take too long for `fast`.
    [ -n "${is_program_built-}" ] || return 0
    suite commands tests/docs/commands.sh "$destdir"
    suite demo tests/docs/demo.sh "$destdir"
}
install_for_docs() {
    # Installs over version 0.1.0: check.sh tests that nothing of that version is left.
    install -D -m755 /dev/null "$1/usr/lib/dracut/modules.d/99bootmerge/module-setup.sh"
    if [ -z "${is_program_built-}" ]; then
        mkdir -p "$1/usr/sbin"
        # shellcheck disable=SC2016  # expanded by that script
        printf '#!/bin/sh\nexec dotnet "%s" "$@"\n' \
            "$PWD/src/BootMerge/bin/Release/net10.0/bootmerge.dll" >"$1/bootmerge"
        chmod 755 "$1/bootmerge"
        install_to "$1" "$1/bootmerge"
    else
        install_to "$1"
    fi
}

# count_of PROGRAM FILTER...: how many tests it has; nothing if it does not say.
count_of() {
    "$1" --list-tests --no-ansi "${@:2}" 2>&1 | sed -n 's/^Test discovery summary: found \([0-9]*\) .*/\1/p' || true
}

# Two processes, because one leaves a processor idle. These classes take about half of the time; all others are in the
# second process, so that none is left out or run twice. Tests that wait for the other process (WithKernelLog) are here,
# because the tests over there are short.
kernel_first=('*SweepTests' '*ResetRaceTests' '*DeepTreeTests' '*BootFailureTests'
    '*HostileRootTests' '*HostileFileSystemTests' '*UpperInUseTests' '*LayerTests' '*OlderKernelTests' '*LongWorkTests')
stage_kernel() {
    local tests found before
    solution
    program
    tests=$(tests_of tests/BootMerge.KernelTests BootMerge.KernelTests)
    found=$(count_of "$tests")
    before=$((passed + failed))
    pair kernel-1 "$tests" --filter-class "${kernel_first[@]}" -- \
        kernel-2 "$tests" --filter-not-class "${kernel_first[@]}"
    check "the two have run each of ${found:-no} kernel tests once" [ $((passed + failed - before)) = "${found:-no}" ]
}

stage_differential() {
    solution
    program
    suite differential "$(tests_of tests/differential BootMerge.DifferentialTests)"
}

stage_verity() {
    program
    beside verity env VERITY_EVERY=3 tests/verity/run.sh sid bookworm # trixie: in soak, and in the boots
}

stage_boot() {
    program
    make_cpio
    beside boot tests/boot/run.sh
}

# It takes minutes to make the system that is booted.
arm64_is_cached() { (. tests/boot/lib.sh && [ -d "$(base_of arm64)" ]); }
stage_arm64() {
    if ! arm64_is_cached; then
        echo "== arm64: not run, because its Debian system is not cached." \
            "'./build.sh soak arm64' makes it and runs this stage."
        return
    fi
    need_arm64 qemu-aarch64-static qemu-system-aarch64
    solution
    check "arm64: the kernel and musl have what the program declares" env TESTED_ARCHITECTURE=arm64 \
        "$(tests_of tests/BootMerge.Tests BootMerge.Tests)" -class '*KernelDeclarationTests'
    check "out/bootmerge-arm64 is built" build arm64
    check "arm64: at most $size_ceiling bytes" is_small out/bootmerge-arm64 "$size_ceiling"
    check "arm64: no dynamic linking" is_static out/bootmerge-arm64
    check "arm64: runs in an empty root" runs_alone out/bootmerge-arm64 qemu-aarch64-static
    make_cpio out/bootmerge-arm64
    beside arm64 env SOAK="${SOAK-}" BOOT_LOGS="$PWD/out/boot-test-arm64" tests/boot/run.sh arm64/daily
}

# run_tests STAGE...
run_tests() {
    local stage tools="" wanted=()
    for stage; do
        case " ${stages[*]} " in
        *" $stage "*) wanted+=("$stage") ;;
        *)
            if [ "$stage" != fast ]; then
                echo "build.sh: test has no stage '$stage'. Stages: ${stages[*]}, fast." >&2
                exit 2
            fi
            wanted+=("${fast[@]}")
            ;;
        esac
    done
    [ $# -gt 0 ] || wanted=("${stages[@]}")
    case " ${wanted[*]} " in
    *" program "* | *" kernel "* | *" differential "* | *" verity "* | *" boot "* | *" arm64 "*) need_root test ;;
    esac
    # Installs everything now, not in the middle of the run.
    for stage in "${wanted[@]}"; do tools+=" $(tools_of "$stage")"; done
    # shellcheck disable=SC2086  # a list of words
    need $tools
    rm -rf out/test
    mkdir -p out/test
    trap 'jobs -p | xargs -r kill 2>/dev/null' EXIT
    for stage in "${stages[@]}"; do
        case " ${wanted[*]} " in *" $stage "*) "stage_$stage" ;; esac
    done
    beside_all
    conclude
}
