# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
# What the tests of spctl are made of: a result, a run of spctl with what it is
# to print, a supervisor.  Sourced by test_spctl.sh.

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

# The configuration on standard input, for what this build can do.
confined() {
    local module

    if [ -z "${SP_TEST_SANDBOX:-}" ]; then
        cat
        return
    fi
    sed "s/^path = .*/&\nsandbox = $SP_TEST_SANDBOX/"
    for module in counter echo kv; do
        printf '[module %s]\nsandbox = %s\n' "$module" "$SP_TEST_SANDBOX"
    done
}

# supervisor_start NAME: with the configuration on standard input.  Its runtime
# directory is $tmp/NAME; supervisor_pid is its process.
supervisor_start() {
    local ready life

    confined >"$tmp/$1.conf"
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
