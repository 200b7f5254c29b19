/* SPDX-License-Identifier: MIT */
/* disturbance.h - what the supervisor does while nothing happens, and what
 * others feel while much does. */
#ifndef BENCH_DISTURBANCE_H
#define BENCH_DISTURBANCE_H

#include "bench.h"

struct disturbance_plan {
    const pid_t *pids; /* of all live sessions; borrowed */
    size_t live;
    size_t flood; /* the last of them end at once, and are not replaced */
    size_t crashes; /* of one session, one after the other */
    long idle_ms;   /* how long nothing happens */
};

/* X(name).  Latencies in microseconds.
 * wakes_spd       how often the idle supervisor was woken up, a second
 * wakes_sessions  all idle sessions together, a second
 * cpu_idle        CPU time of the idle supervisor, microseconds a second
 * flood_max       the longest ping while `flood` sessions are killed at once
 * flood_held      the longest without the time that the supervisor and this
 *                 program waited for a CPU: how long its loop was held up
 * flood_ms        from the first kill until the last has been reaped, in ms
 * quiet, quiet_p99   a call to one session
 * storm, storm_p99   the same, while another one crashes `crashes` times */
#define DISTURBANCE_FIGURES(X)                                                 \
    X(wakes_spd)                                                               \
    X(wakes_sessions)                                                          \
    X(cpu_idle)                                                                \
    X(flood_max)                                                               \
    X(flood_held)                                                              \
    X(flood_ms)                                                                \
    X(quiet)                                                                   \
    X(quiet_p99)                                                               \
    X(storm)                                                                   \
    X(storm_p99)

struct disturbance_figures {
#define DISTURBANCE_FIELD_(name) double name;
    DISTURBANCE_FIGURES(DISTURBANCE_FIELD_)
#undef DISTURBANCE_FIELD_
};

void disturbance_measure(struct bench *bench, pid_t spd,
                         const struct disturbance_plan *plan,
                         struct disturbance_figures *out_figures);

#endif
