# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# Orders to sessions that are there.  Sourced by test_spctl.sh.

# shows ID REGEX: a line of its info
shows() {
    "$spctl" info "$1" | grep -qE "$2"
}

test_restart() {
    local before after

    before=$("$spctl" start phoenix)
    "$spctl" -q call phoenix 'put k v'
    try 'restart prints the fresh process' 0 '~^[0-9]+$' '' restart phoenix
    after=$(cat "$tmp/out")
    expect 'which is another' [ "$before" != "$after" ]
    expect 'the old one is gone' gone "$before"
    try 'its memory is fresh' 6 '' '*' call phoenix 'get k'
    expect 'it has restarted once' shows phoenix '^restarts +1$'
    try 'restart --json names both' 0 '~^{"id": "phoenix", "pid": [0-9]+}$' \
        '' --json restart phoenix
    try 'restart --quiet prints nothing' 0 '' '' -q restart phoenix
    try 'restart of no session is exit status 1' 1 '' '~^spctl: nobody: ' \
        restart nobody
    # more than max_restarts: these do not count
    for _ in 1 2 3 4; do
        try 'it can be restarted often' 0 '' '' -q restart phoenix
    done
    try 'and is still there' 0 '' '' -q stop phoenix
}

test_pause() {
    "$spctl" -q start sleeper
    try 'pause prints nothing' 0 '' '' pause sleeper
    expect 'info says so' shows sleeper '^state +running, paused$'
    try 'and list' 0 '~^ *[0-9]+ paused +kv .* sleeper$' '' list
    try 'a call to it waits' 4 '' '*' call sleeper list --timeout 0.05
    try 'resume prints nothing' 0 '' '' resume sleeper
    try 'it answers again' 0 '' '' call sleeper list
    expect 'info says so too' shows sleeper '^state +running$'
    try 'touch prints nothing' 0 '' '' touch sleeper
    try 'it can be stopped while paused' 0 '' '' pause sleeper
    try 'without waiting for anybody' 0 '' '' stop sleeper
    for _ in pause resume touch; do
        try "$_ of no session is exit status 1" 1 '' '~^spctl: nobody: ' \
            "$_" nobody
    done
}

test_signal() {
    local before

    before=$("$spctl" start target)
    try 'signal prints nothing' 0 '' '' signal target SIGKILL
    try 'its successor is ready soon' 0 '~^[0-9]+$' '' \
        wait target --for restarted --pid "$before"
    expect 'it is another process' [ "$(cat "$tmp/out")" != "$before" ]
    try 'a restart that has been is not waited for' 0 "$(cat "$tmp/out")" '' \
        wait target --for restarted --pid "$before" --timeout 0
    expect 'info names the signal' shows target '^last end +killed by SIGKILL'
    try 'the name goes without SIG' 0 '' '' signal target CONT
    try 'an unknown signal is wrong usage' 2 '' '~no signal "KILLER"' \
        signal target KILLER
    try 'a number is none' 2 '' '~no signal "9"' signal target 9
    try 'signal to no session is exit status 1' 1 '' '~^spctl: nobody: ' \
        signal nobody TERM
    "$spctl" -q stop target
}

test_drain() {
    local caller status=0

    "$spctl" -q start worker --module probe
    "$spctl" call worker 'later 300 done' >"$tmp/drained" &
    caller=$!
    expect 'a call waits for its reply' eventually \
        shows worker '^calls .* waiting: 1$'
    try 'stop --drain prints nothing' 0 '' '' stop worker --drain
    wait "$caller" || status=$?
    expect 'what had arrived was finished' [ "$status" -eq 0 ]
    expect 'and answered' test "$(cat "$tmp/drained")" = 'done'
    try 'then it is gone' 1 '' '~^spctl: worker: ' call worker 'echo x'
    try 'stop --drain of no session is exit status 1' 1 '' \
        '~^spctl: nobody: ' stop --drain nobody
}

# restarted ID WAITER: restarts the session; whether the waiter has ended
restarted() {
    "$spctl" -q restart "$1"
    gone "$2"
}

test_wait() {
    local pid waiter status=0

    pid=$("$spctl" start guest)
    try 'wait for what is so prints the process' 0 "$pid" '' wait guest
    try 'wait --json prints both' 0 "{\"id\": \"guest\", \"pid\": $pid}" '' \
        wait guest --json --for ready
    try 'wait --quiet prints nothing' 0 '' '' -q wait guest
    try 'a timeout of 0 asks about now' 4 '' \
        '~^spctl: guest: .*not gone yet' wait guest --for gone --timeout 0
    try 'a wait that comes to nothing is exit status 4' 4 '' \
        '~not restarted yet' wait guest --for restarted --timeout 0.05
    try 'with --quiet it says nothing' 4 '' '' \
        wait guest --for gone --timeout 0 -q
    "$spctl" wait guest --for restarted >"$tmp/waited" &
    waiter=$!
    expect 'a restart ends a wait for it' eventually restarted guest "$waiter"
    wait "$waiter" || status=$?
    expect 'with success' [ "$status" -eq 0 ]
    expect 'and the new process' matches "$tmp/waited" '~^[0-9]+$'
    expect 'which is another' [ "$(cat "$tmp/waited")" != "$pid" ]
    "$spctl" wait guest --for gone --timeout infinity >"$tmp/waited" &
    waiter=$!
    "$spctl" stop guest
    wait "$waiter" || status=$?
    expect 'an end ends a wait for it' [ "$status" -eq 0 ]
    expect 'and has no process to print' matches "$tmp/waited" ''
    try 'none is gone' 0 '' '' wait nobody --for gone
    try 'none will be ready' 1 '' '~^spctl: nobody: ' wait nobody
    try 'nor restarted' 1 '' '~^spctl: nobody: ' wait nobody --for restarted
    try 'of one that was, it says how it ended' 1 '' \
        '~^spctl: guest: no such session .stopped on request' wait guest
}
