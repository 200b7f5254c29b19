# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# What becomes of output that cannot be written.  Sourced by test_spctl.sh.

# output_fails NAME STATUS ERR COMMAND...: standard output is the caller's
output_fails() {
    local name=$1 want=$2 err=$3 got
    shift 3

    "$@" 2>"$tmp/err"
    got=$?
    if [ "$got" -eq "$want" ] && matches "$tmp/err" "$err"; then
        pass "$name"
    else
        fail "$name" "exit status $got, not $want" "$(cat "$tmp/err")"
    fi
}

# Whether the standard descriptors of a process are /dev/null.
is_muffled() {
    [ "$(readlink /proc/"$1"/fd/{0,1,2} | sort -u)" = /dev/null ]
}

test_closed_descriptors() {
    local caller

    "$spctl" call probe never <&- >&- 2>&- &
    caller=$!
    expect 'no socket takes the place of a closed standard descriptor' \
        eventually is_muffled "$caller"
    kill -KILL "$caller"
    wait "$caller" 2>/dev/null
}

test_bad_output() {
    local name reader writer
    local -a words

    for name in list 'call alice list' ping help --version 'started alice'; do
        read -ra words <<<"$name"
        output_fails "a full disk is exit status 11 ($name)" 11 \
            '~^spctl: cannot write' "$spctl" "${words[@]}" >/dev/full
        output_fails "a closed output is exit status 11 ($name)" 11 \
            '~^spctl: cannot write' "$spctl" "${words[@]}" >&-
    done
    # a pipe whose only reader has gone
    mkfifo "$tmp/pipe"
    # shellcheck disable=SC2094
    exec {reader}<>"$tmp/pipe" {writer}>"$tmp/pipe" {reader}<&-
    output_fails 'a closed pipe is exit status 11' 11 '~^spctl: cannot write' \
        "$spctl" help >&"$writer"
    exec {writer}>&-
    output_fails 'who prints nothing needs no output' 0 '' \
        "$spctl" cast alice 'put a b' >&-
    output_fails 'a closed input is exit status 11' 11 \
        '~cannot read standard input' "$spctl" call alice <&-
    output_fails 'a directory as input is exit status 11' 11 \
        '~cannot read standard input' "$spctl" call alice </
}
