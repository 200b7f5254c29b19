# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# What sessions use, and what happens to them.  Sourced by test_spctl.sh.

fits() {
    awk 'length > 80 { exit 1 }' "$1"
}

test_list_long() {
    local want

    try 'list --long is a table' 0 \
        '~^ *[0-9]+ running +kv +0 .* [0-9]+ +[0-9hms]+ +[0-9.]+[KMG] alice$' \
        '' list --long
    expect 'with titles' matches "$tmp/out" \
        '~RESTARTS +AGE +IDLE +CALLS +CPU +MEMORY +ID$'
    expect 'that fits 80 columns' fits "$tmp/out"
    try 'list -l is short for it' 0 '~MEMORY' '' list -l
    try 'list --long --json has what was used' 0 \
        '~"id": "alice".*"cpu_ms": [0-9]+, "memory_kb": [1-9][0-9]*, ' '' \
        list --long --json
    want='"calls": [1-9][0-9]*, "casts": [0-9]+, "waiting": 0'
    expect 'and done' matches "$tmp/out" "~\"alice\".*$want"
    try 'list --json has neither' 0 '~"id": "alice".*"paused": false\}' '' \
        list --json
}

test_info_groups() {
    "$spctl" -q start fact --module probe
    "$spctl" -q call fact crash 2>/dev/null
    "$spctl" -q wait fact
    "$spctl" -q call fact 'echo x' >/dev/null
    # of a user without a name, id prints the number, and complains
    try 'info tells who started it' 0 "~^user +$(id -un 2>/dev/null)$" '' \
        info fact
    expect 'what it does' matches "$tmp/out" '~^(idle|doing) '
    expect 'what it has done' matches "$tmp/out" '~^calls +1, waiting: 0$'
    expect 'what it uses' matches "$tmp/out" '~^memory +[0-9.]+[KMG]$'
    expect 'and of its last end what it was doing' matches "$tmp/out" \
        '~^last end +killed by SIGSEGV in a call'
    expect 'how much it had handled' matches "$tmp/out" \
        '~^  handled +calls: [0-9]+, casts: 0$'
    expect 'in 80 columns' fits "$tmp/out"
    try 'as JSON the end is an object' 0 \
        '~"end": \{"text": "killed by .*"code": 11, "signal": "SIGSEGV"' '' \
        info fact --json
    "$spctl" -q stop fact
}

test_events() {
    local seqs

    "$spctl" -q start eve --module probe
    "$spctl" -q stop eve
    try 'events of a session are printed in their order' 0 '~ start +eve$' '' \
        events eve
    expect 'each with its time' test -z \
        "$(grep -vE '^20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-9:]{8} ' "$tmp/out")"
    expect 'ready with its process' matches "$tmp/out" '~ ready +eve\[[0-9]+\]'
    expect 'the stop with its reason' matches "$tmp/out" \
        '~ stop +eve(\[[0-9]+\])? stopped on request'
    expect 'and no others' test -z "$(grep -v ' eve' "$tmp/out")"
    expect 'they are these three' test "$(awk '{ print $3 }' "$tmp/out" |
        tr '\n' ' ')" = 'start ready stop '
    try 'the events of all sessions are printed' 0 '~ start +alice$' '' events
    expect 'in 80 columns' fits "$tmp/out"
    expect 'the longest ID uncut' grep -q "$long_id" "$tmp/out"
    expect 'no line ends in spaces' test -z "$(grep ' $' "$tmp/out")"
    try 'events --json prints one object a line' 0 \
        '~^\{"id":"eve","event":"start","seq":[0-9]+,.*\}$' '' \
        events --json eve
    expect 'three of them' test "$(wc -l <"$tmp/out")" -eq 3
    seqs=$(sed 's/.*"seq":\([0-9]*\),.*/\1/' "$tmp/out")
    expect 'with rising numbers' test "$seqs" = "$(sort -n <<<"$seqs")"
    try 'of a session that never was there are none' 0 '' '' events nobody
}

# follow WORD...: spctl events --follow in the background, to $tmp/followed.
# A job of a script has SIGINT ignored unless told otherwise.
follow() {
    env --default-signal=INT "$spctl" events --follow "$@" >"$tmp/followed" &
    follower=$!
}

# followed_ready N: that many sessions have become ready.
followed_ready() {
    [ "$(grep -c '"event":"ready"' "$tmp/followed")" -ge "$1" ]
}

test_events_follow() {
    local signal follower status ends

    for signal in INT TERM; do
        follow --json eve
        expect 'what is kept comes first' eventually \
            grep -q '"event":"stop"' "$tmp/followed"
        "$spctl" -q start eve --module probe
        expect 'a new event comes at once' eventually followed_ready 2
        kill "-$signal" "$follower"
        status=0
        wait "$follower" || status=$?
        expect "SIG$signal ends it with exit status 0" [ "$status" -eq 0 ]
        expect 'every line is whole' test -z \
            "$(grep -vE '^\{.*\}$' "$tmp/followed")"
        "$spctl" -q stop eve
    done
    "$spctl" events --follow 2>"$tmp/err" | head -n 1 >"$tmp/out"
    ends=("${PIPESTATUS[@]}")
    expect 'a reader that goes ends it as it ends others' \
        [ "${ends[0]}" -eq 141 ]
    expect 'without a word' matches "$tmp/err" ''
    output_fails 'a full disk is exit status 11' 11 '~^spctl: cannot write' \
        "$spctl" events --follow >/dev/full
}

# heard WORD...: spctl subscribe in the background, to $tmp/heard.
heard() {
    env --default-signal=INT "$spctl" subscribe "$@" >"$tmp/heard" \
        2>"$tmp/warned" &
    follower=$!
}

test_subscribe() {
    local follower status=0

    "$spctl" -q start sub --module probe
    heard sub --json --prefix ne
    expect 'it says when it has begun' eventually \
        matches "$tmp/heard" '~^\{"id": "sub", "kind": "begun"\}$'
    "$spctl" call sub 'emit old' >/dev/null
    "$spctl" call sub 'emit new' >/dev/null
    printf 'emit ne\377' | "$spctl" call sub >/dev/null
    expect 'what begins with the prefix comes at once' eventually \
        matches "$tmp/heard" '~"kind": "message", "data": "new"\}$'
    expect 'what is no text as numbers' eventually \
        matches "$tmp/heard" '~"data": \[110, 101, 255\]\}$'
    expect 'and nothing else' [ "$(wc -l <"$tmp/heard")" -eq 3 ]
    "$spctl" -q restart sub
    expect 'a restart is a gap' eventually \
        matches "$tmp/heard" '~"kind": "gap"\}$'
    "$spctl" -q stop sub
    wait "$follower" || status=$?
    expect 'the end of the session is exit status 1' [ "$status" -eq 1 ]
    expect 'said as JSON' matches "$tmp/heard" \
        '~"kind": "over", "error": [0-9]+, "name": "SP_ENOENT"'
    expect 'and in words' matches "$tmp/warned" '~^spctl: sub: no such session'
}

test_subscribe_to_all() {
    local follower status=0

    heard
    "$spctl" -q start sub --module probe
    expect 'messages of all have their IDs before them' eventually \
        emits_heard sub one
    "$spctl" -q restart sub
    expect 'a gap is told beside them' eventually \
        matches "$tmp/warned" '~^spctl: sub: it was restarted'
    "$spctl" -q stop sub
    "$spctl" -q start sub2 --module probe
    expect 'the end of one is not the end' eventually emits_heard sub2 two
    kill -INT "$follower"
    wait "$follower" || status=$?
    expect 'SIGINT ends it with exit status 0' [ "$status" -eq 0 ]
    "$spctl" -q stop sub2
    try 'a session that is not there is exit status 1' 1 '' \
        '~^spctl: nobody: no such session' subscribe nobody
    try 'an invalid ID is refused' 2 '' '*' subscribe a/b
}

# Emits until it is heard: what comes before it has begun is missed.
emits_heard() {
    "$spctl" call "$1" "emit $2" >/dev/null
    matches "$tmp/heard" "~^$1	$2\$"
}

test_stats() {
    try 'stats has names, values and meanings' 0 \
        '~^starts +[1-9][0-9]*  [a-z]' '' stats
    expect 'titles' matches "$tmp/out" '~^NAME +VALUE  MEANING$'
    expect 'and fits 80 columns' fits "$tmp/out"
    try 'stats --json is one object' 0 '~^\{.*"starts": [1-9][0-9]*,.*\}$' '' \
        stats --json
}

test_reload() {
    try 'a reload without a change changes nothing' 0 \
        'modules: 0 changed, 0 added, 0 removed' '' reload
    cp "$tmp/one.conf" "$tmp/kept.conf"
    printf '[module more]\npath = %s\nsandbox = %s\n' "$probe" \
        "${SP_TEST_SANDBOX:-default}" >>"$tmp/one.conf"
    try 'a new module is counted' 0 \
        '{"changed": 0, "added": 1, "removed": 0}' '' reload --json
    expect 'and can be started' "$spctl" -q start novel --module more
    "$spctl" -q stop novel
    echo 'colour = red' >>"$tmp/one.conf"
    try 'a mistake is exit status 2 and named' 2 '' \
        "~one.conf:[0-9]+.*colour" reload
    try 'and changes nothing' 0 '~^more ' '' modules
    cp "$tmp/kept.conf" "$tmp/one.conf"
    try 'reload --quiet prints nothing' 0 '' '' -q reload
    try 'the module is gone again' 0 '~^kv$' '' modules --names
    expect 'for good' test -z "$(grep '^more$' "$tmp/out")"
}

test_doctor() {
    local status=0

    [ -z "${SP_TEST_SANDBOX:-}" ] || status=9
    try 'doctor prints a table' "$status" '~^landlock +(present|absent)' '' \
        doctor
    expect 'which fits 80 columns' awk 'length > 80 { exit 1 }' "$tmp/out"
    try 'and JSON' "$status" '~^{"primitives": \[{"name": "' '' doctor --json
}
