#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures sessions beside the floor (a static C program with fork, socketpair,
# read and write, and no protocol), beside other limits of the machine, and
# beside what a user would take instead.  All take turns within each round; what
# is shown are medians of rounds, and ratios first.  tests/bench/rows.txt has
# what is shown and its bounds; tests/bench/README.md, how it is measured.
set -euo pipefail
cd "$(dirname "$0")/.."

usage()
{
    cat <<TXT
Usage: scripts/bench.sh [OPTIONS]

  --rounds N    rounds, of which the median is shown (7)
  --quick       one round and small counts: to see that it works
  --only REGEX  the measurements whose names match, as '^call|start';
                supervision and tiers are two of them
  --no-peers    without nng, Erlang, Node, Python, gRPC and PostgreSQL
  --no-build    measure what build/programs holds
  --profile     what an operation makes and where its time goes, in full, for
                each that has a bound; without it in short, if a bound is missed
  --no-profile  neither
  --tsv FILE    all figures, too: who, metric, value, unit
  --json FILE   the same with bounds and ratios
  --plot FILE   an SVG of how far each figure is from its bound
  --list        the names of the measurements, and nothing else

A figure that misses its bound is shown as such and is no failure.  Exit status:
1 if something could not be measured.
TXT
}

refuse()
{
    echo "bench.sh: $*" >&2
    usage >&2
    exit 2
}

rounds=7 build=true peers=true only=. list=false tsv='' json='' plot=''
profile=missed quick=false
# counts of operations, and those of slow peers
calls=50000 calls_peer=5000 starts=500 starts_peer=20 large=500 large_peer=100
memory=1000 memory_peer=20 many=1000000
# of supervision: rounds, repetitions, crashes, and how long it is idle, in ms
levels="10 1000 9000" supervision_rounds=5 repeat=200 crashes=1000 idle=10000
deadline=120 # seconds that a measurement may take
while [ $# -gt 0 ]; do
    case $1 in
    --rounds | --only | --tsv | --json | --plot)
        [ $# -gt 1 ] || refuse "$1 needs a value"
        printf -v "${1#--}" %s "$2"
        [ "$1" != --rounds ] || supervision_rounds=$2
        shift
        ;;
    --quick)
        quick=true rounds=1 calls=5000 calls_peer=500 starts=50 starts_peer=5
        large=100 large_peer=20 memory=100 memory_peer=5 many=200000
        levels="10 9000" supervision_rounds=1 repeat=30 crashes=100 idle=2000
        ;;
    --no-peers) peers=false ;;
    --no-build) build=false ;;
    --profile) profile=long ;;
    --no-profile) profile=none ;;
    --list) list=true ;;
    -h | --help) usage && exit ;;
    *) refuse "no such option: $1" ;;
    esac
    shift
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || refuse "not a number of rounds: $rounds"
[[ "" =~ $only ]] || [ $? -ne 2 ] || refuse "not a regular expression: $only"

# name | where it runs | who takes part | measure | count | of a peer | more
#
# A row of rows.txt is "name.VALUE".  free: nothing is pinned; 1c: both ends are
# pinned to one CPU, spd and the template, too.
both="floor libsp"
all="$both nng port node python grpc"
called="$all epoll contract"
started="$all fork contract"
crashed="$all contract postgres"
runs="\
call_1c        | 1c   | $called              | call     | $calls | $calls_peer |
call           | free | $called postgres     | call     | $calls | $calls_peer |
nng_1c         | 1c   | $both                | nng      | $calls | - |
nng            | free | $both                | nng      | $calls | - |
pipeline_1c    | 1c   | $both                | pipeline | $many | - | 64
pipeline       | free | $both                | pipeline | $many | - | 64
fan_1c         | 1c   | $both                | fan      | $calls | - | 100
fan            | free | $both                | fan      | $calls | - | 100
cast_1c        | 1c   | $both                | cast     | $many | - |
cast           | free | $both                | cast     | $many | - |
cast_one       | free | libsp                | cast_one | $calls | - |
large_1c       | 1c   | $all memcpy          | large    | $large | $large_peer |
large          | free | $all postgres memcpy | large    | $large | $large_peer |
start_1c       | 1c   | $started             | start    | $starts | $starts_peer | 0
start          | free | $started postgres    | start    | $starts | $starts_peer | 0
start_live     | free | $both                | start    | $starts | - | 1000
pool_1c        | 1c   | $both contract       | pool     | $starts | - |
pool           | free | $both contract       | pool     | $starts | - |
starts         | free | $both contract       | starts   | $starts | - | 32
callers        | free | libsp                | callers  | $starts | - | 8
crash_1c       | 1c   | $both contract       | crash    | $starts | - |
crash          | free | $crashed             | crash    | $starts | $starts_peer |
end_1c         | 1c   | $both contract       | end      | $starts | - |
end            | free | $both contract       | end      | $starts | - |
stop_1c        | 1c   | $both contract       | stop     | $starts | - |
stop           | free | $both contract       | stop     | $starts | - |
memory         | free | $all postgres        | memory   | $memory | $memory_peer |
frontend       | free | libsp                | frontend | 400 | - | 100
frontend_async | free | libsp                | frontend_async | 400 | - | 100"

if $list; then
    cut -d ' ' -f 1 <<<"$runs"
    printf 'tiers\nsupervision\n'
    exit
fi

# Of the sandbox; each start beside one with the first, in the same turn.
tiers="none default strict"

# ---- the place ----

# Not on a disk: there a new socket's inode may cost hundreds of microseconds.
place=/dev/shm
[ -d "$place" ] && [ -w "$place" ] || place=/tmp
dir=$(mktemp -d "$place/sp-bench.XXXXXX")
touch "$dir/figures"
declare -A spd_of # by the name of its runtime directory
pids=() postgres_pid='' postgres_dir=''
finish()
{
    local pid

    if [ -n "$postgres_pid" ]; then # whoever is connected
        kill -INT "$postgres_pid" 2>/dev/null || true
        wait "$postgres_pid" 2>/dev/null || true
    fi
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$dir" ${postgres_dir:+"$postgres_dir"}
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The last CPU that this script may use; the first has the interrupts.
cpu=$(taskset -pc $$ | sed -E 's/.*[^0-9]([0-9]+)$/\1/')
pin=(taskset -c "$cpu")

if $build; then
    bash scripts/install-deps.sh build
    cmake --preset programs -DSP_BENCH=ON >"$dir/build.log" &&
        cmake --build --preset programs -- --quiet >>"$dir/build.log" ||
        { cat "$dir/build.log" >&2; exit 1; }
fi
bin=$PWD/build/programs/bin
bench=$PWD/build/programs/tests/bench
source=$PWD/tests/bench
[ -x "$bin/spd" ] && [ -x "$bench/bench-supervision" ] ||
    { echo "bench.sh: build/programs holds no benchmarks" >&2; exit 1; }
. "$source/peers.sh"
. "$source/profile.sh"

# All but the sink are the module echo.  A crash of "lasting" is forgotten in
# 1 ms, and its template, whose CPU time is measured, serves all rounds.
configure()
{
    local echo

    echo=$(find "$PWD/build/programs" -name echo.so | head -n 1)
    cat >"$dir/spd.conf" <<CONF
[supervisor]
max_sessions = 9500
[module echo]
path = $echo
[module sink]
path = $bench/sink.so
[module pooled]
path = $echo
pool = $((starts + 50))
[module lasting]
path = $echo
restart = permanent
max_restarts = 16
max_seconds = 1ms
restart_delay = 1ms
max_restart_delay = 1ms
stable_time = 1ms
template_forks = 1000000000
template_time = 720h
[module fleeting]
path = $echo
restart = temporary
$(for tier in $tiers; do
    printf '[module %s]\npath = %s\nsandbox = %s\n' "$tier" "$echo" "$tier"
done)
CONF
}

# Starts an spd in a runtime directory of its own and waits until it is ready.
supervise() # NAME [COMMAND PREFIX...]
{
    local name=$1 line

    shift
    mkdir -m 700 "$dir/$name"
    mkfifo "$dir/$name.ready"
    exec {ready}<>"$dir/$name.ready"
    "$@" "$bin/spd" --config "$dir/spd.conf" --runtime-dir "$dir/$name" \
        --ready-fd "$ready" 2>"$dir/$name.log" &
    pids+=($!)
    spd_of[$name]=$!
    if ! read -r -t 15 -u "$ready" line; then
        cat "$dir/$name.log" >&2
        echo "bench.sh: spd is not ready" >&2
        exit 1
    fi
    exec {ready}<&-
}

# ---- measuring ----

failures=0
# Runs a command within its time; what it prints goes to a file.
timed() # WHAT FILE COMMAND...
{
    local what=$1 file=$2 status=0

    shift 2
    BENCH_DEADLINE=$deadline SP_CHANNEL=local \
        timeout --foreground -k 5 $((deadline + 5)) "$@" </dev/null >"$file" \
        2>"$dir/error" || status=$?
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
        echo "bench.sh: $what: timed out" >>"$dir/error"
    fi
    [ "$status" -ne 0 ] || return 0
    failures=$((failures + 1))
    sed "s|^|bench.sh: $what: |" "$dir/error" >&2
    return 1
}

# Takes over lines "name value".
take() # ROUND WHO NAME FILE
{
    awk -v OFS='\t' -v round="$1" -v who="$2" -v name="$3" \
        'NF == 2 { print round, who, name "." $1, $2 }' "$4" >>"$dir/figures"
}

# Those that a failed measurement has left to the next one.
end_sessions() # RUNTIME_NAME
{
    "$bin/spctl" --runtime-dir "$dir/$1" list --names |
        xargs -r -n 1 "$bin/spctl" --runtime-dir "$dir/$1" stop || true
}

measure() # ROUND NAME WHERE WHO MEASURE COUNT PEERS_COUNT MORE
{
    local round=$1 name=$2 where=$3 who=$4 prefix=() command=() count=$6

    if [[ $absent == *" $who "* ]]; then return; fi
    if [ "$where" = 1c ]; then prefix=("${pin[@]}"); fi
    command_of "$who" "$5"
    if is_peer "$who"; then
        count=$7
        # It recovers for a tenth of a second.
        if [ "$who/$5" = postgres/crash ]; then count=3; fi
        if [ "$5" = memory ]; then
            command=("$bench/peer-memory" "${command[@]}")
        fi
        set -- "${@:1:7}" ""
    fi
    progress "round $round of $rounds: $name, $who"
    if ! timed "$name, $who" "$dir/out" env SP_RUNTIME_DIR="$dir/$where" \
        "${prefix[@]}" "${command[@]}" "$count" ${8:+"$8"}; then
        if [ "$who" = libsp ]; then end_sessions "$where"; fi
        return 0
    fi
    take "$round" "$who" "$name" "$dir/out"
}

# Each in the order of the row, and in the next round in the other one.
measure_run() # ROUND NAME WHERE WHO... MEASURE COUNT PEERS_COUNT MORE
{
    local who order=$4

    if [ $(($1 % 2)) -eq 0 ]; then
        order=$(tr ' ' '\n' <<<"$4" | tac | tr '\n' ' ')
    fi
    for who in $order; do
        measure "$1" "$2" "$3" "$who" "$5" "$6" "$7" "$8"
    done
}

measure_round() # ROUND
{
    local name where who what count peers_count more

    while IFS='|' read -r name where who what count peers_count more; do
        [[ ${name// /} =~ $only ]] || continue
        measure_run "$1" "${name// /}" "${where// /}" "${who# }" "${what// /}" \
            "${count// /}" "${peers_count// /}" "${more// /}"
    done <<<"$runs"
}

# What is beside the supervision in each of its rounds.
measure_floors() # ROUND
{
    local level

    for level in $levels; do
        timed "supervision, floor" "$dir/out" "$bench/bench-floor" start \
            "$repeat" "$level" || continue
        awk -v OFS='\t' -v round="s$1" -v level="$level" \
            '$1 == "p50" { print round, "floor", "answer@" level, $2 }' \
            "$dir/out" >>"$dir/figures"
    done
    timed "supervision, contract" "$dir/out" env SP_RUNTIME_DIR="$dir" \
        "$bench/bench-floor" contract-start "$repeat" || return 0
    awk -v OFS='\t' -v round="s$1" '$1 == "cpu" {
            print round, "contract", "start_cpu_spd@10", $2 }' \
        "$dir/out" >>"$dir/figures"
}

# Prints as bench-supervision does, "metric live value".
measure_supervision() # ROUND
{
    local deadline=300 over=true

    progress "supervision, round $1 of $supervision_rounds"
    measure_floors "$1"
    # a fresh one, whose memory has not been as large before
    supervise "many$1"
    timed supervision "$dir/many.out" env SP_RUNTIME_DIR="$dir/many$1" \
        "$bench/bench-supervision" "$repeat" 1000 "$crashes" "$idle" $levels ||
        over=false
    kill "${pids[-1]}"
    wait "${pids[-1]}" || true
    unset 'pids[-1]'
    $over || return 0
    timed refusals "$dir/few.out" env SP_RUNTIME_DIR="$dir/few" \
        "$bench/bench-supervision" refusals "$repeat" || return 0
    # what is measured once, is not named after the number of sessions
    awk -v OFS='\t' -v round="s$1" -v once="^(wakes_|cpu_idle|flood_|refusal|\
quiet|storm)" '{ print round, "libsp", $1 ($1 ~ once ? "" : "@" $2), $3 }' \
        "$dir/many.out" "$dir/few.out" >>"$dir/figures"
}

# A tier that this machine does not have is left out, with a word why.
find_tiers()
{
    local tier there=

    for tier in $tiers; do
        if "$bin/spctl" --runtime-dir "$dir/1c" start try --module "$tier" \
            >"$dir/try" 2>&1; then
            "$bin/spctl" --runtime-dir "$dir/1c" stop try
            there+=" $tier"
        else
            sed "s/^/bench.sh: left out: /" "$dir/try" >&2
        fi
    done
    tiers=$there
}

measure_tiers() # ROUND
{
    progress "round $1 of $rounds: tiers"
    timed tiers "$dir/out" env SP_RUNTIME_DIR="$dir/1c" "${pin[@]}" \
        "$bench/bench-confinement" "$starts" $tiers || return 0
    awk -v OFS='\t' -v round="$1" '{
            print round, "libsp", "tier_" $1 ".p50", $2
            if (FNR > 1)
                print round, "libsp", "tier_" $1 ".more", $3
        }' "$dir/out" >>"$dir/figures"
}

progress()
{
    if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi
}

# ---- reports ----

load=$(cut -d ' ' -f 1 /proc/loadavg)
# Figures taken beside other work say little.
warn_if_busy()
{
    awk -v load="$load" 'BEGIN { exit !(load > 0.7) }' || return 0
    echo "bench.sh: the machine is not idle (load $load)" >&2
}

about()
{
    cat <<TXT
version $("$bin/spd" --version)
date $(date +%F)
kernel Linux $(uname -r) $(uname -m)
processor $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
cpus $(nproc)
pinned $cpu
rounds $rounds
load $load
TXT
}

report() # NAME [ABOUT]
{
    BENCH_ABOUT=${2:-} awk -f "$source/report.awk" -f "$source/$1.awk" \
        "$source/rows.txt" FS='\t' "$dir/figures"
}

report_all()
{
    local line

    line=$(about | sed -E 's/^(version|date|kernel|processor) //;
        s/^cpus (.*)/\1 CPUs/; s/^rounds (.*)/rounds: \1/;
        s/^(load) .*/&/; /^pinned/d' | paste -sd '|' | sed 's/|/, /g')
    fold -s -w 80 <<<"$line"
    echo "1c: all on CPU $cpu; sandbox = default; base: the floor, or 10 live"
    report table
    if [ -n "$tsv" ]; then report tsv >"$tsv"; fi
    if [ -n "$json" ]; then report json "$(about)" >"$json"; fi
    if [ -n "$plot" ]; then report plot "$line" >"$plot"; fi
}

warn_if_busy
configure
find_peers
supervise free
supervise 1c "${pin[@]}"
for turn in $(seq "$rounds"); do
    measure_round "$turn"
done
if [[ tiers =~ $only ]]; then
    find_tiers
    for turn in $(seq "$rounds"); do measure_tiers "$turn"; done
fi
if [[ supervision =~ $only ]]; then
    supervise few bash -c 'ulimit -n 300; exec "$@"' -
    for turn in $(seq "$supervision_rounds"); do
        measure_supervision "$turn"
    done
fi
progress
report_all
if [ "$profile" != none ] && profile_ready; then
    case $profile in
    long) profile_all 1 true ;;
    missed) profile_all 0 false ;;
    esac
fi
[ "$failures" -eq 0 ]
