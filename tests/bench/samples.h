/* SPDX-License-Identifier: MIT */
/* samples.h - durations of one kind, and what stands in their middle. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    uint64_t *ns; /* owned */
    size_t count, room;
};

/* Nanoseconds on the monotonic clock. */
uint64_t samples_clock(void);

/* Room for `room` samples, touched in advance so that taking one faults no
 * page.  Ends the program when there is no memory. */
void samples_init(struct samples *samples, size_t room);
void samples_fini(struct samples *samples);

/* Takes the time since `start`, or a time.  There is room. */
void samples_add(struct samples *samples, uint64_t start);
void samples_add_ns(struct samples *samples, uint64_t ns);

/* In microseconds. */
struct samples_figures {
    double p50, p99, p999, max;
};

/* Sorts them.  There is at least one sample. */
struct samples_figures samples_figures(struct samples *samples);

/* Prints p50, p99 and p999 (of 99.9 %) in microseconds, each as a line
 * "name value", and frees them.  There is at least one sample. */
void samples_print(struct samples *samples);

#endif
