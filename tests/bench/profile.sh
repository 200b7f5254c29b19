# SPDX-License-Identifier: MIT
# Shows what an operation makes and where its CPU time goes, of libsp, of the
# floor of the contract and of the bare floor.  Read by scripts/bench.sh, whose
# variables and functions it uses.
# shellcheck shell=bash disable=SC2034,SC2154

# The whole machine, in times of the monotonic clock as those of the spans.  A
# look at BPF programs would take a second.
observe=(perf record -q -B -a --no-bpf-event -m 1024 -k CLOCK_MONOTONIC
    -o "$dir/perf")
# Each system call, switch and page fault; what runs on each CPU, by time.
events="raw_syscalls:sys_enter sched:sched_switch page-faults/period=1/"
samples="cpu-clock/freq=4000,call-graph=fp/"

# False, with a word why, where this machine or user cannot.
profile_ready()
{
    command -v perf >/dev/null ||
        { echo "bench.sh: left out: profiles: no linux-perf" >&2; return 1; }
    "${observe[@]}" -e sched:sched_switch -e cpu-clock true \
        >"$dir/out" 2>&1 || {
        echo "bench.sh: left out: profiles: perf may not record the machine" \
            "(root, tracefs)" >&2
        return 1
    }
    echo '#include <sys/syscall.h>' | cc -E -dM - | awk '$2 ~ /^__NR_/ {
        sub(/^__NR_/, "", $2); print $2, $3 }' >"$dir/calls" || true
}

# Enough for hundreds of samples.
profile_count() # MEASURE
{
    local count

    case $1 in
    call | fan) count=6000 ;;
    nng) count=1500 ;;
    pipeline | cast) count=200000 ;;
    large) count=90 ;;
    crash) count=150 ;;
    *) count=300 ;;
    esac
    if $quick; then count=$((count / 3)); fi
    if [ "$1" = pool ] && [ $count -gt "$starts" ]; then count=$starts; fi
    echo $count
}

# Makes one's operations once under observation.
profile_record() # EVENTS NAME WHERE WHO MEASURE MORE
{
    local prefix=() command=() scale=1 spd=${spd_of[$3]} event options=()

    if [ "$3" = 1c ]; then prefix=("${pin[@]}"); fi
    if [ "$5" = large ]; then scale=$((2 * 1024 * 1024)); fi # of its bytes
    for event in $1; do options+=(-e "$event"); done
    command_of "$4" "$5"
    progress "profile: $2, $4"
    timed "profile of $2, $4" "$dir/out" "${observe[@]}" "${options[@]}" \
        env SP_RUNTIME_DIR="$dir/$3" BENCH_SPANS="$dir/spans" "${prefix[@]}" \
        "${command[@]}" "$(profile_count "$5")" ${6:+"$6"} || return 0
    perf script -i "$dir/perf" --show-task-events --ns \
        -F comm,pid,cpu,time,event,ip,sym,trace 2>/dev/null >"$dir/script"
    awk -v who="$4" -v spd="$spd" -v scale=$scale -f "$source/profile.awk" \
        "$dir/calls" "$dir/spans" "$dir/script" >>"$dir/profile"
}

profile_row() # LONG NAME WHERE WHO... MEASURE MORE
{
    local one watched recordings=("$events $samples")

    # Looking at the CPUs makes the rest slower: in full, each by itself.
    if [ "$1" = 1 ]; then recordings=("$events" "$samples"); fi
    : >"$dir/profile"
    for one in libsp contract floor; do
        [[ " $4 " == *" $one "* ]] || continue
        for watched in "${recordings[@]}"; do
            profile_record "$watched" "$2" "$3" "$one" "$5" "$6"
        done
    done
    progress
}

# Of each measurement that misses a bound; all: of each that has one.
profile_all() # LONG ALL
{
    local key missed title figures name where who what more

    report bounds >"$dir/bounds"
    while IFS='|' read -r name where who what _ _ more; do
        IFS=$'\t' read -r key missed title figures < <(
            grep "^${name// /}"$'\t' "$dir/bounds") || continue
        $2 || [ "$missed" = 1 ] || continue
        profile_row "$1" "$key" "${where// /}" "$who" "${what// /}" \
            "${more// /}"
        awk -v long="$1" -v title="$title" -f "$source/profile_table.awk" \
            "$dir/profile"
        printf '\n%s\n' "$figures"
    done <<<"$runs"
}
