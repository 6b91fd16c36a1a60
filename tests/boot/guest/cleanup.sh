# shellcheck shell=bash
# Sourced by ../boot.sh, guest.sh and bench/changes.sh: the shell code that cleaned up the machine's files before
# bootmerge did, and the files to measure it with.

# cleanup UPPER BELOW: what the old shell code did for each entry of the upper layer, with its programs. It compares
# type, mode, owner, ACL and content. Equal files are removed, then directories that are empty and equal. Without
# getfacl, ACLs are not compared.
cleanup() {
    local upper=$1 below=$2 path has_acls
    has_acls=$(command -v getfacl) || true
    (cd "$upper" && find . -mindepth 1 -depth -print) | while IFS= read -r path; do
        [ "$(stat -c '%F %a %u:%g' "$upper/$path" 2>/dev/null)" = \
            "$(stat -c '%F %a %u:%g' "$below/$path" 2>/dev/null)" ] || continue
        [ -z "$has_acls" ] ||
            [ "$(getfacl -cp "$upper/$path" 2>/dev/null)" = "$(getfacl -cp "$below/$path" 2>/dev/null)" ] || continue
        if [ -d "$upper/$path" ]; then
            rmdir "$upper/$path" 2>/dev/null || true
        elif [ -h "$upper/$path" ]; then
            [ "$(readlink "$upper/$path")" != "$(readlink "$below/$path")" ] || rm "$upper/$path"
        elif cmp -s "$upper/$path" "$below/$path"; then
            rm "$upper/$path"
        fi
    done
}

# many_files DIR FILES DIRECTORIES: makes small files, the same for the same numbers.
many_files() {
    local i
    for ((i = 0; i < $3; i++)); do mkdir -p "$1/directory-$i"; done
    for ((i = 0; i < $2; i++)); do
        printf '# setting %d\nvalue = %d\n' "$i" $((i * 7919)) >"$1/directory-$((i % $3))/file-$i"
    done
}
