#!/bin/bash
# links.sh: checks that every relative link, picture and anchor in Markdown leads somewhere, and that every manual page
# of ours that a document names exists. Part of check.sh; it needs no program, and can also be run alone.
set -euo pipefail
if [ "$0" = "${BASH_SOURCE[0]}" ]; then
    cd "$(dirname "$0")"
    . ./shells.sh
fi

# text FILE: its text without code, which contains no links.
# shellcheck disable=SC2016  # backquotes of Markdown
text() { awk '/^ *```/ { code = !code; next } !code' "$1" | sed 's/`[^`]*`//g'; }
# anchors FILE: the anchors of its headings, as GitHub makes them.
anchors() {
    awk '/^ *```/ { code = !code; next } !code && /^#+ /' "$1" | sed -E 's/^#+ //; s/\[([^]]*)\]\([^)]*\)/\1/g' |
        LC_ALL=C.UTF-8 awk '{ $0 = tolower($0); gsub(/[^a-z0-9 _-]/, ""); gsub(/ /, "-"); print }'
}
# links FILE
links() {
    text "$1" | grep -oE '\]\([^) ]+\)|(src|srcset|href)="[^"]+"' | sed -E 's/^\]\(//; s/\)$//; s/^[a-z]+="//; s/"$//'
}

mapfile -t linking < <(find ../.. \( -name .git -o -name out -o -name bin -o -name obj \) -prune -o \
    -type f -name '*.md' -print | LC_ALL=C sort)
followed=0 astray=
for document in "${linking[@]}"; do
    while IFS= read -r link; do
        case $link in [a-z]*://* | mailto:*) continue ;; esac
        followed=$((followed + 1)) target=${link%%#*}
        if [ -n "$target" ]; then target=$(dirname "$document")/$target; else target=$document; fi
        if [ ! -e "$target" ]; then
            astray+="$document: $link"$'\n'
        elif [[ $link == *'#'* ]] && ! anchors "$target" | grep -xF -- "${link#*#}" >/dev/null; then
            astray+="$document: $link has no such heading"$'\n'
        fi
    done < <(links "$document")
    while IFS= read -r page; do
        [ -e "../../man/$page.scd" ] || astray+="$document: no manual page $page"$'\n'
    done < <(grep -oE '\bbootmerge[a-z.-]*\([0-9]\)' "$document" | sed -E 's/\((.)\)/.\1/')
done
if [ "$followed" -gt 0 ]; then ok "the documents have links"; else not_ok "no link is found"; fi
if [ -z "$astray" ]; then ok "every link leads somewhere"; else not_ok "links that lead nowhere:"$'\n'"$astray"; fi

if [ "$0" = "${BASH_SOURCE[0]}" ]; then finish; fi
