# SPDX-License-Identifier: MIT
# bash completion for spctl.  Commands and options come from spctl's own tables
# (spctl help --words), session IDs and modules from the supervisor that the
# command line names.
#
# Install it as /usr/share/bash-completion/completions/spctl, or source it.

_spctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local spctl=("${COMP_WORDS[0]}") command='' operands=0 option i

    [[ $word == = ]] && word=''
    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --runtime-dir | --module | --arg | --arg-file | --pid | --timeout | \
            --for | --prefix)
            option=${COMP_WORDS[i++]}
            # bash takes --option=value for three words
            [[ ${COMP_WORDS[i]} == = ]] && ((i++))
            [[ $option == --runtime-dir ]] &&
                spctl+=("$option" "${COMP_WORDS[i]}")
            ;;
        -*) ;;
        *)
            if [[ -z $command ]]; then
                command=${COMP_WORDS[i]}
            else
                ((operands++))
            fi
            ;;
        esac
    done

    case $before in
    --runtime-dir | --arg-file)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --module)
        _spctl_offer "$word" "${spctl[@]}" modules --names
        return
        ;;
    --for)
        mapfile -t COMPREPLY < <(compgen -W 'ready gone restarted' -- "$word")
        return
        ;;
    --arg | --pid | --timeout)
        return
        ;;
    esac
    if [[ $word == -* ]]; then
        _spctl_offer "$word" "${spctl[@]}" help --words "${command:-help}"
        return
    fi
    case $command:$operands in
    :0 | help:0)
        _spctl_offer "$word" "${spctl[@]}" help --words
        ;;
    stop:0 | restart:0 | call:0 | cast:0 | started:0 | info:0 | events:0 | \
        wait:0 | pause:0 | resume:0 | signal:0 | touch:0 | url:0)
        _spctl_offer "$word" "${spctl[@]}" list --names
        ;;
    signal:1)
        # real-time signals have no names here
        mapfile -t COMPREPLY < <(compgen -A signal -- "$word" |
            grep -v -e RT -e JUNK)
        ;;
    esac
}

# _spctl_offer WORD COMMAND...: what COMMAND prints and begins with WORD
_spctl_offer() {
    local word=$1 lines
    shift

    lines=$("$@" 2>/dev/null </dev/null) || return
    mapfile -t COMPREPLY < <(compgen -W "$lines" -- "$word")
}

complete -F _spctl spctl
