# Completion of bootmerge(8) for fish.

# Prints the words before the cursor that are neither options nor the values of options.
function __bootmerge_operands
    set -l is_value no
    for word in (commandline -opc)[2..]
        if test $is_value = yes
            set is_value no
        else if string match -qr -- '^--(always-refresh|class|fallback|image-policy|json|keep|noexec|root)$' $word
            set is_value yes
        else if not string match -qr -- '^-.' $word
            printf '%s\n' $word
        end
    end
end

function __bootmerge_needs_verb
    set -l operands (__bootmerge_operands)
    test (count $operands) = 0
end

function __bootmerge_is
    set -l operands (__bootmerge_operands)
    test (count $operands) -gt 0; and contains -- "$operands[1]" $argv
end

# Whether there is no verb yet, or one of these.
function __bootmerge_for
    set -l operands (__bootmerge_operands)
    test (count $operands) = 0; or contains -- "$operands[1]" $argv
end

function __bootmerge_takes_paths
    set -l operands (__bootmerge_operands)
    test (count $operands) -gt 0; and contains -- $operands[1] diff explain reset
end

# Prints the extensions that `list` shows with the line's --root and --class, except names that JSON must escape.
function __bootmerge_extensions
    set -l words (commandline -opc)
    set -l where
    set -l option
    for word in $words[2..]
        if set -q option[1]
            set -a where $option=$word
            set -e option
        else if string match -qr -- '^--(root|class)=' $word
            set -a where $word
        else if string match -qr -- '^--(root|class)$' $word
            set option $word
        end
    end
    command $words[1] $where list --json=short 2>/dev/null | string match -ra '"name":"[^"\\\\]*"' |
        string replace -r '^"name":"(.*)"$' '$1'
end

complete -c bootmerge -f

complete -c bootmerge -n __bootmerge_needs_verb -a status -d 'Show what is merged'
complete -c bootmerge -n __bootmerge_needs_verb -a list -d 'List the extensions found'
complete -c bootmerge -n __bootmerge_needs_verb -a merge -d 'Merge the extensions found'
complete -c bootmerge -n __bootmerge_needs_verb -a unmerge -d 'Undo the merge'
complete -c bootmerge -n __bootmerge_needs_verb -a refresh -d 'Bring a merge up to date'
complete -c bootmerge -n __bootmerge_needs_verb -a plan -d 'Show what merge or refresh would do'
complete -c bootmerge -n __bootmerge_needs_verb -a boot -d 'The boot stage'
complete -c bootmerge -n __bootmerge_needs_verb -a diff -d "How the machine's files differ from the layers below"
complete -c bootmerge -n __bootmerge_needs_verb -a explain -d 'Which layer provides a path'
complete -c bootmerge -n __bootmerge_needs_verb -a prune -d 'Remove files that equal the layers below'
complete -c bootmerge -n __bootmerge_needs_verb -a reset -d 'Give paths back to the layers below'
complete -c bootmerge -n __bootmerge_takes_paths -F
complete -c bootmerge -n __bootmerge_needs_verb -a check -d 'Say what is wrong with extensions'
complete -c bootmerge -n '__bootmerge_is list check' -a '(__bootmerge_extensions)' -d Extension
complete -c bootmerge -n '__bootmerge_is check; and string match -q "*/*" -- (commandline -ct)' \
    -a '(__fish_complete_path (commandline -ct))'

complete -c bootmerge -l root -x -a '(__fish_complete_directories)' -d 'Work on another system'
complete -c bootmerge -l class -x -a 'confext\t/etc sysext\t"/usr and /opt" all\tboth' -d 'What to work on'
complete -c bootmerge -l force -d 'Also merge extensions that do not fit the system'
complete -c bootmerge -l image-policy -x -d 'Which disk images may be used'
complete -c bootmerge -l mutable -d 'Where writes go' -a '
    no\t"nowhere, the merged tree is read-only"
    yes\t"to what the routing entry is or leads to, created if absent"
    auto\t"as yes if the routing entry exists, else as no"
    import\t"nowhere, what the routing entry holds is merged on top"
    ephemeral\t"to memory"
    ephemeral-import\t"to memory, what the routing entry holds is merged on top"
    help\t"explain the modes"'
complete -c bootmerge -l immutable -d 'Short for --mutable=no'
complete -c bootmerge -l ephemeral -d 'Short for --mutable=ephemeral'
complete -c bootmerge -l noexec -x -a 'yes no' -d 'Whether merged programs may not be run'
complete -c bootmerge -l always-refresh -x -a 'yes no' -d 'Whether refresh renews what did not change'
complete -c bootmerge -n '__bootmerge_for boot' -l fallback -x -d 'boot, if the writable layer cannot be used' -a '
    fail\t"merge nothing"
    immutable\t"merge read-only"
    ephemeral\t"merge, and forget writes"'
complete -c bootmerge -l import-self -d 'As systemd-*, import a hierarchy into itself'
complete -c bootmerge -n '__bootmerge_for merge refresh unmerge prune reset' -l dry-run \
    -d 'Only show what would be done'
complete -c bootmerge -l no-reload -d 'Leave the service manager alone'
complete -c bootmerge -l no-wait -d 'Fail while another bootmerge works on the root'
complete -c bootmerge -n '__bootmerge_for status list plan diff explain prune check' -l json -x -d 'Print JSON' -a '
    pretty\tindented
    short\t"on one line"
    off\t"no JSON"'
complete -c bootmerge -l no-legend -d 'No column headings'
complete -c bootmerge -n '__bootmerge_for diff' -l content -d 'diff, also how texts differ'
complete -c bootmerge -n '__bootmerge_for diff' -l frozen -d 'diff, only files that miss an update'
complete -c bootmerge -n '__bootmerge_for diff' -l selinux -d 'diff, SELinux labels count'
complete -c bootmerge -n '__bootmerge_for prune' -l opaque -d 'prune, also opaque marks that hide nothing'
complete -c bootmerge -n '__bootmerge_for reset' -l all -d 'reset, everything'
complete -c bootmerge -n '__bootmerge_for reset' -l keep -x -d 'reset --all, but not what matches'
complete -c bootmerge -n '__bootmerge_for reset' -l no-backup -d 'reset, keep no copy'
complete -c bootmerge -n '__bootmerge_for diff' -l exit-code -d 'diff, exit status 1 when there are changes'
complete -c bootmerge -l verbose -d 'Also show what is left out, and why'
complete -c bootmerge -s q -l quiet -d 'Only warnings and errors'
complete -c bootmerge -s h -l help -d 'Print a summary'
complete -c bootmerge -l version -d 'Print the version'
complete -c bootmerge -l no-pager -d 'Ignored, there is no pager'
