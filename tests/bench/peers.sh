# SPDX-License-Identifier: MIT
# Who takes part in a measurement, and by which program.  Read by
# scripts/bench.sh, whose variables it uses; absent, command and the server of
# PostgreSQL are what it sets.
# shellcheck shell=bash disable=SC2034,SC2154

absent='' # those that this machine lacks
left_out() # WHO WHY
{
    absent+=" $1 "
    echo "bench.sh: left out: $1: $2" >&2
}

# A server of its own, which refuses to run as root.
postgres_start()
{
    local programs as=() i

    programs=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V |
        tail -n 1)
    [ -n "$programs" ] || return 1
    programs=${programs%/initdb}
    postgres_dir=$(mktemp -d "$place/sp-bench-pg.XXXXXX")
    if [ "$(id -u)" -eq 0 ]; then
        chown postgres "$postgres_dir" || return 1
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
    fi
    "${as[@]}" "$programs/initdb" -D "$postgres_dir/db" -U bench -A trust \
        >"$dir/postgres.log" 2>&1 || return 1
    "${as[@]}" "$programs/postgres" -D "$postgres_dir/db" -k "$postgres_dir" \
        -c listen_addresses= -c max_connections=100 >"$dir/postgres.log" 2>&1 &
    postgres_pid=$!
    export BENCH_POSTGRES="host=$postgres_dir user=bench dbname=postgres"
    for i in $(seq 100); do
        "$programs/pg_isready" -q -h "$postgres_dir" && return
        sleep 0.1
    done
    return 1
}

find_peers()
{
    if ! $peers; then
        absent=" nng port node python grpc postgres "
        return
    fi
    command -v escript >/dev/null || left_out port "no erlang-base"
    command -v node >/dev/null || left_out node "no nodejs"
    command -v python3 >/dev/null || left_out python "no python3"
    [ -x "$bench/peer-grpc" ] || left_out grpc "no libgrpc++-dev"
    if [ ! -x "$bench/peer-postgres" ]; then
        left_out postgres "no libpq-dev"
    elif ! postgres_start; then
        left_out postgres "no server of postgresql that can be run"
    fi
}

# Sets command to that of one who takes part; the name of the measure is its own
# where it measures a limit.
command_of() # WHO MEASURE
{
    case $1/$2 in
    floor/nng) command=("$bench/peer-nng" echo) ;;
    libsp/nng) command=("$bench/peer-nng" session) ;;
    floor/stop) command=("$bench/bench-floor" end) ;;
    floor/*) command=("$bench/bench-floor" "$2") ;;
    epoll/*) command=("$bench/bench-floor" --epoll "$2") ;;
    contract/*) command=("$bench/bench-floor" "contract-$2") ;;
    fork/*) command=("$bench/bench-floor" fork) ;;
    memcpy/*) command=("$bench/bench-floor" memcpy) ;;
    libsp/*) command=("$bench/bench-session" "$2") ;;
    port/*)
        command=(env BENCH_PORT="$bench/peer-port" escript
            "$source/peers/port.escript" "$2")
        ;;
    node/*) command=(node "$source/peers/node.js" "$2") ;;
    python/*) command=(python3 "$source/peers/python.py" "$2") ;;
    *) command=("$bench/peer-$1" "$2") ;;
    esac
}

is_peer() { [[ " nng port node python grpc postgres " == *" $1 "* ]]; }
