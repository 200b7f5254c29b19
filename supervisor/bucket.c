/* SPDX-License-Identifier: MIT */
/* A token bucket in whole numbers: a rate of n tokens a second is n thousandths
 * a millisecond, so nothing is ever rounded.  Used for starts of a user
 * (users.c) and log lines of a process (meter.c). */
#include "bucket.h"

#include <assert.h>

#define TOKEN 1000u

/* What is missing now.  A rate that has become lower meanwhile makes the
 * bucket smaller: no more than all of it is missing. */
static uint64_t spent_now(const struct bucket *bucket, uint64_t rate,
                          int64_t now_ms)
{
    uint64_t size = rate * TOKEN;
    uint64_t spent = bucket->spent < size ? bucket->spent : size;
    uint64_t passed = 0;

    assert(rate >= 1 && rate <= BUCKET_RATE_MAX);
    if (now_ms > bucket->at_ms)
        passed = (uint64_t)now_ms - (uint64_t)bucket->at_ms;
    if (passed >= TOKEN) /* a second fills it, whatever the rate */
        return 0;
    return spent > passed * rate ? spent - passed * rate : 0;
}

bool bucket_take(struct bucket *bucket, uint64_t rate, int64_t now_ms)
{
    uint64_t spent = spent_now(bucket, rate, now_ms);

    if (spent + TOKEN > rate * TOKEN)
        return false;
    if (now_ms > bucket->at_ms || bucket->spent == 0)
        bucket->at_ms = now_ms;
    bucket->spent = spent + TOKEN;
    return true;
}

int64_t bucket_wait_ms(const struct bucket *bucket, uint64_t rate,
                       int64_t now_ms)
{
    uint64_t needed = spent_now(bucket, rate, now_ms) + TOKEN;
    uint64_t size = rate * TOKEN;

    if (needed <= size)
        return 0;
    return (int64_t)((needed - size + rate - 1) / rate);
}

bool bucket_full(const struct bucket *bucket, uint64_t rate, int64_t now_ms)
{
    return spent_now(bucket, rate, now_ms) == 0;
}
