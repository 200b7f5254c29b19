#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures calls, starts and memory of sessions beside the floor: a static C
# program with fork, socketpair, read and write, and no protocol.  Floor and
# sessions take turns within each round; what is printed are medians of rounds,
# and ratios first.  See tests/bench/README.md.
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
while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=${2:?--rounds needs a number} && shift ;;
    --quick) rounds=3 calls=5000 starts=100 live=100 memory=50 ;;
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

dir=$(mktemp -d /tmp/sp-bench.XXXXXX)
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
[ -x "$bin/spd" ] && [ -x "$bench/bench-session" ] ||
    { echo "bench.sh: build/programs holds no benchmarks" >&2; exit 1; }

# Starts an spd in a runtime directory of its own and waits until it is ready.
supervise() # NAME [COMMAND PREFIX...]
{
    local name=$1 line

    shift
    mkdir -m 700 "$dir/$name"
    mkfifo "$dir/$name.ready"
    printf '[supervisor]\nmax_sessions = 4096\n' >"$dir/spd.conf"
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

report()
{
    printf '%s, %s, Linux %s %s, %s CPUs\n' "$("$bin/spd" --version)" \
        "$(date +%F)" "$(uname -r)" "$(uname -m)" "$(nproc)"
    printf 'medians of %s rounds; 1c: all on CPU %s; ' "$rounds" "$cpu"
    printf 'sandbox = default\n\n'
    awk -v table="$table" '
        function trim(s) { gsub(/^ +| +$/, "", s); return s }
        function median(key, side, column,    n, i, j, v, held) {
            n = count[key, side]
            for (i = 1; i <= n; i++) {
                held = figure[key, side, column, i]
                for (j = i - 1; j > 0 && v[j] > held; j--) v[j + 1] = v[j]
                v[j + 1] = held
            }
            return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
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

warn_if_busy
supervise free
supervise pinned "${pin[@]}"
for turn in $(seq "$rounds"); do
    progress "round $turn of $rounds"
    measure call_1c pinned call "$calls"
    measure call free call "$calls"
    measure start_1c pinned start "$starts" 0
    measure start free start "$starts" 0
    measure start_live free start "$starts" "$live"
    measure memory free memory "$memory"
done
progress
report
