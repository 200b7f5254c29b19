/* SPDX-License-Identifier: MIT */
/* support/bare.h - a running bare_endpoint (see there) for one test. */
#ifndef SUPPORT_BARE_H
#define SUPPORT_BARE_H

#include <stdint.h>

#include "support/leftovers.h"
#include "support/program.h"

struct bare {
    struct program program;
    struct leftovers *leftovers;
    int life; /* writing end of its standard input */
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    char path[64]; /* of its socket */
};

/* Starts one; limits are "NAME=NUMBER" and end in NULL. */
void bare_start_with(struct bare *out_bare, const char *const limits[]);
#define bare_start(out_bare, ...)                                              \
    bare_start_with((out_bare), (const char *const[]){__VA_ARGS__, NULL})

/* Ends it in order; fails the test if it does not exit with 0 (a leak of its
 * own, under the sanitizer, is another status) or leaves anything behind. */
void bare_stop(struct bare *bare);

/* One of its counters now; "kept": requests that wait for "release". */
uint64_t bare_counter(const struct bare *bare, const char *name);

/* Waits until the counter has reached at least this. */
void bare_wait_counter(const struct bare *bare, const char *name,
                       uint64_t value);

/* Bytes of its address space: grows with what it allocates, used or not. */
uint64_t bare_memory(const struct bare *bare);

#endif
