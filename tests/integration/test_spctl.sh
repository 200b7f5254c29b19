#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# spctl against the real spd, as a shell sees it: every exit status, every form
# of output, every way in for a request.
#
#   test_spctl.sh [SPD SPCTL PROBE]
#
# The programs and the test module can also come from the environment: SPD,
# SPCTL, PROBE.  Each supervisor here has a private directory and must exit
# with 0 and leave nothing.
set -u

spd=${1:-${SPD:-${SP_TEST_SPD:?the path of spd}}}
spctl=${2:-${SPCTL:-${SP_TEST_SPCTL:?the path of spctl}}}
probe=${3:-${PROBE:-${SP_TEST_PROBE:?the path of probe.so}}}
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
export LC_ALL=C
unset SP_RUNTIME_DIR SP_CHANNEL POSIXLY_CORRECT

exec {report}>&1 # standard output is sometimes closed below
passed=0 failed=0
tmp=$(mktemp -d /tmp/spt-XXXXXX)
supervisors=() # process IDs of those that run

# shellcheck disable=SC2317
clean_up() {
    local pid

    for pid in "${supervisors[@]}"; do
        kill -TERM "$pid" 2>/dev/null && wait "$pid"
    done
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# ---- what a test is made of ------------------------------------------------

pass() {
    passed=$((passed + 1))
    echo "ok $((passed + failed)) - $1" >&"$report"
}

# fail NAME WHY...
fail() {
    failed=$((failed + 1))
    echo "not ok $((passed + failed)) - $1" >&"$report"
    shift
    printf '#   %s\n' "$@" >&"$report"
}

# expect NAME COMMAND...: the command succeeds
expect() {
    local name=$1
    shift

    if "$@"; then
        pass "$name"
    else
        fail "$name" "failed: $*"
    fi
}

# matches FILE PATTERN: '' is an empty file, '*' any, ~REGEX has to match in it,
# else the text and a newline.
matches() {
    case $2 in
    '') [ ! -s "$1" ] ;;
    '*') true ;;
    '~'*) grep -qE -- "${2#\~}" "$1" ;;
    *) printf '%s\n' "$2" | cmp -s - "$1" ;;
    esac
}

# try NAME STATUS OUT ERR WORD...: runs spctl; OUT and ERR as for matches().
# Standard input is the caller's.
try() {
    local name=$1 status=$2 out=$3 err=$4 got
    shift 4

    timeout 60 "$spctl" "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    if [ "$got" -ne "$status" ]; then
        fail "$name" "spctl $*" "exit status $got, not $status" \
            "stderr: $(cat "$tmp/err")"
    elif ! matches "$tmp/out" "$out"; then
        fail "$name" "spctl $*" "stdout: $(head -c 400 "$tmp/out")" \
            "wanted: $out"
    elif ! matches "$tmp/err" "$err"; then
        fail "$name" "spctl $*" "stderr: $(cat "$tmp/err")" "wanted: $err"
    else
        pass "$name"
    fi
}

# Waits until the command succeeds; gives up after 20 s.  The pause between
# two tries is no part of any test's meaning.
eventually() {
    local end=$((SECONDS + 20))

    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}

# A process that has ended, reaped or not.
gone() {
    ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"
}

# ---- a supervisor ----------------------------------------------------------

# supervisor_start NAME: with the configuration on standard input.  Its runtime
# directory is $tmp/NAME; supervisor_pid is its process.
supervisor_start() {
    local ready life

    cat >"$tmp/$1.conf"
    mkfifo "$tmp/$1.ready" "$tmp/$1.life"
    exec {ready}<>"$tmp/$1.ready" {life}<>"$tmp/$1.life"
    # spd ends when this script does, whichever way: nobody else holds the
    # writing end of its life pipe
    "$spd" --config "$tmp/$1.conf" --runtime-dir "$tmp/$1" --ready-fd 3 \
        --life-fd 4 3>&"$ready" 4<"$tmp/$1.life" {ready}>&- {life}>&- \
        </dev/null >"$tmp/$1.log" 2>&1 &
    supervisor_pid=$!
    supervisors+=("$supervisor_pid")
    if read -r -t 20 -u "$ready"; then
        pass "spd says that it is ready ($1)"
    else
        fail "spd says that it is ready ($1)" "$(cat "$tmp/$1.log")"
        exit 1
    fi
    exec {ready}<&-
}

# All processes below this one.
descendants() {
    local child

    while read -rd ' ' child; do
        echo "$child"
        descendants "$child"
    done < <(cat /proc/"$1"/task/*/children 2>/dev/null)
}

# supervisor_stop NAME PID
supervisor_stop() {
    local name=$1 pid=$2 below status=0 i

    below=$(descendants "$pid")
    kill -TERM "$pid"
    wait "$pid" || status=$?
    for i in "${!supervisors[@]}"; do
        [ "${supervisors[i]}" = "$pid" ] && unset "supervisors[i]"
    done
    expect "spd exits with 0 ($name)" [ "$status" -eq 0 ]
    for pid in $below; do
        eventually gone "$pid" ||
            fail "no process is left ($name)" "$pid lives"
    done
    expect "nothing is left in the runtime directory ($name)" \
        test -z "$(ls -A "$tmp/$name" 2>/dev/null)"
    [ "$failed" -eq 0 ] || sed 's/^/# /' "$tmp/$name.log"
}

# ---- the command line, without a supervisor --------------------------------

long_id=$(printf 'L%.0s' {1..64})

test_usage() {
    local command

    try 'no command at all is wrong usage' 2 '' '~^spctl: .*spctl help'
    try 'an unknown command names the help' 2 '' \
        '~^spctl: .*"strat".*spctl help' strat
    try 'an unknown option is wrong usage' 2 '' '~^spctl: .*"--colour"' \
        list --colour
    try 'an option of another command is wrong usage' 2 '' \
        '~no option --timeout' list --timeout 3
    try 'an option without its value is wrong usage' 2 '' \
        '~--timeout wants a value' call alice x --timeout
    try 'a request with spaces is to be quoted, says the message' 2 '' \
        '~quote' call alice incr n
    try '--arg and --arg-file exclude each other' 2 '' '~exclude' \
        start alice --arg a --arg-file /dev/null
    try 'stop wants an ID or a process' 2 '' '~--pid' stop
    try 'stop takes no ID and process at once' 2 '' '~--pid' stop a --pid 1
    try 'a process ID is a number' 2 '' '~"12x"' stop --pid 12x
    try 'a process ID is positive' 2 '' '~"-1"' stop --pid -1
    for command in start call cast started info url; do
        try "$command without an ID is wrong usage" 2 '' \
            "~^spctl: $command: .*spctl help $command" "$command"
    done
    for command in -1 1e3 inf nan 0x10 1..2 '' . 2147484; do
        try "'$command' is no timeout" 2 '' '~--timeout wants a number' \
            call alice x --timeout "$command"
    done
}

test_session_ids() {
    local command name
    local -A bad=(
        ['a newline at the end']=$'abc\n' [nothing]=''
        ['65 bytes']="${long_id}x" ['a path']='../x'
        [UTF-8]=$'caf\xc3\xa9' ['a space']='a b'
        ['a control character']=$'a\033[31m')

    for command in start stop call cast started info url; do
        for name in "${!bad[@]}"; do
            try "$command refuses an ID of $name" 2 '' \
                '~^spctl: "[ -~]*" is not a session ID' \
                "$command" "${bad[$name]}" </dev/null
        done
    done
}

test_help() {
    local command

    try 'help is printed' 0 '~^Commands:' '' help
    cp "$tmp/out" "$tmp/overview"
    try '--help without a command is the same' 0 '*' '' --help
    expect 'the overview is one' cmp -s "$tmp/out" "$tmp/overview"
    for command in $("$spctl" help --words); do
        expect "the overview names $command" \
            grep -qE "^  $command  " "$tmp/overview"
        try "$command --help gives an example" 0 '~^Example:' '' \
            "$command" --help
        expect "$command --help says how it is used" \
            grep -qE "^Usage: spctl $command" "$tmp/out"
        expect "$command --help lists exit statuses" \
            grep -qE '^   0  success' "$tmp/out"
        expect "$command --help fits 80 columns" \
            awk 'length > 80 { exit 1 }' "$tmp/out"
        cp "$tmp/out" "$tmp/by-option"
        try "help $command prints the same" 0 '*' '' help "$command"
        expect "help of $command is one" cmp -s "$tmp/out" "$tmp/by-option"
    done
    expect 'the overview fits 80 columns' \
        awk 'length > 80 { exit 1 }' "$tmp/overview"
    try 'help of no command is wrong usage' 2 '' '~"strat"' help strat
    try 'words of a command are its options' 0 '~^--arg-file$' '' \
        help --words start
    try 'the manual page is printed' 0 '~^\.TH SPCTL 1' '' help --man
    expect 'the manual page lists all exit statuses' \
        test "$(grep -cxE '\.B [0-9]+' "$tmp/out")" -eq 12
    try 'the version is printed' 0 '~^spctl [0-9]+\.[0-9]+\.[0-9]+' '' --version
}

test_new_id() {
    try 'a new ID needs no supervisor' 0 '~^[0-9a-f-]{36}$' '' \
        --runtime-dir /nonexistent new-id
    try 'a new ID as JSON' 0 '~^{"id": "[0-9a-f-]{36}"}$' '' --json new-id
    expect 'two new IDs differ' \
        test "$("$spctl" new-id)" != "$("$spctl" new-id)"
}

test_no_supervisor() {
    local command

    mkdir -m 700 "$tmp/empty"
    mkdir -m 777 "$tmp/open" && chmod 777 "$tmp/open"
    for command in 'start a' 'stop a' 'call a x' 'cast a x' 'started a' list \
        'info a' modules ping; do
        # shellcheck disable=SC2086
        try "no runtime directory is exit status 7 for $command" 7 '' \
            '~^spctl: .*supervisor.*start spd' \
            --runtime-dir "$tmp/none" $command
        # shellcheck disable=SC2086
        try "a directory without spd is exit status 7 for $command" 7 '' \
            '~^spctl: .*supervisor' --runtime-dir "$tmp/empty" $command
    done
    try 'with --quiet the exit status says it' 7 '' '' \
        -q --runtime-dir "$tmp/empty" ping
    try 'a directory open to others is not trusted' 10 '' "~$tmp/open" \
        --runtime-dir "$tmp/open" ping
    try 'nor is a symbolic link' 10 '' "~symbolic" \
        --runtime-dir "$(ln -s empty "$tmp/link" && echo "$tmp/link")" ping
    try 'a path that is too long is wrong usage' 2 '' '~longer than 33' \
        --runtime-dir "/tmp/$long_id" ping
    SP_RUNTIME_DIR=$tmp/empty try 'the environment names the directory' 7 '' \
        "~$tmp/empty" ping
    SP_CHANNEL=pigeon try 'an unknown channel is wrong usage' 2 '' '*' \
        --runtime-dir "$tmp/empty" ping
}

# ---- sessions --------------------------------------------------------------

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

# reads ID REQUEST REPLY
reads() {
    [ "$("$spctl" call "$1" "$2")" = "$3" ]
}

test_call_fails() {
    "$spctl" -q start probe --module probe
    try 'no such session is exit status 1' 1 '' \
        '~^spctl: nobody: no such session.*spctl list' call nobody x
    try 'and for cast' 1 '' '~^spctl: nobody: ' cast nobody x
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
        "~^\\{\"id\": \"alice\", $want\\},?\$"
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

# ---- what is wrong with the output -----------------------------------------

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

# ---- limits, completion, examples ------------------------------------------

test_limit() {
    try 'the first session fits the limit' 0 '' '' -q start one
    try 'the next is exit status 8' 8 '' '~^spctl: two: .*limit' start two
    try 'also with --quiet it says so' 8 '' '~^spctl: two: ' -q start two
    try 'one that is there is still already started' 3 '' '*' start one
}

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
    completes 'commands are completed' 'start started' sta
    completes 'session IDs are completed' 'hits hits2 hits3' call hi
    completes 'after an option too' alice call --timeout 3 al
    completes 'a value of a module' counter start x --module cou
    completes 'also after =' counter start x --module = cou
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
        eventually grep -q '^+ hits3 ' "$tmp/watched"
    expect 'reap.sh spares the young' test \
        -z "$("$examples/reap.sh" counter 3600)"
    expect 'reap.sh ends all of a module' test \
        "$("$examples/reap.sh" counter | sort | tr '\n' ' ')" = \
        "$long_id hits hits2 hits3 "
    expect 'watch.sh shows what goes' \
        eventually grep -q '^- hits3 ' "$tmp/watched"
    kill -TERM "$watcher"
    wait "$watcher" 2>/dev/null
    try 'they are gone' 0 '' '' list -1 --module counter
}

test_usage
test_session_ids
test_help
test_new_id
test_no_supervisor

supervisor_start one <<CONF
[module probe]
path = $probe
[module broken]
path = $tmp/one.conf
CONF
one=$supervisor_pid
export SP_RUNTIME_DIR=$tmp/one
test_start
test_start_fails
test_call
test_call_bytes
test_cast
test_call_fails
test_kill_during_call
test_started
test_list
test_info
test_modules
test_channels
test_stop
test_bad_output
test_completion
test_examples
supervisor_stop one "$one"

supervisor_start two <<CONF
[supervisor]
max_sessions = 1
CONF
export SP_RUNTIME_DIR=$tmp/two
test_limit
supervisor_stop two "$supervisor_pid"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
