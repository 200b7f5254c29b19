# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# Completion and the examples of scripts/.  Sourced by test_spctl.sh.

# completes NAME WANTED WORD...: what is offered for the last word
completes() {
    local name=$1 want=$2 got
    shift 2

    got=$(
        # shellcheck source=/dev/null
        . "$scripts/completion/spctl.bash"
        COMP_WORDS=("$spctl" "$@")
        COMP_CWORD=$#
        COMPREPLY=()
        _spctl
        echo "${COMPREPLY[*]}"
    )
    if [ "$got" = "$want" ]; then
        pass "$name"
    else
        fail "$name" "offered: $got" "wanted: $want"
    fi
}

test_completion() {
    completes 'commands are completed' 'start started stats' sta
    completes 'session IDs are completed' 'hits hits2 hits3' call hi
    completes 'after an option too' alice call --timeout 3 al
    completes 'a value of a module' counter start x --module cou
    completes 'also after =' counter start x --module = cou
    completes 'what to wait for is completed' 'ready restarted' wait x --for re
    completes 'a session to wait for is too' alice wait --for gone al
    completes 'signals are completed' 'SIGUSR1 SIGUSR2' signal x SIGUS
    completes 'options are completed' '--arg --arg-file' start x --ar
    completes 'help completes commands' ping help pi
    completes 'of the supervisor that is named' '' \
        --runtime-dir "$tmp/empty" call al
    completes 'also after = there' '' --runtime-dir = "$tmp/empty" call al
    completes 'a new ID is nobody elses business' '' start al
}

test_examples() {
    local examples=$scripts/examples PATH=${spctl%/*}:$PATH watcher

    expect 'a cart takes goods' test \
        "$("$examples/cart.sh" kim add apples 3)" = '   3  apples'
    "$examples/cart.sh" kim add pears >/dev/null
    "$examples/cart.sh" kim add apples >/dev/null
    "$examples/cart.sh" kim remove pears
    expect 'and keeps them' test \
        "$("$examples/cart.sh" kim show)" = '   4  apples'
    expect 'until it is closed' "$examples/cart.sh" kim close
    expect 'each.sh asks every session of a module' test \
        "$("$examples/each.sh" counter get | grep -c .)" -eq 4
    "$examples/watch.sh" 0.05 >"$tmp/watched" &
    watcher=$!
    expect 'watch.sh shows what is there' \
        eventually grep -qs '^+ hits3 ' "$tmp/watched"
    expect 'reap.sh spares the young' test \
        -z "$("$examples/reap.sh" counter 3600)"
    expect 'reap.sh ends all of a module' test \
        "$("$examples/reap.sh" counter | sort | tr '\n' ' ')" = \
        "$long_id hits hits2 hits3 "
    expect 'watch.sh shows what goes' \
        eventually grep -qs '^- hits3 ' "$tmp/watched"
    kill -TERM "$watcher"
    wait "$watcher" 2>/dev/null
    try 'they are gone' 0 '' '' list -1 --module counter
}
