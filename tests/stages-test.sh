#!/bin/bash
# stages-test.sh: stages.sh counts what the suites count, and no failure in one of them is lost, nor in a lane of soak.
set -euo pipefail
repo=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/out/test"
cd "$work"

good=0 bad=0
# is NAME WANTED FOUND
is() {
    if [ "$2" = "$3" ]; then
        good=$((good + 1))
        echo "ok $1"
    else
        bad=$((bad + 1))
        echo "FAIL $1: wanted '$2', found '$3'"
    fi
}

# after COMMAND...: what stages.sh has counted after it, in a separate shell.
after() {
    # shellcheck disable=SC2016  # expanded by that shell
    bash -c 'set -euo pipefail; . "$1"; shift; "$@" >"out/shown" 2>&1; echo "$passed $failed"' \
        after "$repo/tests/stages.sh" "$@"
}
# script TEXT: its output in a shell that has sourced stages.sh.
script() { bash -c "set -euo pipefail; . \"\$1\"; $1" script "$repo/tests/stages.sh"; }
# prints LINE...: a suite that writes these lines.
prints() { printf 'printf "%%s\\n"'; printf ' "%s"' "$@"; }

is "our own count" "3 0" "$(after suite a sh -c "$(prints "ok 1" "3 passed, 0 failed")")"
is "our own count with a failure" "2 1" "$(after suite a sh -c "$(prints "2 passed, 1 failed")")"
is "xunit's count" "7 0" \
    "$(after suite a sh -c "$(prints "name Total: 7, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 0.1s")")"
is "xunit's count: failed, skipped, not run, and an error outside of the tests" "4 4" \
    "$(after suite a sh -c "$(prints "name Total: 7, Errors: 1, Failed: 1, Skipped: 1, Not Run: 1, Time: 0.1s")")"
is "the platform's count" "5 0" \
    "$(after suite a sh -c "$(prints "Test run summary: Passed!" "  total: 5" "  failed: 0" \
        "  succeeded: 5" "  skipped: 0")")"
is "the platform's count: skipped is a failure" "4 3" \
    "$(after suite a sh -c "$(prints "  failed: 2" "  succeeded: 4" "  skipped: 1")")"
is "all passed, and the program failed" "3 1" "$(after suite a sh -c "$(prints "3 passed, 0 failed"); exit 3")"
is "all passed, and the program was killed" "3 1" \
    "$(after suite a sh -c "$(prints "3 passed, 0 failed"); kill -KILL \$\$")"
is "nothing is counted" "0 1" "$(after suite a true)"
is "it cannot be started" "0 1" "$(after suite a ./missing)"

is "a pair is summed" "7 0" \
    "$(after pair a sh -c "$(prints "3 passed, 0 failed")" -- b sh -c "$(prints "4 passed, 0 failed")")"
is "the first of a pair crashes" "4 1" \
    "$(after pair a sh -c "kill -SEGV \$\$" -- b sh -c "$(prints "4 passed, 0 failed")")"
is "the second of a pair crashes" "3 1" \
    "$(after pair a sh -c "$(prints "3 passed, 0 failed")" -- b sh -c "kill -SEGV \$\$")"
after pair a sh -c "sleep 0.5; $(prints "from a" "3 passed, 0 failed")" -- \
    b sh -c "$(prints "from b" "4 passed, 0 failed")" >/dev/null
is "both of a pair are shown, with their names" "a: from a,b: from b" "$(grep ': from' out/shown | sort | paste -sd,)"

# shellcheck disable=SC2016  # expanded by that shell
is "suites beside each other are summed, also one that fails" "5 2" \
    "$(script 'beside a sh -c "sleep 0.3; echo 2 passed, 0 failed"; beside b sh -c "echo 3 passed, 1 failed"
        beside c false; beside_all >/dev/null; echo "$passed $failed"' | tail -n 1)"
# shellcheck disable=SC2016  # expanded by that shell
is "they come one after the other, also after one that fails" "5 1" \
    "$(script 'beside a sh -c "sleep 0.5; echo done >a; false"; beside b sh -c "cat a; echo 5 passed, 0 failed"
        beside_all >/dev/null; echo "$passed $failed"' | tail -n 1)"
is "what the rest stands on fails: the end, and the count" "1 passed, 1 failed" \
    "$(script 'check a true; must b false; check c true' | tail -n 1)"

is "what the rest stands on holds after a failure: all goes on" "2 passed, 1 failed" \
    "$(script 'check a false; must b true; check c true; conclude' | tail -n 1)"
# shellcheck disable=SC2016  # expanded by that shell
is "a function that fails in the middle has failed" "0 1" \
    "$(script 'f() { false; true; }; check a f >/dev/null; echo "$passed $failed"')"
is "nothing was tested: no success" "0 passed, 0 failed
1" "$(script conclude || echo $?)"

# shellcheck disable=SC2016  # expanded by that shell
stages=$(bash -c '. "$1"; echo "${stages[*]}"' stages "$repo/tests/stages.sh")
is "an unknown stage" "build.sh: test has no stage 'kernal'. Stages: $stages, fast.
2" \
    "$("$repo/build.sh" test unit kernal 2>&1 || echo $?)"
"$repo/build.sh" --help >help
for stage in $stages fast; do
    is "--help names the stage $stage" 1 "$(grep -cE "^    $stage +[A-Za-z]" help)"
done
# shellcheck disable=SC2016  # expanded by that shell
is "each stage is a function, and each such function a stage" "$(tr ' ' '\n' <<<"$stages" | sort)" \
    "$(bash -c '. "$1"; compgen -A function stage_' functions "$repo/tests/stages.sh" | sed 's/^stage_//' | sort)"

# The lanes of soak, with parts of our own; `built` counts what is made before them. soaks TEXT ARGUMENT...: the
# result's lines, in a separate shell in which TEXT has been run, and the exit status.
# shellcheck disable=SC2016  # expanded by that shell
soaks() {
    local text=$1
    shift
    bash -c 'set -euo pipefail; . "$1/tests/stages.sh"; . "$1/tests/soak.sh"
        parts_of=([first]="a b" [second]="c")
        soak_tools_of() { :; }; need_root() { :; }; need() { :; }; build_tools=
        build() { echo build >>built; }; make_cpio() { echo cpio >>built; }
        eval "$2"; soak "${@:3}"' soaks "$repo" "$text" "$@" >out/soaked 2>&1 && echo 0 || echo $?
}
# results: of the parts, sorted, and the last line, without durations.
results() { sed -nE 's/,? [0-9]+ s\b.*//; s/^soak ([a-z]+: (passed|FAILED))/\1/p; s/^soak: //p' \
    out/soaked | sort | paste -sd';'; }

# Each of the two lanes' first parts waits until the other one has begun.
# shellcheck disable=SC2016  # expanded by that shell
meet='begun() { local i; for ((i = 0; i < 100; i++)); do [ ! -e "$1" ] || return 0; sleep 0.1; done; return 1; }
    soak_a() { touch a; begun c; echo from a; }
    soak_c() { touch c; begun a; }
    soak_b() { [ -s out/soak/a.log ] && echo "${BOOT_LOGS##*/soak/}"; }'
is "soak runs two lanes side by side" 0 "$(soaks "$meet")"
is "and says how each part ended" "3 passed, 0 failed;a: passed;b: passed;c: passed" "$(results)"
is "with a line when it begins" "soak first: a begins (log: out/soak/a.log)" "$(grep 'a begins' out/soaked)"
is "all is built once, before" "build cpio" "$(paste -sd' ' built)"
is "each part has its log, and its own logs of boots" "from a;b/boots" "$(cat out/soak/{a,b}.log | paste -sd';')"
is "the output of a part that passed is only there" "" "$(grep 'from a' out/soaked)"

# shellcheck disable=SC2016  # expanded by that shell
fail='soak_a() { echo why; false; true; }; soak_b() { :; }; soak_c() { kill -KILL "$BASHPID"; }'
is "parts that fail, and one that is killed" 1 "$(soaks "$fail")"
is "do not keep the others from running" "1 passed, 2 failed;a: FAILED;b: passed;c: FAILED" "$(results)"
is "the end of the log is shown" why "$(grep '^why' out/soaked)"
is "a lane that ends has not passed" 1 "$(soaks 'soak_lane() { exit; }' a c)"
is "and its parts have failed" "0 passed, 2 failed" "$(results)"
is "one part shows its output" "0 from a" "$(soaks 'soak_a() { echo from a; }' a) $(grep -o 'from a' out/soaked)"
is "one part that fails" "1 0 passed, 1 failed;a: FAILED" "$(soaks 'soak_a() { false; true; }' a) $(results)"
is "a part named twice runs once" "0 1 passed, 0 failed;a: passed" "$(soaks 'soak_a() { :; }' a a) $(results)"
is "an unknown part" "2 build.sh: soak has no part 'd'" "$(soaks : a d) $(cat out/soaked)"
# shellcheck disable=SC2016  # expanded by that shell
is "each part of soak is a function, and in one lane" "" \
    "$(bash -c '. "$1"; printf "%s\n" ${parts_of[*]} | sort | diff - <(compgen -A function soak_ | sed "s/soak_//" |
        grep -vxE "part|lane|tools_of" | sort)' functions "$repo/tests/soak.sh")"

# What a stage has started ends with build.sh. This stage is a program that starts another one with timeout(1), which
# puts that into its own process group, and waits, as the boots do.
mkdir -p "$work/repo/tests" "$work/bin"
cp "$repo/build.sh" "$repo/global.json" "$work/repo/"
cp "$repo"/tests/{stages,soak,session}.sh "$work/repo/tests/"
cat >"$work/repo/tests/mirror-test.sh" <<'SCRIPT'
#!/bin/bash
timeout 300 bash -c 'echo $$ >../started.new; mv ../started.new ../started; exec sleep 300' | cat
SCRIPT
printf '#!/bin/sh\n' >"$work/bin/dotnet"
chmod 755 "$work/repo/tests/mirror-test.sh" "$work/bin/dotnet"
# within TENTHS COMMAND...: whether it succeeds in that time.
within() {
    local left=$1
    shift
    until "$@"; do [ $((left--)) -gt 0 ] && sleep 0.1 || return; done
}
# A zombie has ended, too: the process that adopts it may ask for its status late.
has_ended() { case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in '' | Z*) ;; *) return 1 ;; esac; }
# Soak's lanes do the same, with parts of our own.
cat >>"$work/repo/tests/soak.sh" <<'SCRIPT'
parts_of=([first]=a [second]=b)
prepare_soak() { :; }
soak_a() { tests/mirror-test.sh; }
soak_b() { sleep 300; }
SCRIPT
for run in "INT test unit" "TERM test unit" "HUP test unit" "INT soak" "TERM soak a"; do
    read -r signal verb <<<"$run"
    rm -f started
    # A shell's background program ignores an interrupt, and under nohup it also ignores the loss of its terminal.
    # shellcheck disable=SC2086  # words
    DOTNET_ROOT=/ PATH=$work/bin:$PATH env -u BUILD_SH_SESSION --default-signal=INT,HUP \
        "$work/repo/build.sh" $verb >stopped 2>&1 &
    build=$!
    within 300 test -e started || cat stopped
    kill -"$signal" "$build"
    status=0
    wait "$build" || status=$?
    is "build.sh $verb, ended by $signal, says so" $((128 + $(kill -l "$signal"))) "$status"
    is "and with it what it has started" yes "$(within 100 has_ended "$(cat started)" && echo yes || echo no)"
    kill -KILL "$(cat started)" 2>/dev/null || true
done

echo "$good passed, $bad failed"
[ "$bad" = 0 ]
