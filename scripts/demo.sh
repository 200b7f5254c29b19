#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shows what libsp does, from a bare Debian 12 on: installs what is missing,
# builds, and plays its main job through with real processes.
set -euo pipefail
cd "$(dirname "$0")/.."

usage()
{
    cat <<TXT
Usage: scripts/demo.sh [--once]

Installs what is missing (as root, or through sudo), builds into
build/programs, starts a supervisor and sessions in a directory of their own
and shows what one can do with them.  A web server on loopback then runs until
Ctrl-C.  Everything that was started is ended again.

  --once   does not stay: ends after the web server has answered
TXT
}

once=false
for word in "$@"; do
    case $word in
    --once) once=true ;;
    -h | --help) usage && exit ;;
    *) echo "demo.sh: no such option: $word" >&2; usage >&2; exit 2 ;;
    esac
done

bold='' dim='' plain=''
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi
unset SP_CHANNEL
umask 077

# A socket's address is short, so this is not below $TMPDIR.
dir=$(mktemp -d /tmp/sp-demo.XXXXXX)
spd='' frontend=''

end() # PID: ends a child of ours in order
{
    [ -n "$1" ] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

finish()
{
    trap '' INT TERM
    end "$frontend"
    end "$spd"
    rm -rf "$dir"
}
trap finish EXIT
trap 'echo; exit 130' INT
trap 'exit 143' TERM

say()
{
    printf '\n%s# %s%s\n' "$dim" "$*" "$plain"
}

fail()
{
    echo "demo.sh: $*" >&2
    [ ! -s "$dir/log" ] || { echo "The log says:" >&2; cat "$dir/log" >&2; }
    exit 1
}

# Shows a command as one would type it.
show()
{
    printf '%s$ %s%s\n' "$bold" "$1" "$plain"
}

# Shows a command line, runs it, shows what it prints, and keeps that in
# $answer.
answer=
run()
{
    show "$1"
    answer=$(eval "$1" 2>&1 </dev/null) ||
        { printf '%s\n' "$answer"; fail "that command failed"; }
    [ -z "$answer" ] || printf '%s\n' "$answer"
}

# The same, and this has to be the answer.
run_for() # ANSWER COMMAND
{
    run "$2"
    [ "$answer" = "$1" ] || fail "the answer was to be: $1"
}

build()
{
    bash scripts/install-deps.sh build
    echo "building into build/programs"
    # readable: root's modules are loaded as another user
    (umask 022 && cmake --preset programs &&
        cmake --build --preset programs -- --quiet) >"$dir/build" 2>&1 ||
        { cat "$dir/build" >&2; fail "the build failed"; }
    PATH=$PWD/build/programs/bin:$PATH
    libdir=$(cd build/programs && dirname "$(find . -name libsp.so | head -1)")
    libdir=$PWD/build/programs/${libdir#./}
}

# Both modules of this demonstration, confined by this tier.
configure() # TIER
{
    cat >"$dir/spd.conf" <<TXT
[module kv]
sandbox = $1
[module visitor]
path = $libdir/libsp/examples/visitor.so
sandbox = $1
call_limit = 2s
memory = 64M
TXT
}

# Starts spd; returns when it accepts requests.
start_supervisor()
{
    local line

    export SP_RUNTIME_DIR=$dir/run
    configure strict
    mkfifo "$dir/ready"
    exec 9<>"$dir/ready"
    say "A supervisor, in a directory of its own."
    show "export SP_RUNTIME_DIR=$SP_RUNTIME_DIR"
    show "spd --config $dir/spd.conf &"
    spd --config "$dir/spd.conf" --ready-fd 9 >"$dir/log" 2>&1 </dev/null &
    spd=$!
    read -r -t 15 -u 9 line || fail "spd is not ready"
    exec 9<&-
}

# The strictest tier that this machine can keep: a module that it cannot is
# refused, with what lacks.
choose_tier()
{
    local tier refused

    for tier in strict default; do
        configure "$tier"
        spctl reload --quiet
        if refused=$(spctl start try 2>&1); then
            spctl stop try
            say "Modules are confined by sandbox = $tier."
            show "cat $dir/spd.conf"
            cat "$dir/spd.conf"
            return
        fi
        printf '%s\n' "$refused"
    done
    fail "this machine can confine no module"
}

pid_of() # ID
{
    spctl --json info "$1" | sed -nE 's/.*"pid": ?([0-9]+).*/\1/p'
}

play()
{
    local killed

    say "Two sessions: two processes, found by their IDs."
    run "spctl start alice"
    run "spctl start bob"

    say "What confines them, as the kernel tells it."
    run "spctl info alice | grep -A 2 sandbox"

    say "A call waits for its answer, a cast does not. Each has its own state."
    run_for 1 "spctl call alice 'incr n'"
    run_for 2 "spctl call alice 'incr n'"
    run_for 10 "spctl call bob 'incr n 10'"
    run_for '' "spctl cast bob 'incr n 5'"
    run_for 15 "spctl call bob 'get n'"
    run "spctl list"

    killed=$(pid_of alice)
    say "Kill one. The other does not notice."
    run_for '' "kill -KILL $killed"
    run_for 16 "spctl call bob 'incr n'"

    say "The killed one is back: a fresh process, which starts from nothing."
    run_for 1 "spctl call alice 'incr n'"
    run "spctl list"
    [ "$(pid_of alice)" != "$killed" ] || fail "alice is still process $killed"

    say "A session is an nng endpoint: any nng client can talk to it."
    run_for 2 "nngcat --req --dial \$(spctl url alice) --data 'incr n' --ascii"
}

# Asks the web server for its page, as a browser would.
fetch() # HOST:PORT
{
    local status

    exec 8<>"/dev/tcp/${1%:*}/${1##*:}"
    printf 'GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" >&8
    read -r -t 15 -u 8 status || status="no answer"
    exec 8<&-
    [[ $status == *" 200 "* ]] || fail "the web server said: $status"
    echo "$address answers: ${status%$'\r'}"
}

# Starts the web server on a free port of loopback; $address is where.
start_frontend()
{
    local line

    say "A web server whose every visitor has a process of their own."
    show "sp-frontend --port 0 &"
    mkfifo "$dir/page"
    exec 7<>"$dir/page"
    sp-frontend --port 0 >"$dir/page" 2>>"$dir/log" </dev/null 7>&- &
    frontend=$!
    read -r -t 15 -u 7 line || fail "the web server does not start"
    address=$(grep -oE 'http://[^ /]+' <<<"$line") || fail "it has no address"
}

build
start_supervisor
choose_tier
play
start_frontend
fetch "${address#http://}"
if ! $once; then
    say "Open it, and break your process: two visitors are at" \
        "$address/side-by-side"
    say "In another shell:"
    show "export SP_RUNTIME_DIR=$SP_RUNTIME_DIR"
    show "build/programs/bin/spctl list"
    say "Ctrl-C ends everything."
    wait "$frontend" || fail "the web server ended"
fi
