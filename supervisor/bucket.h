/* SPDX-License-Identifier: MIT */
/* supervisor/bucket.h - a token bucket: so many a second, and at once no more
 * than one second's worth.  Pure: rate and clock are the caller's.
 *
 * All zero is a full bucket.  A clock that stands still or goes back fills
 * nothing; one that jumps ahead fills it, and no more than that. */
#ifndef SUPERVISOR_BUCKET_H
#define SUPERVISOR_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* The highest rate, in tokens a second; the lowest is 1. */
#define BUCKET_RATE_MAX 1000000000

struct bucket {
    uint64_t spent; /* thousandths of a token that are missing */
    int64_t at_ms;  /* when that was so */
};

/* Takes a token.  False: there is none, and nothing is taken. */
bool bucket_take(struct bucket *bucket, uint64_t rate, int64_t now_ms);

/* How long until there is a token; 0: there is one. */
int64_t bucket_wait_ms(const struct bucket *bucket, uint64_t rate,
                       int64_t now_ms);

/* Whether nothing is missing: such a bucket need not be kept. */
bool bucket_full(const struct bucket *bucket, uint64_t rate, int64_t now_ms);

#endif
