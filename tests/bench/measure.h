/* SPDX-License-Identifier: MIT */
/* measure.h - the command line of a program that measures, and what it prints:
 *
 *   PROGRAM MEASURE COUNT [MORE]
 *
 * prints lines "name value".  A measure that is not over after
 * $BENCH_DEADLINE seconds (120 without it) ends the program with a text. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>

/* Of a program whose deadline has passed. */
#define MEASURE_TIMED_OUT 3

struct measure {
    const char *name;
    void (*run)(size_t count, size_t more);
};

/* Runs what the arguments name, one of the measures, which end with a NULL
 * name.  Returns main's status. */
int measure_main(int argc, char **argv, const struct measure *measures);

/* Begins the deadline anew, for a program that has a command line of its own.
 * what: said when it passes; it has to live on. */
void measure_deadline(const char *what);

void measure_print(const char *name, double value);

/* How many a second, in `unit`s: 1e6 for millions.  start_ns: of
 * samples_clock(). */
double measure_rate(size_t count, unsigned long long start_ns, double unit);

/* Ends the program with what errno means. */
_Noreturn void measure_fail(const char *what);

/* Ends the program: the answers are not what they have to be. */
_Noreturn void measure_wrong(const char *what);

#endif
