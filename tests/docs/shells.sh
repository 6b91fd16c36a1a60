# shellcheck shell=bash
# Sourced by check.sh and completions.sh: asks shells for completions, and counts checks.

passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok $1"; }
not_ok() { failed=$((failed + 1)); echo "FAIL $1"; }
finish() { echo "$passed passed, $failed failed"; [ "$failed" = 0 ]; }

# best WORD <COMPLETIONS: what fish's menu shows of them. Since version 4 `complete -C` also lists those that only have
# the letters of the word in them; the menu leaves these out when others begin with the word.
best() {
    WORD=$1 awk '
        { all = all $0 "\n" }
        index($0, ENVIRON["WORD"]) == 1 { begin = begin $0 "\n" }
        END { printf "%s", begin == "" ? all : begin }'
}

# offers SHELL DESTDIR <LINES: for each line what is offered at its end, one a line and sorted, then a line with a dot.
# The shells differ in how much of the word they repeat, and in marks after it. So this leaves only the last part of a
# path, only the value of --option=value, and no quotation marks.
offers() {
    case $1 in
    fish)
        local line home
        home=$(mktemp -d) # fish writes there, and makes it where it is missing
        # shellcheck disable=SC2016  # fish's own variable
        while IFS= read -r line; do
            env -u XDG_DATA_HOME -u XDG_CONFIG_HOME -u XDG_CACHE_HOME HOME="$home" XDG_DATA_DIRS="$2/usr/share" \
                PATH="$2/usr/sbin:$PATH" fish -c 'complete -C $argv[1]' "$line" | cut -f1 | best "${line##* }" || break
            echo .
        done
        rm -rf "$home"
        ;;
    *) "$(dirname "${BASH_SOURCE[0]}")/type.zsh" "$1" "$2" ;;
    esac | sed -E 's/\\(.)/\1/g; s/^--[a-z-]+=(.+)/\1/; s/=$//; s,^(.*/)?([^/]+)/$,\2,; s,^/.*/,,' |
        awk '$0 == "." { close(sort); print; fflush(); next } $0 != "" { sort = "LC_ALL=C sort -u"; print | sort }'
}
