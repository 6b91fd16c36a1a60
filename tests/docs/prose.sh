#!/bin/bash
# prose.sh: rules for the repository's texts. Part of check.sh; it needs no program, and can also be run alone.
set -euo pipefail
if [ "$0" = "${BASH_SOURCE[0]}" ]; then
    cd "$(dirname "$0")"
    . ./shells.sh
fi

# none NAME FOUND: fails if anything was found; one finding a line.
none() { if [ -z "$2" ]; then ok "$1"; else not_ok "$1:"; printf '    %s\n' "${2//$'\n'/$'\n'    }"; fi; }

# Texts that people read, except this one. Not from git: the tree may be an archive, or another user's.
mapfile -t files < <(find ../.. \( -name .git -o -name out -o -name bin -o -name obj \) -prune -o -type f \
    ! -name LICENSE ! -name prose.sh -print | LC_ALL=C sort)

# A reader of "specification, section 6" can find it: docs/specification.md has a heading "## 6. ...".
none "every section that is cited says of what" "$(grep -InEi '\bsections? [0-9]' "${files[@]}" |
    grep -vEi 'specification, sections? [0-9]|^../../docs/specification.md:' || true)"
cited=$(grep -IohEi 'specification, sections? [0-9]+(((, | and | to )[0-9]+)+)?' "${files[@]}" |
    grep -oE '[0-9]+' | sort -nu || true)
headings=$(sed -nE 's/^## ([0-9]+)\. .*/\1/p' ../../docs/specification.md | sort -nu)
if [ -n "$cited" ]; then ok "the specification is cited"; else not_ok "nothing cites the specification"; fi
none "every section that is cited is in docs/specification.md" \
    "$(LC_ALL=C comm -23 <(LC_ALL=C sort <<<"$cited") <(LC_ALL=C sort <<<"$headings"))"

# What HACKING.md has in backquotes exists. For a path, its end is enough. For a C# name of two words, or with a member,
# each part must be somewhere in the sources.
named=$(grep -oE "\`[^\` ]+\`" ../../HACKING.md | tr -d "\`" | LC_ALL=C sort -u)
all=$(printf '%s\n' "${files[@]}" ../../tests/docs/prose.sh)
none "every file that HACKING.md names exists" "$(grep -E '\.(cs|c|sh|scd|md|json|txt)$|[a-z]/$' <<<"$named" |
    grep -vE '^(\$|out/)|[*]' | while read -r name; do
        grep -qE "/${name//./\\.}$([ "${name: -1}" = / ] || echo '$')" <<<"$all" || echo "$name"
    done)"
mapfile -t sources < <(grep -E '\.(cs|csproj|props)$' <<<"$all")
words=$(grep -ohE '\w+' "${sources[@]}" | LC_ALL=C sort -u)
types=$(grep -E '^[A-Z][a-z]+([A-Z][A-Za-z]*|\.[A-Z][A-Za-z]+)+$' <<<"$named" | tr . '\n' | LC_ALL=C sort -u)
if [ -n "$types" ]; then ok "HACKING.md names types"; else not_ok "HACKING.md names no type"; fi
none "every type and member that HACKING.md names exists" "$(LC_ALL=C comm -23 <(echo "$types") <(echo "$words"))"

# Phrases that English readers stumble over; the comment behind each says what replaced it.
phrases='\b(is|was|be) no (directory|file|image|layer|unit|boolean|JSON|regular|character|whiteout|record|rule'
phrases+='|extension|entry|error|object|text|UTF-8)\b' # is not a
phrases+='|\bto be had\b'                          # available
phrases+='|\b(taken|takes|took) for (a|an|the|one|known|absent)\b'     # treated as
phrases+='|\bin the midst\b'                       # during, interrupted by
phrases+='|\b(put|puts|putting) right\b'           # cleaned up
phrases+='|\b(taken|takes|taking|took) back\b'     # undone, restored
phrases+='|\bin the place of\b'                    # in place of
phrases+='|\bwithout a word\b'                     # silently
phrases+='|\bpassed over\b|\bout of sight\b|\bby halves\b'             # ignored; detached; partly
none "no phrase that a reader stumbles over" \
    "$(grep -InEi "$phrases" "${files[@]}" | grep -vEi '\bthere (is|was) no\b' || true)"

mapfile -t pages < <(printf '%s\n' "${files[@]}" | grep '\.md$')
none "Markdown has at most 120 columns, but for tables, pictures and code" "$(LC_ALL=C.UTF-8 awk '
    FNR == 1 { code = 0 }
    /^ *```/ { code = !code }
    length > 120 && !code && !/^ *\|/ && !/^    / && !/^ *<img / { print FILENAME ":" FNR ": " $0 }' "${pages[@]}")"

# In C#, a row of data or a multi-line text may be longer.
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep '\.cs$')
none "C# has at most 120 columns" "$(awk '
    FNR == 1 { is_text = 0 }
    { was_text = is_text; if (gsub(/"""/, "&") % 2) is_text = !is_text }
    length > 120 && !was_text && !(FILENAME ~ /tests/ && is_data($0)) { print FILENAME ":" FNR ": " $0 }
    function is_data(line,    parts, i) {
        for (i = split(line, parts, "\""); i > 1; i--) if (length(parts[i]) > 80) return 1
        return line ~ /^ *[$@+(]* *"|InlineData|\$"[^;]*";?$/
    }' "${sources[@]}")"

if [ "$0" = "${BASH_SOURCE[0]}" ]; then finish; fi
