#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A server on libsp and evhttp under load from wrk: 1,000 visitors, each with a
# session of his own, while the processes of sessions are killed at random.
# Every answer is checked, and counted at both ends.  Quiet rounds and rounds
# with kills take turns; what is printed are medians.  See tests/load/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

usage()
{
    cat <<TXT
Usage: scripts/load.sh [--rounds N] [--visitors N] [--kills N] [--quick]
                       [--no-build] [--keep]

  --rounds N    rounds, of which the median is shown (5)
  --visitors N  visitors, each with a connection and a session (1000)
  --kills N     sessions killed a second (50)
  --quick       few and short rounds: to see that it works
  --no-build    measure what build/programs holds
  --keep        leave the journals, and say where they are

Exits with 1 if a request was not answered, or not as it should have been.  A
99th percentile that misses its bound is shown as such and is no failure.
TXT
}

rounds=5 seconds=10 visitors=1000 kills=50 build=true keep=false
while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=${2:?--rounds needs a number} && shift ;;
    --visitors) visitors=${2:?--visitors needs a number} && shift ;;
    --kills) kills=${2:?--kills needs a number} && shift ;;
    --quick) rounds=1 seconds=4 ;;
    --no-build) build=false ;;
    --keep) keep=true ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
for number in "$rounds" "$visitors" "$kills"; do
    [[ $number =~ ^[1-9][0-9]{0,5}$ ]] || { usage >&2; exit 2; }
done

fail()
{
    echo "load.sh: $*" >&2
    exit 1
}

# LOAD: the mean time to think, in ms; some 4,000 requests a second, where the
# others allow it.
steady=$((visitors / 4 + 1))
declare -A think=([steady]=$steady [full]=0 [hunt]=100 [supervisor]=$steady
                  [once]=$visitors [get]=$visitors)
bound=2          # p99 with kills / quiet
slow=20          # of 100 requests, answered later
slow_ms=100      # which is when most kills find somebody who waits
deadline=5500000 # us; the server's own is 5 s
patience=30      # s that wrk waits for answers that do not come

command -v wrk >/dev/null ||
    fail "wrk is missing (scripts/install-deps.sh load, or apt-get install wrk)"
# A connection of each visitor, and one to each session; two a session in spd.
ulimit -n "$(ulimit -Hn)"
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge $((visitors * 2 + 200)) ] ||
    fail "$visitors visitors need $((visitors * 2 + 200)) descriptors, and" \
        "$(ulimit -n) are allowed"

# Not on a disk: see tests/bench/README.md.
place=/dev/shm
[ -d "$place" ] && [ -w "$place" ] || place=/tmp
dir=$(mktemp -d "$place/sp-load.XXXXXX")
declare -A running=() # by process ID
finish()
{
    local pid

    for pid in "${!running[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if $keep; then echo "load.sh: the journals are in $dir" >&2
    else rm -rf "$dir"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if $build; then
    bash scripts/install-deps.sh build
    cmake --preset programs -DSP_BENCH=ON >"$dir/build.log" &&
        cmake --build --preset programs -- --quiet >>"$dir/build.log" ||
        { cat "$dir/build.log" >&2; exit 1; }
fi
bin=$PWD/build/programs/bin
load=$PWD/build/programs/tests/load
[ -x "$bin/spd" ] && [ -x "$load/load-server" ] ||
    fail "build/programs holds no load-server"

# ---- programs ---------------------------------------------------------------

configure() # SETTING...
{
    {
        printf '[supervisor]\nmax_sessions = %s\n' $((visitors * 2 + 100))
        printf '[module visitor]\npath = %s\n' "$load/load-visitor.so"
        printf '%s\n' "$@"
    } >"$dir/spd.conf"
}

start_spd()
{
    mkfifo "$dir/ready"
    exec {ready}<>"$dir/ready"
    "$bin/spd" --config "$dir/spd.conf" --runtime-dir "$dir/run" \
        --ready-fd "$ready" 2>>"$dir/spd.log" &
    spd=$!
    running[$spd]=spd
    read -r -t 15 -u "$ready" _ ||
        { cat "$dir/spd.log" >&2; fail "spd is not ready"; }
    exec {ready}<&-
    rm "$dir/ready"
}

# Leaves `url`.  SP_CHANNEL is for others.
start_server()
{
    rm -f "$dir/address"
    mkfifo "$dir/address"
    SP_CHANNEL=local "$load/load-server" "$dir/run" $((visitors + 50)) \
        >"$dir/address" &
    server=$!
    running[$server]=server
    read -r url <"$dir/address" || fail "no server"
}

end_program() # PID NAME
{
    local status=0

    kill "$1"
    wait "$1" || status=$?
    unset "running[$1]"
    [ "$status" -eq 0 ] || fail "$2 has ended with status $status"
}

# ---- a scene: an spd, a server and its visitors, in rounds ------------------

begin_scene() # NAME SETTING...
{
    journal=$dir/$1.journal
    shift
    rm -f "$dir/ids"
    configure "$@"
    start_spd
    start_server
    play once once 0
    [ -e "$dir/ids" ] || fail "not all visitors have got a session"
}

# Visitors for so many seconds, while something else goes on.
play() # LOAD KIND SECONDS [COMMAND...]
{
    local name=$1 kind=$2 time=$3 word=add late=$slow status=0 wrk

    shift 3
    : >"$dir/kills"
    if [ "$name" = get ]; then word=get; fi
    if [ "$kind" = once ]; then late=0; fi
    progress "$name $kind"
    LOAD_VISITORS=$visitors LOAD_IDS=$dir/ids LOAD_RECORD=$dir/record \
        LOAD_WORD=$word LOAD_SLOW=$late LOAD_SLOW_MS=$slow_ms \
        LOAD_SECONDS=$time LOAD_THINK=${think[$name]} LOAD_SEED=$RANDOM \
        wrk -t 1 -c "$visitors" -d $((time + patience)) --timeout 6s \
        -s tests/load/visitors.lua "$url" >"$dir/wrk" 2>&1 &
    wrk=$!
    running[$wrk]=wrk
    [ $# -eq 0 ] || "$@" >"$dir/kills"
    wait "$wrk" || status=$?
    unset "running[$wrk]"
    [ "$status" -eq 0 ] || { cat "$dir/wrk" >&2; fail "wrk has failed"; }
    {
        echo "round $name $kind"
        cat "$dir/kills" "$dir/record"
        grep '^wrk ' "$dir/wrk"
    } >>"$journal"
}

kill_at_random() # IDS A_SECOND SECONDS
{
    SP_CHANNEL=local "$load/load-killer" "$dir/run" "$1" "$2" "$3" "$RANDOM"
}

# What the server has counted, as lines of the journal.
tally()
{
    exec {http}<>"/dev/tcp/127.0.0.1/${url##*:}"
    printf 'GET /tally HTTP/1.0\r\n\r\n' >&"$http"
    sed '1,/^\r$/d; s/^/tally /' <&"$http"
    exec {http}<&-
}

# Adds the figures to those of other scenes.  The faults are printed.
end_scene() # STATUSES RENEWALS
{
    tally >>"$journal"
    end_program "$server" load-server
    end_program "$spd" spd
    awk -v visitors="$visitors" -v statuses="$1" -v renewals="$2" \
        -v deadline="$deadline" -f tests/load/judge.awk "$journal" \
        >>"$dir/figures" || faulty=true
    $keep || rm "$journal"
}

# The others stay: each process that is killed is replaced at once.
play_kills()
{
    local round kinds kind name

    begin_scene kills 'restart = permanent' 'max_restarts = 16' \
        'restart_delay = 10ms' 'max_restart_delay = 100ms' 'stable_time = 1s'
    for ((round = 0; round < rounds; round++)); do
        kinds=(quiet kills)
        if [ $((round % 2)) -eq 1 ]; then kinds=(kills quiet); fi
        for name in steady full; do
            for kind in "${kinds[@]}"; do
                if [ "$kind" = quiet ]; then play "$name" quiet "$seconds"
                else
                    play "$name" kills "$seconds" kill_at_random "$dir/ids" \
                        "$kills" "$seconds"
                fi
            done
        done
    done
    play get once 0
    end_scene "200 502" 0
}

# In the middle of a round; its sessions go with it.
replace_spd()
{
    sleep $((seconds / 2))
    kill -KILL "$spd"
    wait "$spd" 2>/dev/null || true
    unset "running[$spd]"
    sleep 0.5
    start_spd
}

# A few are killed until they are given up, and get other sessions; then spd is
# killed, and all do.
play_losses()
{
    begin_scene losses 'max_restarts = 3' 'restart_delay = 10ms'
    head -n 20 "$dir/ids" >"$dir/few"
    play hunt few "$seconds" kill_at_random "$dir/few" 50 "$seconds"
    play get once 0
    play supervisor supervisor "$seconds" replace_spd
    play get once 0
    end_scene "200 502 503" 1
}

# ---- what came of it --------------------------------------------------------

progress()
{
    if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi
}

report()
{
    printf '%s, %s, Linux %s %s, %s CPUs\n' "$("$bin/spd" --version)" \
        "$(date +%F)" "$(uname -r)" "$(uname -m)" "$(nproc)"
    printf '%s visitors, %s kills a second, %s rounds of %s s; ' "$visitors" \
        "$kills" "$rounds" "$seconds"
    printf 'medians, times in ms\n\n'
    awk -v bound="$bound" -f tests/load/report.awk "$dir/figures"
}

# Figures taken beside other work say little.
warn_if_busy()
{
    local load rest

    read -r load rest </proc/loadavg
    awk -v load="$load" 'BEGIN { exit !(load > 0.7) }' || return 0
    echo "load.sh: the machine is not idle (load $load)" >&2
}

faulty=false
warn_if_busy
play_kills
play_losses
progress
report
if $faulty; then fail "the faults above"; fi
