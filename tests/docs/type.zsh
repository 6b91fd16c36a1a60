#!/bin/zsh -f
# type.zsh SHELL DESTDIR: types lines into an interactive bash or zsh, presses TAB at the end of each, and prints what
# the completion installed in DESTDIR offers: the candidates, one a line, then a line with a dot. It reads the lines
# from standard input. The shell runs on its own terminal; its startup file, made here, makes it write the candidates to
# a file.
emulate -R zsh
zmodload zsh/zpty zsh/zselect
shell=$1 destdir=$2
work=$(mktemp -d)
trap 'zpty -d typist 2>/dev/null; rm -rf $work' EXIT
export OFFERED=$work/offered HOME=$work TERM=dumb PATH=$destdir/usr/sbin:$PATH

case $shell in
    bash)
        # Loaded by bash-completion's own loader, which looks in XDG_DATA_DIRS.
        cat >$work/rc <<'RC'
. /usr/share/bash-completion/bash_completion
# _comp_load exists since 2.12.
if declare -F _comp_load >/dev/null; then _comp_load bootmerge; else __load_completion bootmerge; fi
offer() {
    _bootmerge "$@"
    printf '%s\n' "${COMPREPLY[@]}" >"$OFFERED.new"
    COMPREPLY=()
    mv "$OFFERED.new" "$OFFERED"
}
[[ $(complete -p bootmerge) == 'complete -F _bootmerge bootmerge' ]] && complete -F offer bootmerge && : >"$OFFERED"
RC
        export XDG_DATA_DIRS=$destdir/usr/share
        zpty typist bash --noprofile --rcfile ${(q)work}/rc -i
        ;;
    zsh)
        cat >$work/.zshrc <<'RC'
fpath=($DESTDIR/usr/share/zsh/vendor-completions $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
    local -a hits
    # With -O, -A or -D nothing is offered: a function is asking.
    if (( ${@[(I)-[OAD]*]} )); then
        builtin compadd "$@"
        return
    fi
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits >>$OFFERED.new
    builtin compadd "$@"
}
offered() {
    compstate[insert]='' compstate[list]=''
    touch $OFFERED.new
    mv $OFFERED.new $OFFERED
}
press_tab() {
    comppostfuncs=(offered) # once
    zle complete-word
}
zle -N press_tab
bindkey '^I' press_tab
[[ $_comps[bootmerge] == _bootmerge ]] && : >$OFFERED
RC
        export DESTDIR=$destdir ZDOTDIR=$work
        zpty typist zsh -o no_global_rcs -i
        ;;
esac

# wait_for_offer: waits until the file exists, at most 20 s. Meanwhile it reads the terminal's output, or the shell
# would block on a full pipe.
wait_for_offer() {
    local shown
    repeat 400; do
        while zpty -rt typist shown; do screen+=$shown; done
        [[ -e $OFFERED ]] && return
        zselect -t 5
    done
    print -ru2 -- "type.zsh: $shell does not complete: $1; its terminal shows: $screen"
    exit 1
}

wait_for_offer 'at start'
while IFS= read -r line; do
    rm -f $OFFERED
    zpty -wn typist $'\C-u'"$line"$'\t'
    wait_for_offer $line
    cat $OFFERED
    print .
done
