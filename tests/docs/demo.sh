#!/bin/bash
# demo.sh DESTDIR [--write]: checks that docs/pictures/demo.svg shows the demo's output with the program in DESTDIR;
# --write updates the picture. Needs root, and leaves nothing behind.
set -euo pipefail
program=$(realpath "$1")/usr/sbin/bootmerge
cd "$(dirname "$0")"
. ./shells.sh
recording=../../docs/pictures/demo.svg

# draw: a picture of a terminal with the text of standard input.
draw() {
    sed -E 's/20[0-9]{6}T[0-9]{6}Z/20260103T120000Z/g' | awk '
        BEGIN { height = 17; top = 44 }
        NR == 1 && $0 == "" { next }
        {
            gsub(/&/, "\\&amp;"); gsub(/</, "\\&lt;"); gsub(/>/, "\\&gt;")
            kind = /^== / ? "step" : /^\$ / ? "command" : ""
            lines++
            if ($0 == "") next
            text = text sprintf("  <text%s y=\"%d\">%s</text>\n", kind ? " class=\"" kind "\"" : "",
                top + lines * height, $0)
        }
        END {
            tall = top + (lines + 1) * height
            printf "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\""
            printf " viewBox=\"0 0 960 %d\" width=\"960\" height=\"%d\"", tall, tall
            print " role=\"img\" aria-label=\"A terminal that shows ./build.sh demo\">"
            print "  <style>"
            print "    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d1d7e0;"
            print "      white-space: pre; transform: translateX(20px) }"
            print "    .step { fill: #e3b341; font-weight: bold }"
            print "    .command { fill: #ffffff; font-weight: bold }"
            print "    .title { fill: #9198a1 }"
            print "  </style>"
            print "  <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#151b23\"/>"
            print "  <circle cx=\"24\" cy=\"22\" r=\"6\" fill=\"#ff5f57\"/>"
            print "  <circle cx=\"44\" cy=\"22\" r=\"6\" fill=\"#febc2e\"/>"
            print "  <circle cx=\"64\" cy=\"22\" r=\"6\" fill=\"#28c840\"/>"
            print "  <text class=\"title\" x=\"70\" y=\"27\">./build.sh demo</text>"
            printf "%s</svg>\n", text
        }'
}

shown=$(mktemp)
trap 'rm -f "$shown" "$shown.svg"' EXIT
if ! ../../demo/run.sh "$program" >"$shown" 2>&1 </dev/null; then
    not_ok "the demo:"
    cat "$shown"
    finish
    exit 1
fi
draw <"$shown" >"$shown.svg"
if [ "${2-}" = --write ]; then cp "$shown.svg" $recording; chmod 644 $recording; fi
if diff -u --label "docs/pictures/demo.svg" --label "the demo today" $recording "$shown.svg"; then
    ok "the recording shows the demo of today"
else
    not_ok "the recording is stale: ./build.sh docs makes it anew"
fi
finish
