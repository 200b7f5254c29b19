/* SPDX-License-Identifier: MIT */
/* floor_stream.h - measures of the floor that are rates.  What was answered is
 * checked in each of them; measures as measure.h has them. */
#ifndef BENCH_FLOOR_STREAM_H
#define BENCH_FLOOR_STREAM_H

#include <stddef.h>

/* count small messages to one process, `window` of them outstanding. */
void floor_pipeline(size_t count, size_t window);
/* count small messages, one outstanding at each of `width` processes. */
void floor_fan(size_t count, size_t width);
/* count small messages one way, until the process has counted them all. */
void floor_cast(size_t count, size_t more);
/* count messages of 1 MiB there and back. */
void floor_large(size_t count, size_t more);
/* The same, copied there and back in memory. */
void floor_memcpy(size_t count, size_t more);
/* count processes up to their first answer, `window` of them under way. */
void floor_starts(size_t count, size_t window);

#endif
