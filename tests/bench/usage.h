/* SPDX-License-Identifier: MIT */
/* usage.h - what a process has had of the CPUs, as the kernel counts it.  Other
 * work on the machine moves these figures little, unlike times on the wall. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* Of a process's first thread, in nanoseconds since its start. */
struct usage {
    uint64_t ran;
    uint64_t waited; /* runnable, while others ran */
};

/* All zeros if there is no such process. */
struct usage usage_now(pid_t pid);

/* How often it has gone to sleep, and so was woken up; 0 without it. */
uint64_t usage_sleeps(pid_t pid);

#endif
