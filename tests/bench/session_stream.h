/* SPDX-License-Identifier: MIT */
/* session_stream.h - measures of sessions that are rates: as floor_stream.h has
 * them, by the public library.  Those of many messages use <sp/async.h>. */
#ifndef BENCH_SESSION_STREAM_H
#define BENCH_SESSION_STREAM_H

#include <stddef.h>

void session_pipeline(size_t count, size_t window);
void session_fan(size_t count, size_t width);
void session_cast(size_t count, size_t more);
void session_cast_one(size_t count, size_t more); /* by sp_cast() */
void session_large(size_t count, size_t more);
void session_starts(size_t count, size_t window);
/* The same by `callers` threads, each with a client of its own and one start
 * under way. */
void session_callers(size_t count, size_t callers);

#endif
