/* SPDX-License-Identifier: MIT */
/* spans.h - when what is measured happens, for an observer beside it.
 *
 * With $BENCH_SPANS a file is written there: the process's ID, and then a line
 * "begin end operations" for each stretch of time that counts, in nanoseconds
 * of the monotonic clock.  Without it nothing is. */
#ifndef BENCH_SPANS_H
#define BENCH_SPANS_H

#include <stddef.h>
#include <stdint.h>

void spans_add(uint64_t begin, uint64_t end, size_t operations);

#endif
