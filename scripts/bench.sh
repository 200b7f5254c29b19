#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures calls, starts and memory of sessions beside the floor: a static C
# program with fork, socketpair, read and write, and no protocol.  Floor and
# sessions take turns within each round; what is printed are medians of rounds,
# and ratios first.  Then what supervision costs with 10, 1,000 and 9,000
# sessions live, and what each tier of the sandbox adds to a start.  See
# tests/bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

usage()
{
    cat <<TXT
Usage: scripts/bench.sh [--rounds N] [--quick] [--no-build]

  --rounds N   rounds, of which the median is shown (7)
  --quick      few rounds and small counts: to see that it works
  --no-build   measure what build/programs holds

A figure that misses its bound is shown as such and is no failure.
TXT
}

rounds=7 calls=50000 starts=500 live=1000 memory=1000 build=true
# of supervision: rounds, repetitions, crashes, and how long it is idle, in ms
levels="10 1000 9000"
supervision_rounds=5 repeat=200 crashes=1000 idle=10000
while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=${2:?--rounds needs a number} && shift ;;
    --quick)
        rounds=3 calls=5000 starts=100 live=100 memory=50
        supervision_rounds=1 repeat=50 crashes=100 idle=2000
        ;;
    --no-build) build=false ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }

# key | column of the figures | what | unit | bound (a ratio), "-" for none
table="\
call_1c    | 1 | call 64 B p50, 1c         | us  | 1.15
call_1c    | 2 | call 64 B p99, 1c         | us  | 1.30
call       | 1 | call 64 B p50, free       | us  | 1.15
call       | 2 | call 64 B p99, free       | us  | -
start_1c   | 1 | start to first answer, 1c | us  | 4.00
start      | 1 | start to first answer     | us  | 4.00
start_live | 1 | the same, $live live | us  | 4.00
memory     | 1 | memory a session          | KiB | 1.50
memory     | 2 | the same, by the machine  | KiB | 1.50"

# key | what | unit; each may be 1.2 times what it is with the fewest live
flat="\
start              | start                           | us
answer             | start to first answer           | us
floor              | the same, floor                 | us
stop               | stop                            | us
crash              | SIGKILL to the next answer      | us
end                | SIGKILL until info tells        | us
start_cpu_spd      | CPU of a start: spd             | us
start_cpu_template | ... its template                | us
start_cpu_session  | ... the session, with one call  | us
end_cpu_spd        | CPU of an end: spd              | us"

# key | what | unit | divisor | bound
single="\
wakes_spd      | idle: wake-ups of spd a second              |    | 1    | 1
wakes_sessions | idle: wake-ups of all sessions a second     |    | 1    | 1
cpu_idle       | idle: CPU of spd a second                   | us | 1    | -
flood_held     | 1,000 ends at once: spd answers a ping in   | ms | 1000 | 20
flood_max      | ... with the time that it waits for a CPU   | ms | 1000 | -
flood_ms       | ... until all are reaped                    | ms | 1    | -
refusal_max    | no descriptors left: a start is refused in  | ms | 1000 | 100
quiet          | call 64 B p50                               | us | 1    | -
storm          | ... while another session crashes           | us | 1    | -
quiet_p99      | call 64 B p99                               | us | 1    | -
storm_p99      | ... while another session crashes           | us | 1    | -"

# Of the sandbox; each start beside one with the first of them, in the same turn.
tiers="none default strict"
# us that a start may take longer than with the first of them
tier_bound=15

# Not on a disk: there a new socket's inode may cost hundreds of microseconds.
place=/dev/shm
[ -d "$place" ] && [ -w "$place" ] || place=/tmp
dir=$(mktemp -d "$place/sp-bench.XXXXXX")
pids=()
finish()
{
    local pid

    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$dir"
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
[ -x "$bin/spd" ] && [ -x "$bench/bench-supervision" ] ||
    { echo "bench.sh: build/programs holds no benchmarks" >&2; exit 1; }

# Both are the module echo.  A crash of "lasting" is forgotten within 1 ms, and
# its template, whose CPU time is measured, serves all rounds.
configure()
{
    local echo

    echo=$(find "$PWD/build/programs" -name echo.so | head -n 1)
    cat >"$dir/spd.conf" <<CONF
[supervisor]
max_sessions = 9500
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
    if ! read -r -t 15 -u "$ready" line; then
        cat "$dir/$name.log" >&2
        echo "bench.sh: spd is not ready" >&2
        exit 1
    fi
    exec {ready}<&-
}

# Runs one measurement of the floor and of sessions; the next round begins with
# the other one.
turn=0
measure() # KEY RUNTIME_NAME [PREFIX... --] ARGUMENTS...
{
    local key=$1 name=$2 prefix=() order=(floor session) side figures

    shift 2
    if [ "$name" = pinned ]; then prefix=("${pin[@]}"); fi
    if [ $((turn % 2)) -eq 1 ]; then order=(session floor); fi
    for side in "${order[@]}"; do
        figures=$(SP_RUNTIME_DIR=$dir/$name SP_CHANNEL=local \
            "${prefix[@]}" "$bench/bench-$side" "$@")
        echo "$key $side $figures" >>"$dir/figures"
    done
}

# Prints as bench-supervision does, and adds the floor's starts.
measure_supervision()
{
    local level floor

    echo "round" >>"$dir/supervision"
    for level in $levels; do
        read -r floor _ < <("$bench/bench-floor" start "$starts" "$level")
        echo "floor $level $floor" >>"$dir/supervision"
    done
    SP_CHANNEL=local SP_RUNTIME_DIR=$dir/many "$bench/bench-supervision" \
        "$repeat" 1000 "$crashes" "$idle" $levels >>"$dir/supervision"
    SP_CHANNEL=local SP_RUNTIME_DIR=$dir/few "$bench/bench-supervision" \
        refusals "$repeat" >>"$dir/supervision"
}

# A tier that this machine does not have is left out, with a word why.
find_tiers()
{
    local tier there=

    for tier in $tiers; do
        if "$bin/spctl" --runtime-dir "$dir/pinned" start try --module "$tier" \
            >"$dir/try" 2>&1; then
            "$bin/spctl" --runtime-dir "$dir/pinned" stop try
            there+=" $tier"
        else
            sed "s/^/bench.sh: left out: /" "$dir/try" >&2
        fi
    done
    tiers=$there
}

measure_tiers()
{
    SP_CHANNEL=local SP_RUNTIME_DIR=$dir/pinned "${pin[@]}" \
        "$bench/bench-confinement" "$starts" $tiers >>"$dir/tiers"
}

report_tiers()
{
    printf '\nsandbox; start to first answer, 1c; medians of %s rounds\n\n' \
        "$rounds"
    awk -v tiers="$tiers" -v bound="$tier_bound" "$awk_common"'
        function median(tier, column,    i, v) {
            for (i = 1; i <= count[tier]; i++) v[i] = figure[tier, column, i]
            return median_of(v, count[tier])
        }
        { n = ++count[$1]; figure[$1, 2, n] = $2; figure[$1, 3, n] = $3 }
        END {
            n = split(tiers, tier, " ")
            printf "%-26s %9s %15s\n", "", "us", "more than " tier[1]
            for (i = 1; i <= n; i++) {
                printf "sandbox = %-16s %9.1f", tier[i], median(tier[i], 2)
                if (i > 1) {
                    more = median(tier[i], 3)
                    printf " %15.1f  <= %d %s", more, bound,
                           more <= bound + 0 ? "met" : "not met"
                }
                print ""
            }
        }' "$dir/tiers"
}

progress()
{
    if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi
}

# Figures taken beside other work say little.
warn_if_busy()
{
    local load rest

    read -r load rest </proc/loadavg
    awk -v load="$load" 'BEGIN { exit !(load > 0.7) }' || return 0
    echo "bench.sh: the machine is not idle (load $load)" >&2
}

awk_common='
    function trim(s) { gsub(/^ +| +$/, "", s); return s }
    function median_of(v, n,    i, j, held) {
        for (i = 2; i <= n; i++) {
            held = v[i]
            for (j = i - 1; j > 0 && v[j] > held; j--) v[j + 1] = v[j]
            v[j + 1] = held
        }
        return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
    }'

report()
{
    printf '%s, %s, Linux %s %s, %s CPUs\n' "$("$bin/spd" --version)" \
        "$(date +%F)" "$(uname -r)" "$(uname -m)" "$(nproc)"
    printf 'medians of %s rounds; 1c: all on CPU %s; ' "$rounds" "$cpu"
    printf 'sandbox = default\n\n'
    awk -v table="$table" "$awk_common"'
        function median(key, side, column,    n, i, v) {
            n = count[key, side]
            for (i = 1; i <= n; i++) v[i] = figure[key, side, column, i]
            return median_of(v, n)
        }
        function row(f,    floor, session, ratio, verdict) {
            floor = median(trim(f[1]), "floor", f[2] + 0)
            session = median(trim(f[1]), "session", f[2] + 0)
            ratio = floor > 0 ? session / floor : 0
            if (trim(f[5]) == "-") verdict = "      -"
            else verdict = sprintf("<= %4.2f %s", f[5],
                                   ratio <= f[5] + 0 ? "met" : "not met")
            printf "%-26s %6.2f  %-15s %8.1f %9.1f %s\n", trim(f[3]), ratio,
                   verdict, floor, session, trim(f[4])
        }
        {
            n = ++count[$1, $2]
            figure[$1, $2, 1, n] = $3
            figure[$1, $2, 2, n] = $4
        }
        END {
            printf "%-26s %6s  %-15s %8s %9s\n", "", "ratio", "bound", "floor",
                   "session"
            rows = split(table, line, "\n")
            for (r = 1; r <= rows; r++) {
                split(line[r], f, "|")
                row(f)
            }
        }' "$dir/figures"
}

report_supervision()
{
    printf '\nsupervision; medians of %s rounds\n\n' "$supervision_rounds"
    awk -v flat="$flat" -v single="$single" -v levels="$levels" \
        "$awk_common"'
        # of the rounds; twice measured in one, its mean
        function in_round(key, i) { return sum[key, i] / times[key, i] }
        function median(key,    i, v) {
            for (i = 1; i <= rounds; i++) v[i] = in_round(key, i)
            return median_of(v, rounds)
        }
        function median_ratio(key, base,    i, v) {
            for (i = 1; i <= rounds; i++)
                v[i] = in_round(key, i) / in_round(base, i)
            return median_of(v, rounds)
        }
        function add(key, value) {
            sum[key, rounds] += value
            times[key, rounds]++
        }
        function head(    i) {
            printf "%-32s", "sessions live"
            for (i = 1; i <= depth; i++) printf "%9d", level[i]
            for (i = 2; i <= depth; i++)
                printf "%10s", level[i] "/" level[1]
            print "  bound"
        }
        function row(f,    i, key, ratio, verdict) {
            key = trim(f[1])
            printf "%-32s", trim(f[2])
            for (i = 1; i <= depth; i++)
                printf "%9.1f", median(key " " level[i])
            verdict = "met"
            for (i = 2; i <= depth; i++) {
                ratio = median_ratio(key " " level[i], key " " level[1])
                if (ratio > 1.2) verdict = "not met"
                printf "%10.2f", ratio
            }
            print "  <= 1.20 " (key == "floor" ? "" : verdict)
        }
        function line(f,    value, bound) {
            value = median(trim(f[1])) / f[4]
            bound = trim(f[5])
            printf "%-46s %9.2f %-2s", trim(f[2]), value, trim(f[3])
            print bound == "-" ? "" : sprintf("  <= %d %s", bound,
                value <= bound + 0 ? "met" : "not met")
        }
        $1 == "round" { rounds++; next }
        { add($1 " " $2, $3); add($1, $3) }
        END {
            depth = split(levels, level, " ")
            head()
            rows = split(flat, text, "\n")
            for (r = 1; r <= rows; r++) { split(text[r], f, "|"); row(f) }
            print ""
            rows = split(single, text, "\n")
            for (r = 1; r <= rows; r++) { split(text[r], f, "|"); line(f) }
        }' "$dir/supervision"
}

warn_if_busy
configure
supervise free
supervise pinned "${pin[@]}"
supervise many
find_tiers
supervise few bash -c 'ulimit -n 300; exec "$@"' -
for turn in $(seq "$rounds"); do
    progress "round $turn of $rounds"
    measure call_1c pinned call "$calls"
    measure call free call "$calls"
    measure start_1c pinned start "$starts" 0
    measure start free start "$starts" 0
    measure start_live free start "$starts" "$live"
    measure memory free memory "$memory"
    measure_tiers
done
for turn in $(seq "$supervision_rounds"); do
    progress "supervision, round $turn of $supervision_rounds"
    measure_supervision
done
progress
report
report_tiers
report_supervision
