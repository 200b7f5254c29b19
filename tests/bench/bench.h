/* SPDX-License-Identifier: MIT */
/* bench.h - the public library as the benches use it: each operation succeeds,
 * or the program ends and says what failed. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/client.h>

/* The client and the one result that all operations use: one thread's. */
struct bench {
    struct sp_client *client;
    struct sp_result *result;
};

/* To the spd of $SP_RUNTIME_DIR. */
void bench_open(struct bench *bench);
void bench_close(struct bench *bench);

void bench_check(const struct bench *bench, enum sp_error error,
                 const char *what);

/* 64 bytes there and 64 back. */
void bench_call(struct bench *bench, const char *id);
pid_t bench_start(struct bench *bench, const char *id, const char *module);
void bench_end(struct bench *bench, const char *id);

/* Starts a session, which answers once, and ends it: nanoseconds from the start
 * to the answer.  What spd does for an end after it has told of it is over when
 * this returns, and so is no part of the next start. */
uint64_t bench_time_start(struct bench *bench, const char *id,
                          const char *module);

#endif
