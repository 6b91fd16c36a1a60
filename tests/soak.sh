# shellcheck shell=bash disable=SC2034,SC2154  # build.sh and stages.sh assign and use what is not here
# Sourced by build.sh after stages.sh: `./build.sh soak [PART...]`, the tests of `test`, but more of everything. A part
# is a function soak_NAME that fails if a test does, and its name in a lane. Logs: out/soak/PART.log, and what a part
# keeps besides: out/soak/PART/.

# The parts of a lane run one after the other, and the lanes side by side, because one part often leaves a processor
# idle. They take about equally long. Parts that write to the same places in out/ are in one lane: the boots to out/man
# and out/test, release and packages to out/release. Both lanes only read what `prepare_soak` makes.
lanes=(first second)
declare -A parts_of=(
    [first]="demo flatcar arm64 verity mkosi images boots powercut fuzz differential release packages"
    [second]="storm sweep fresh"
)

# What each part needs, besides what building needs.
soak_tools_of() {
    case $1 in
    fuzz) ;;
    storm) echo mmdebstrap ;;
    sweep) tools_of kernel ;;
    differential | verity) tools_of "$1" ;;
    release) echo "$release_tools setpriv" ;;
    packages) echo "$release_tools $boot_tools makepkg bsdtar readelf qemu-aarch64-static" ;;
    mkosi) echo "$boot_tools jq zstd" ;;
    fresh) echo "mmdebstrap git unshare mount" ;;
    arm64) echo "$boot_tools readelf qemu-aarch64-static qemu-system-aarch64" ;;
    *) echo "$boot_tools scdoc" ;;
    esac
}

soak_fuzz() {
    SOAK_INPUTS=${SOAK_INPUTS:-2000000} "$(tests_of tests/BootMerge.Tests BootMerge.Tests)" -class '*ParserFuzzTests'
}
soak_arm64() { # the stage of `test` with both mornings, which makes its Debian system first
    tests/boot/base.sh arm64 >/dev/null
    (SOAK=1 run_tests arm64)
}
soak_powercut() { # 200 in all: its case has two suites
    POWER_CUTS=${POWER_CUTS:-100} tests/boot/run.sh powercut
}
soak_boots() { # what `test` leaves out of tests/boot/cases, besides the parts images and flatcar
    SOAK=1 BOOT_IMAGES=new tests/boot/run.sh
}
soak_images() {
    tests/boot/run.sh image-debian image-lost image-hang image-skips image-usr image-plain
}
soak_flatcar() { # the boots that `test` leaves out
    tests/boot/run.sh sid/flatcar flatcar-dropin
}
soak_verity() { # with every kernel, and beside systemd with each
    VERITY_SYSTEMD=yes tests/verity/run.sh
}
soak_demo() { # the one that boots: what its second boot must show
    local log=out/soak/demo/console.log
    demo/boot.sh out/bootmerge | tee "$log"
    grep -q '^frozen   /etc/sample.d/contested' "$log"
    grep -A2 '^\$ cat /etc/sample.d/contested' "$log" | grep -x 'vendor v2' >/dev/null
}
soak_sweep() { # in two processes: one refuses calls, the other does all else
    local tests found classes refusals='*.SweepTests.Refused*' suite_logs=out/soak/sweep
    local -x SOAK=1
    tests=$(tests_of tests/BootMerge.KernelTests BootMerge.KernelTests)
    classes=(--filter-class '*SweepTests' '*BootFailureTests' '*PruneTests' '*ResetTests'
        '*DeepTreeTests' '*DiffPropertyTests' '*ExplainTests')
    found=$(count_of "$tests" "${classes[@]}")
    pair refusals "$tests" --filter-method "$refusals" -- \
        others "$tests" "${classes[@]}" --filter-not-method "$refusals"
    check "the two have run each of ${found:-no} tests once" [ $((passed + failed)) = "${found:-no}" ]
    conclude
}
soak_storm() { # its programs never wait, so machines of the other lane would run out of time
    SOAK=1 nice -n 19 "$(tests_of tests/differential BootMerge.DifferentialTests)" -class '*StormTests' -showLiveOutput
}
soak_differential() {
    SOAK=1 "$(tests_of tests/differential BootMerge.DifferentialTests)" -class '*AgainstSystemd' -class '*HarnessTests'
}
# made_release: once for both parts.
made_release() {
    [ ! -e out/soak/released ] || return 0
    release
    : >out/soak/released
}
soak_release() {
    made_release
    tests/release-twice.sh out/release
}
soak_packages() {
    made_release
    tests/packages.sh out/release
}
soak_mkosi() {
    tests/mkosi.sh out/bootmerge.cpio
}
# Debian 12 without the stages verity, boot and arm64: what their machines boot does not depend on the host. What
# build.sh installs for them does, and what it builds: one boot and the program for arm64.
soak_fresh() {
    local status=0
    FRESH_ALSO='boot-test bookworm/missing; build arm64' \
        tests/fresh-machine.sh 12 style unit program docs kernel differential || status=1
    tests/fresh-machine.sh 13 || status=1
    return $status
}

# prepare_soak PART...: installs and builds all that the parts need, so that no part does while another one runs.
prepare_soak() {
    local tools="cpio $build_tools" part
    for part; do
        [ "$part" = fuzz ] || need_root soak
        tools+=" $(soak_tools_of "$part")"
    done
    # shellcheck disable=SC2086  # a list of words
    case " $* " in
    *" arm64 "* | *" release "* | *" packages "*) need_arm64 $tools ;;
    *) need $tools ;;
    esac
    case " $* " in
    *" arm64 "* | *" differential "* | *" fuzz "* | *" storm "* | *" sweep "*)
        dotnet build BootMerge.sln -c Release -v quiet >&2
        is_solution_built=yes # for the stage arm64
        ;;
    esac
    build
    make_cpio
}

# soak_part PART LANE: runs it, and says how it ended. Without LANE it is alone, and its output is also shown.
soak_part() {
    local part=$1 log=out/soak/$1.log started=$SECONDS status
    rm -rf "$log" "out/soak/$part"
    mkdir -p "out/soak/$part"
    local -x BOOT_LOGS=$PWD/out/soak/$part/boots
    if [ -n "${2-}" ]; then
        echo "soak $2: $part begins (log: $log)"
        strictly "soak_$part" </dev/null >"$log" 2>&1
    else
        strictly shown_part "$part" "$log"
    fi
    rmdir --ignore-fail-on-non-empty "out/soak/$part"
    if [ "$status" = 0 ]; then
        echo "soak $part: passed, $((SECONDS - started)) s"
        echo "$part" >>out/soak/passed
    elif [ -n "${2-}" ]; then # in one write, as the other lane writes too
        printf '%s\n' "soak $part: FAILED, $((SECONDS - started)) s. The end of $log:"$'\n'"$(tail -n 20 "$log")"
    else
        echo "soak $part: FAILED, $((SECONDS - started)) s"
    fi
}
shown_part() { "soak_$1" 2>&1 | tee "$2"; }

# soak_lane LANE PART...: those of the parts that are in the lane.
soak_lane() {
    local lane=$1 part
    shift
    for part in ${parts_of[$lane]}; do
        case " $* " in *" $part "*) soak_part "$part" "$lane" ;; esac
    done
}

# soak PART...
soak() {
    local part lane process good started=$SECONDS processes=() all
    read -ra all <<<"${parts_of[*]}"
    for part; do
        case " ${all[*]} " in
        *" $part "*) ;;
        *) echo "build.sh: soak has no part '$part'" >&2; exit 2 ;;
        esac
    done
    [ $# -gt 0 ] || set -- "${all[@]}"
    # Each once: a part's log is of one run.
    mapfile -t < <(printf '%s\n' "$@" | sort -u)
    set -- "${MAPFILE[@]}"
    prepare_soak "$@"
    mkdir -p out/soak
    rm -f out/soak/released
    : >out/soak/passed
    if [ $# = 1 ]; then
        soak_part "$1"
    else
        for lane in "${lanes[@]}"; do
            soak_lane "$lane" "$@" &
            processes+=($!)
        done
        for process in "${processes[@]}"; do wait "$process" || true; done
    fi
    # A part that did not come to its end has not passed.
    good=$(wc -l <out/soak/passed)
    echo "soak: $good passed, $(($# - good)) failed, $((SECONDS - started)) s"
    [ "$good" = $# ]
}
