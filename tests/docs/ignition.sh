#!/bin/bash
# ignition.sh: checks that the two files of examples/ignition say the same. Part of check.sh; it needs no program, and
# can also be run alone.
#
# Butane leaves the path of a file as it is, writes its mode in decimal, and makes a data URL of its text. Both are
# brought into one form: a line with path, mode and text for each file.
set -euo pipefail
if [ "$0" = "${BASH_SOURCE[0]}" ]; then
    cd "$(dirname "$0")"
    . ./shells.sh
fi

# from_butane FILE: knows only what the example has.
from_butane() {
    awk '
        function finish() { if (path != "") print path, mode, text; path = text = ""; inside = 0 }
        /^ *#/ { next }
        inside && /^          / { text = text substr($0, 11) "\\n"; next }
        { inside = 0 }
        $1 == "-" && $2 == "path:" { finish(); path = $3; next }
        $1 == "mode:" { mode = substr($2, 2, 1) * 64 + substr($2, 3, 1) * 8 + substr($2, 4, 1); next }
        $0 == "        inline: |" { inside = 1; next }
        /^(variant: flatcar|version: 1\.0\.0|storage:|  files:|      contents:)$/ { next }
        { print "unknown line: " $0 }
        END { finish() }' "$1"
}
# from_ignition FILE: of the keys in the order that Butane has.
from_ignition() {
    local key value path text
    while read -r key value; do
        case $key in
        path) path=$value ;;
        source) printf -v text %b "${value//%/\\x}" ;;
        mode) printf '%s\n' "$path $value ${text//$'\n'/\\n}" ;;
        esac
    done < <(sed -nE 's/^ *"(path|source|mode)": "?(data:,)?([^"]*[^",])"?,?$/\1 \3/p' "$1")
}

directory=../../examples/ignition
butane=$(from_butane $directory/confext.bu) ignition=$(from_ignition $directory/confext.ign)
if [ -n "$butane" ] && [ "$butane" = "$ignition" ]; then
    ok "examples/ignition: confext.ign has the files of confext.bu"
else
    not_ok "examples/ignition: confext.ign has the files of confext.bu:"
    diff <(echo "$butane") <(echo "$ignition") | sed 's/^/    /' || true
fi
# https://coreos.github.io/butane/specs: version 1.0.0 of the variant flatcar becomes 3.3.0.
if grep -qx 'version: 1\.0\.0' $directory/confext.bu && grep -q '"version": "3\.3\.0"' $directory/confext.ign; then
    ok "examples/ignition: the versions belong together"
else
    not_ok "examples/ignition: the versions do not belong together"
fi

if [ "$0" = "${BASH_SOURCE[0]}" ]; then finish; fi
