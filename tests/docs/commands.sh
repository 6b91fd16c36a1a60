#!/bin/bash
# commands.sh DESTDIR [--write] [DOCUMENT...]: runs the commands that the documents show, each document on a small
# machine of its own (machine.sh). The program is that in DESTDIR. Needs root, and leaves nothing behind.
#
# The info string of a fenced block, which a reader does not see, says what is done with it:
#     ```sh run                     a script: every command must succeed
#     ```console run                lines with "$ " are commands, the others their output, which must be the same
#                                   but for times; --write puts the real output there
#     ```sh not run: REASON         a real boot is needed, another tool, ...; likewise console, and HACKING.md's blocks
#     <!-- run                      a script that readers do not need to see, up to -->
# A block of sh, console, bash or shell without one of these is a failure, and so is code that is only indented, in
# documents for users.
set -euo pipefail
destdir=$(realpath "$1")
shift
write=
if [ "${1-}" = --write ]; then write=yes; shift; fi
[ $# = 0 ] || { mapfile -t documents < <(realpath "$@"); set -- "${documents[@]}"; }
cd "$(dirname "$0")"
. ./shells.sh
repo=$(realpath ../..)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# blocks DOCUMENT DIRECTORY: writes a file for each block to run, LINE.KIND; prints what is wrong to standard output.
blocks() {
    awk -v to="$2" '
        function end() { if (out) close(out); out = ""; inside = 0 }
        inside && $0 == inside { end(); blank = 1; next }
        inside { if (out) print > out; next }
        /^<!-- run$/ { inside = "-->"; out = sprintf("%s/%05d.hidden", to, NR); next }
        /^ *```/ {
            indent = $0; sub(/`.*/, "", indent)
            info = substr($0, length(indent) + 4); inside = indent "```"
            language = info; sub(/ .*/, "", language)
            mark = substr(info, length(language) + 2)
            if (language == "") print NR ": a fenced block without a language (text, if it is none)"
            if (language !~ /^(sh|console|bash|shell)$/) { if (mark != "") print NR ": \"" info "\""; next }
            if (mark ~ /^not run: ..../) next
            if (mark != "run" || language !~ /^(sh|console)$/) {
                print NR ": \"" info "\" says neither \"run\" nor \"not run: REASON\""
                next
            }
            out = sprintf("%s/%05d.%s", to, NR, language)
            printf "" > out
            next
        }
        /^    [^ *|-]/ && blank { print NR ": indented code: fence it" }
        { blank = $0 == "" }
        END { if (inside) print "a block is not closed" }
    ' "$1"
}

# Documents that users read. HACKING.md and bench/ are about the tests themselves.
if [ $# = 0 ]; then set -- "$repo/README.md" "$repo"/docs/*.md "$repo"/examples/*/README.md; fi

ran=0
for document; do
    name=$(realpath --relative-to="$repo" "$document")
    found=$work/${name//\//-}
    mkdir "$found"
    wrong=$(blocks "$document" "$found")
    if [ -z "$wrong" ]; then ok "$name: every block says whether it is run"; else not_ok "$name: $wrong"; fi
    compgen -G "$found/*.*" >/dev/null || continue
    if ! unshare --mount --propagation private ./machine.sh "$destdir" "$found" </dev/null >"$found/log" 2>&1; then
        not_ok "$name: the machine"
        cat "$found/log"
        continue
    fi
    for block in "$found"/*.console "$found"/*.sh; do
        [ -e "$block" ] || continue
        line=$(basename "${block%.*}")
        line=$((10#$line + 0)) ran=$((ran + 1))
        if [ -n "$write" ] && [ "${block##*.}" = console ]; then
            printf '%s\n' "$line" >>"$found/lines"
            cp "$block.real" "$found/$line.real"
            ok "$name:$line: written"
        elif [ -e "$block.passed" ]; then
            ok "$name:$line"
        else
            not_ok "$name:$line:"
            sed 's/^/    /' "$block.log"
        fi
    done
    for block in "$found"/*.hidden; do
        [ ! -e "$block" ] || [ -e "$block.passed" ] || { not_ok "$name: ${block##*/}"; cat "$block.log"; }
    done
    [ ! -e "$found/lines" ] || {
        awk -v from="$found" '
            FNR == NR { wanted[$1]; next }
            skip && /^ *```$/ { skip = 0 }
            skip { next }
            { print }
            FNR in wanted {
                while ((getline text < (from "/" FNR ".real")) > 0) print text
                skip = 1
            }' "$found/lines" "$document" >"$found/new"
        cat "$found/new" >"$document"
    }
done
if [ "$ran" = 0 ]; then not_ok "no command is run"; fi
finish
