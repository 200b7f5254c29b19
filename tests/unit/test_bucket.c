/* SPDX-License-Identifier: MIT */
/* supervisor/bucket: so many a second, and no more than that at once. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "bucket.h"

/* As many as can be had at once. */
static unsigned take_all(struct bucket *bucket, uint64_t rate, int64_t now_ms)
{
    unsigned count = 0;

    while (count < 100000 && bucket_take(bucket, rate, now_ms))
        count++;
    return count;
}

Test(bucket, holds_one_second_s_worth)
{
    static const uint64_t rates[] = {1, 2, 3, 7, 10, 999, 1000, 1001, 50000};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct bucket bucket = {0};

        cr_expect_eq(take_all(&bucket, rates[i], 5000), rates[i]);
        cr_expect_not(bucket_take(&bucket, rates[i], 5000));
        cr_expect_eq(take_all(&bucket, rates[i], 6000), rates[i]);
        cr_expect_eq(take_all(&bucket, rates[i], 6500), rates[i] / 2);
    }
}

Test(bucket, says_to_the_millisecond_when_there_is_a_token)
{
    struct bucket bucket = {0};

    take_all(&bucket, 3, 1000);
    cr_expect_eq(bucket_wait_ms(&bucket, 3, 1000), 334);
    cr_expect_eq(bucket_wait_ms(&bucket, 3, 1333), 1);
    cr_expect_not(bucket_take(&bucket, 3, 1333));
    cr_expect_eq(bucket_wait_ms(&bucket, 3, 1334), 0);
    cr_expect(bucket_take(&bucket, 3, 1334));
    /* the two thousandths that were over are not lost */
    cr_expect_eq(bucket_wait_ms(&bucket, 3, 1334), 333);
}

Test(bucket, asking_takes_nothing)
{
    struct bucket bucket = {0};

    for (int i = 0; i < 100; i++)
        cr_expect_eq(bucket_wait_ms(&bucket, 1, 1000), 0);
    cr_expect(bucket_take(&bucket, 1, 1000));
    for (int i = 0; i < 100; i++)
        cr_expect_not(bucket_take(&bucket, 1, 1999));
    cr_expect(bucket_take(&bucket, 1, 2000));
}

Test(bucket, is_full_again_after_what_was_taken_has_come_back)
{
    struct bucket bucket = {0};

    cr_expect(bucket_full(&bucket, 10, 0));
    bucket_take(&bucket, 10, 1000);
    bucket_take(&bucket, 10, 1000);
    cr_expect_not(bucket_full(&bucket, 10, 1000));
    cr_expect_not(bucket_full(&bucket, 10, 1199));
    cr_expect(bucket_full(&bucket, 10, 1200));
}

Test(bucket, clock_that_stands_still_or_goes_back_fills_nothing)
{
    struct bucket bucket = {0};

    cr_expect_eq(take_all(&bucket, 10, 5000), 10);
    for (int i = 0; i < 1000; i++)
        cr_expect_not(bucket_take(&bucket, 10, 5000 - i));
    cr_expect_eq(take_all(&bucket, 10, 5100), 1);
}

Test(bucket, clock_that_goes_back_and_on_again_gives_nothing_twice)
{
    struct bucket bucket = {0};

    cr_expect(bucket_take(&bucket, 10, 5000));
    cr_expect(bucket_take(&bucket, 10, 4000));
    cr_expect_eq(take_all(&bucket, 10, 5000), 8);
}

Test(bucket, clock_that_jumps_fills_it_once)
{
    struct bucket bucket = {0};

    cr_expect_eq(take_all(&bucket, 10, 0), 10);
    cr_expect_eq(take_all(&bucket, 10, INT64_MAX / 2), 10);
    cr_expect_eq(take_all(&bucket, 10, INT64_MAX), 10);
    cr_expect_eq(take_all(&bucket, 10, INT64_MAX), 0);
    cr_expect_eq(bucket_wait_ms(&bucket, 10, INT64_MAX), 100);
}

Test(bucket, highest_rate_is_counted_like_any)
{
    struct bucket bucket = {0};

    for (int i = 0; i < 1000; i++)
        cr_assert(bucket_take(&bucket, BUCKET_RATE_MAX, 7));
    bucket.spent = BUCKET_RATE_MAX * (uint64_t)1000;
    cr_expect_not(bucket_take(&bucket, BUCKET_RATE_MAX, 7));
    cr_expect_eq(bucket_wait_ms(&bucket, BUCKET_RATE_MAX, 7), 1);
    cr_expect(bucket_take(&bucket, BUCKET_RATE_MAX, 8));
}

Test(bucket, lower_rate_never_waits_longer_than_one_of_its_tokens)
{
    struct bucket bucket = {0};

    take_all(&bucket, 1000, 1000);
    cr_expect_eq(bucket_wait_ms(&bucket, 2, 1000), 500);
    cr_expect(bucket_take(&bucket, 2, 1500));
}

Test(bucket, rate_of_nothing_is_a_mistake_of_ours, .signal = SIGABRT)
{
    struct bucket bucket = {0};

    bucket_take(&bucket, 0, 0);
}

/* Whoever takes all that there is gets the first second's worth and what the
 * time since then has brought, to the token. */
Test(bucket, gives_exactly_its_rate_over_a_long_random_run)
{
    enum { RATE = 7 };
    struct bucket bucket = {0};
    uint64_t taken = 0, passed = 0;

    srand(11);
    while (taken < 10000) {
        taken += take_all(&bucket, RATE, 123456 + (int64_t)passed);
        cr_assert_eq(taken, RATE * (1000 + passed) / 1000);
        passed += (uint64_t)rand() % 150;
    }
}
