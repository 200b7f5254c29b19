# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# Sessions from start to stop.  Sourced by test_spctl.sh.

test_start() {
    local pid

    try 'start prints the process' 0 '~^[0-9]+$' '' start alice
    pid=$(cat "$tmp/out")
    expect 'it is a live process' kill -0 "$pid"
    try 'a second start is exit status 3 and names the process' 3 '' \
        "~^spctl: alice: .*$pid" start alice
    try 'with --quiet it says nothing' 3 '' '' start alice -q
    try 'start --quiet prints nothing' 0 '' '' -q start bob
    try 'start --json prints ID and process' 0 \
        '~^{"id": "carol", "pid": [0-9]+}$' '' start --json carol
    try 'an ID that begins with - follows --' 0 '~^[0-9]+$' '' start -- -dash
    try 'options may come before the command' 0 '' '' \
        --quiet --module counter --arg 40 start hits
    try 'the argument has arrived' 0 '~^40$' '' call hits get
    printf '41' >"$tmp/arg"
    try 'the argument from a file' 0 '~^[0-9]+$' '' \
        start hits2 --module=counter --arg-file "$tmp/arg"
    try 'it has arrived too' 0 '~^41$' '' call hits2 get
    try 'the argument from standard input' 0 '~^[0-9]+$' '' \
        start hits3 --module counter --arg-file - <"$tmp/arg"
    try 'and a 64-byte ID' 0 '~^[0-9]+$' '' start "$long_id" --module counter
}

test_start_fails() {
    local ends

    try 'the text of a failed init is told' 9 '' '~^spctl: no: sorry' \
        start no --module probe --arg 'fail sorry'
    try 'a start that is declined is exit status 9' 9 '' '~^spctl: no: ' \
        start no --module probe --arg ignore
    try 'an init that crashes is exit status 9' 9 '' '~^spctl: no: ' \
        start no --module probe --arg crash
    try 'an unknown module is exit status 9' 9 '' '~spctl modules' \
        start no --module nosuch
    try 'a module that cannot be loaded is exit status 9' 9 '' '*' \
        start no --module broken
    try 'none of them is started' 1 'no' '' started no
    try 'a file that is not there is exit status 11' 11 '' \
        '~No such file' start no --arg-file "$tmp/nosuch"
    head -c 1048577 /dev/zero >"$tmp/big"
    try 'an argument without bound is refused' 8 '' '~1048576' \
        start no --arg-file "$tmp/big"
    head -c 64M /dev/zero 2>/dev/null |
        "$spctl" start no --arg-file - 2>"$tmp/err"
    ends=("${PIPESTATUS[@]}")
    expect 'and so is an endless one' [ "${ends[1]}" -eq 8 ]
    expect 'of which no more is read' [ "${ends[0]}" -ne 0 ]
    head -c 70000 /dev/zero >"$tmp/big"
    try 'an argument over max_arg is refused' 8 '' '~^spctl: no: .*max_arg' \
        start no --arg-file "$tmp/big"
}

test_call() {
    try 'call prints the reply as it is' 0 '~^1$' '' call alice 'incr n'
    printf 2 >"$tmp/want"
    "$spctl" call alice 'incr n' >"$tmp/out"
    expect 'and no newline after it' cmp -s "$tmp/want" "$tmp/out"
    printf 'put text a b\nc\n' >"$tmp/in"
    try 'the request can come from standard input' 0 '' '' \
        call alice <"$tmp/in"
    printf 'a b\nc\n' >"$tmp/want"
    try 'it is sent to the last byte' 0 '*' '' call alice 'get text'
    expect 'the reply is what was put' cmp -s "$tmp/want" "$tmp/out"
    try 'a request that begins with - follows --' 6 '' '*' \
        call alice -- '-x'
    try 'an empty request is a request' 6 '' '*' call alice ''
    try '--quiet leaves the reply alone' 0 '~^a b$' '' -q call alice 'get text'
    try '--json leaves the reply alone' 0 '~^a b$' '' \
        --json call alice 'get text'
    expect 'a terminal gets a newline after the reply' test \
        "$(script -qec "'$spctl' call alice 'get n'; echo X" /dev/null \
            </dev/null | tr -d '\r')" = $'2\nX'
    expect 'but no second one' test \
        "$(script -qec "'$spctl' call alice 'get text'; echo X" /dev/null \
            </dev/null | tr -d '\r')" = $'a b\nc\nX'
}

test_call_bytes() {
    local name

    "$spctl" -q start echo --module echo
    head -c 3000000 /dev/urandom >"$tmp/random"
    printf '\0SP!9 not an error' >"$tmp/mark"
    printf '\0\n\0\377\376' >"$tmp/nul"
    : >"$tmp/none"
    for name in random mark nul none; do
        try "bytes come back as they went ($name)" 0 '*' '' \
            call echo <"$tmp/$name"
        expect "and are the same ($name)" cmp -s "$tmp/$name" "$tmp/out"
    done
    try 'the replys bytes go to a pipe that is full at times' 0 '*' '' \
        call echo <"$tmp/random"
    expect 'all of them' cmp -s "$tmp/random" \
        <("$spctl" call echo <"$tmp/random")
}

test_cast() {
    try 'cast prints nothing' 0 '' '' cast hits 'incr 2'
    expect 'it is handled' eventually reads hits get 42
    try 'the message can come from standard input' 0 '' '' \
        cast hits < <(printf 'incr 3')
    expect 'it is handled too' eventually reads hits get 45
}

test_broadcast() {
    for name in cast-1 cast-2 other; do
        "$spctl" -q start "$name" && "$spctl" cast "$name" 'put a x y'
    done
    "$spctl" -q start cast-3 --module counter
    try 'broadcast prints each reply behind its ID' 0 \
        $'cast-1\tx y\ncast-2\tx y' '' broadcast 'cast-[12]' 'get a'
    try 'one that fails is told by name' 6 $'cast-1\tx y\ncast-2\tx y' \
        '~^spctl: cast-3: ' broadcast 'cast-*' 'get a'
    try 'with --quiet by the exit status alone' 6 '*' '' \
        -q broadcast 'cast-*' 'get a'
    try 'a module can be named' 0 $'cast-3\t0' '' \
        broadcast 'cast-*' --module counter get
    try 'that there are none is no failure' 0 '' '' broadcast 'none-*' x
    try 'a cast prints nothing' 0 '' '' broadcast 'cast-[12]' --cast 'put a z'
    expect 'it is handled by one' eventually reads cast-1 'get a' z
    expect 'and the other' eventually reads cast-2 'get a' z
    expect 'and nobody else' reads other 'get a' 'x y'
    try 'the request can come from standard input' 0 $'cast-1\tz' '' \
        broadcast cast-1 < <(printf 'get a')
    try 'as JSON it is one object a line' 6 \
        '~"id": "cast-1", "error": 0, .*"reply": "z"' '*' \
        --json broadcast 'cast-*' 'get a'
    expect 'with the failures' matches "$tmp/out" '~"name": "SP_EREQUEST"'
    "$spctl" cast other < <(printf 'put a \377')
    try 'what is no text is numbers' 0 '~"reply": \[255\]' '' \
        --json broadcast other 'get a'
    for name in cast-1 cast-2 cast-3 other; do
        "$spctl" stop "$name"
    done
}

# reads ID REQUEST REPLY
reads() {
    [ "$("$spctl" call "$1" "$2")" = "$3" ]
}

test_call_fails() {
    "$spctl" -q start probe --module probe
    try 'no such session is exit status 1' 1 '' \
        '~^spctl: nobody: no such session.*spctl list' call nobody x
    try 'and for cast' 1 '' '~^spctl: nobody: ' cast nobody x
    "$spctl" -q start gone && "$spctl" stop gone
    try 'of a session that is no more it says how it ended' 1 '' \
        '~^spctl: gone: no such session .stopped on request, ' call gone x
    try 'of one that is remembered info tells all, with exit status 1' 1 \
        '~^fate +stopped on request' '' info gone
    expect 'its state is gone' matches "$tmp/out" '~^state     gone$'
    try 'also as JSON' 1 '~"state": "gone".*"fate": "stopped on request' '' \
        --json info gone
    try 'it is not started' 1 no '' started gone
    try 'with --quiet it says nothing' 1 '' '' -q call nobody x
    try 'a timeout is exit status 4' 4 '' '~may have run' \
        call probe never --timeout 0.05
    try 'a timeout can be without end' 0 '~^late$' '' \
        call probe 'later 10 late' --timeout infinity
    try 'an error of the session is exit status 6 with its text' 6 '' \
        'spctl: probe: out of cheese' call probe 'error out of cheese'
    try 'with --quiet without' 6 '' '' call probe 'error out of cheese' -q
    try 'an unknown request is exit status 6' 6 '' \
        '~does not know this request' call probe 'dance'
    try 'control characters of a session reach no terminal' 6 '' \
        '~^spctl: probe: \\x1b\[31mred$' call probe $'error \033[31mred'
    head -c 17000000 /dev/zero >"$tmp/big"
    try 'a request over max_message is refused' 8 '' '~max_message' \
        call probe <"$tmp/big"
    try 'a session that crashes is exit status 5' 5 '' \
        '~^spctl: probe: the session died.*the request may have run' \
        call probe crash
}

# Whether the session takes no request, because it is at another.
is_busy() {
    "$spctl" -q call "$1" --timeout 1 'echo x' >/dev/null
    [ $? -eq 4 ]
}

test_kill_during_call() {
    local pid caller status=0

    pid=$("$spctl" start victim --module probe)
    "$spctl" call victim hang --timeout infinity >"$tmp/out" 2>"$tmp/err" &
    caller=$!
    expect 'the session is at the request' eventually is_busy victim
    kill -KILL "$pid"
    wait "$caller" || status=$?
    expect 'a session killed during a call is exit status 5' [ "$status" -eq 5 ]
    expect 'the message says what of, and how far it got' \
        matches "$tmp/err" '~^spctl: victim: the session died.*may have run$'
    try 'another session is unharmed' 0 '~^45$' '' call hits get
    expect 'its successor answers' eventually reads victim 'echo hello' hello
    try 'info tells of it' 0 '~^restarts  1$' '' info victim
    expect 'with the reason' matches "$tmp/out" '~^last end .*SIGKILL'
}

test_started() {
    try 'started says yes' 0 yes '' started alice
    try 'started says no, with exit status 1' 1 no '' started nobody
    try 'started --quiet says it by exit status alone' 0 '' '' -q started alice
    try 'and no' 1 '' '' -q started nobody
    try 'started --json' 0 '{"id": "alice", "started": true}' '' \
        started alice --json
    try 'started --json, no' 1 '{"id": "nobody", "started": false}' '' \
        started nobody --json
}

test_list() {
    local want

    try 'list prints a table' 0 \
        '~^ *[0-9]+ running  *kv  *0  *[0-9hms]+ alice$' '' list
    expect 'with titles' matches "$tmp/out" '~^ *PID STATE '
    expect 'that fits 80 columns, the longest ID included' \
        awk 'length > 80 { exit 1 }' "$tmp/out"
    expect 'and does not cut it' grep -qE "^ *$long_id\$" "$tmp/out"
    expect 'no line ends in spaces' test -z "$(grep ' $' "$tmp/out")"
    try 'list --names prints IDs' 0 '~^alice$' '' list --names
    expect 'and nothing else, in order' sort -c "$tmp/out"
    try 'list -1 is short for it' 0 '~^alice$' '' list -1
    try 'list --module prints those of one module' 0 \
        "$(printf '%s\n' "$long_id" hits hits2 hits3)" '' \
        list -1 --module counter
    try 'list --module of none prints none' 0 '' '' list -1 --module nosuch
    try 'list --json is an array' 0 '~^\[$' '' list --json
    want='"pid": [0-9]+, "module": "kv", "state": "running", "restarts": 0'
    want+=', "age_ms": [0-9]+, "last_end": ""'
    expect 'of one object a line' matches "$tmp/out" \
        "~^\\{\"id\": \"alice\", $want, .*\\},?\$"
    expect 'that ends' test "$(tail -n 1 "$tmp/out")" = ']'
    try 'list --json of none is an empty array' 0 '[]' '' \
        list --json --module nosuch
}

test_info() {
    try 'info prints facts' 0 '~^id        alice$' '' info alice
    expect 'the state' matches "$tmp/out" '~^state     running$'
    try 'info --json prints one object' 0 \
        '~^\{"id": "alice", "pid": [0-9]+, .*\}$' '' info --json alice
    try 'info of no session is exit status 1' 1 '' '~^spctl: nobody: ' \
        info nobody
    try 'the URL is printed' 0 "ipc://$tmp/one/sessions/alice" '' url alice
    try 'the URL as JSON' 0 '~^\{"id": "alice", "url": "ipc://.*"\}$' '' \
        url alice --json
}

test_modules() {
    local want

    try 'modules are listed, with the default' 0 '~^kv +yes ' '' modules
    try 'modules --names prints names' 0 '~^counter$' '' modules --names
    want='"path": "/.*/kv.so", "default": true, "sessions": [0-9]+'
    try 'modules --json' 0 "~^\\{\"name\": \"kv\", $want\\},?\$" '' \
        modules --json
    try 'ping' 0 "~^spd [0-9.]+ answers in $tmp/one, process $one\$" '' ping
    try 'ping --quiet' 0 '' '' ping -q
    want="\"pid\": $one, \"runtime_dir\": \"$tmp/one\""
    try 'ping --json' 0 "~^\\{\"version\": \"[0-9.]+\", $want\\}\$" '' \
        ping --json
}

test_channels() {
    try 'a URL as runtime directory takes the other channel' 0 '~^2$' '' \
        --runtime-dir "ipc://$tmp/one" call alice 'get n'
    SP_CHANNEL=nng try 'so does SP_CHANNEL' 0 '~^2$' '' call alice 'get n'
}

test_stop() {
    local pid

    pid=$("$spctl" start mayfly)
    try 'stop prints nothing' 0 '' '' stop mayfly
    expect 'the process is gone by then' gone "$pid"
    try 'a second stop is exit status 1' 1 '' '~^spctl: mayfly: ' stop mayfly
    pid=$("$spctl" start mayfly)
    try 'stop by process' 0 '' '' stop --pid "$pid"
    try 'it is gone too' 1 no '' started mayfly
    try 'stop of a process that is no session is exit status 1' 1 '' \
        "~^spctl: .*process $pid" stop --pid "$pid"
}

test_limit() {
    try 'the first session fits the limit' 0 '' '' -q start one
    try 'the next is exit status 8' 8 '' '~^spctl: two: .*limit' start two
    try 'also with --quiet it says so' 8 '' '~^spctl: two: ' -q start two
    try 'one that is there is still already started' 3 '' '*' start one
}
