/* SPDX-License-Identifier: MIT */
/* supervisor/throttle: a module none of whose sessions ever worked. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "throttle.h"

static struct throttle fresh(void)
{
    struct throttle throttle;

    throttle_init(&throttle, 100, 30000);
    return throttle;
}

/* One that is throttled from now_ms on. */
static struct throttle throttled(int64_t now_ms)
{
    struct throttle throttle = fresh();

    for (int i = 0; i <= THROTTLE_FREE; i++)
        throttle_failed(&throttle, now_ms, "broken");
    return throttle;
}

Test(throttle, any_number_of_starts_at_once_are_free_before_any_failed)
{
    struct throttle throttle = fresh();

    for (int i = 0; i < 1000; i++)
        cr_assert_eq(throttle_try(&throttle, 0), 0);
}

Test(throttle, three_failures_are_free_and_the_fourth_is_not)
{
    struct throttle throttle = fresh();

    for (int i = 0; i < 3; i++) {
        throttle_failed(&throttle, 1000, "broken");
        cr_expect_eq(throttle_wait_ms(&throttle, 1000), 0);
        cr_expect_eq(throttle_try(&throttle, 1000), 0);
    }
    throttle_failed(&throttle, 1000, "broken");
    cr_expect_eq(throttle_wait_ms(&throttle, 1000), 100);
    cr_expect_eq(throttle_try(&throttle, 1000), 100);
}

Test(throttle, delay_doubles_with_each_try_up_to_the_longest)
{
    static const int64_t delays[] = {100,  200,  400,   800,   1600,  3200,
                                     6400, 12800, 25600, 30000, 30000, 30000};
    struct throttle throttle = throttled(0);
    int64_t now = 0;

    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        cr_expect_eq(throttle_wait_ms(&throttle, now), delays[i], "%zu", i);
        now += delays[i];
        cr_expect_eq(throttle_try(&throttle, now - 1), 1);
        cr_expect_eq(throttle_try(&throttle, now), 0);
        now += 7; /* a try takes a while */
        throttle_failed(&throttle, now, "broken");
    }
    for (int i = 0; i < 1000; i++) {
        now += 30000;
        cr_assert_eq(throttle_try(&throttle, now), 0);
        throttle_failed(&throttle, now, "broken");
        cr_assert_eq(throttle_wait_ms(&throttle, now), 30000);
    }
}

Test(throttle, of_a_thousand_starts_one_may_try)
{
    struct throttle throttle = throttled(0);
    int let_through = 0;

    for (int i = 0; i < 1000; i++)
        let_through += throttle_try(&throttle, 100) == 0;
    cr_expect_eq(let_through, 1);
    /* that one has not failed yet; the next may try after its delay */
    cr_expect_eq(throttle_wait_ms(&throttle, 100), 200);
}

Test(throttle, a_try_that_nobody_hears_of_again_blocks_nobody_for_ever)
{
    struct throttle throttle = throttled(0);

    cr_expect_eq(throttle_try(&throttle, 100), 0);
    cr_expect_eq(throttle_try(&throttle, 299), 1);
    cr_expect_eq(throttle_try(&throttle, 300), 0);
}

Test(throttle, asking_is_not_trying)
{
    struct throttle throttle = throttled(0);

    for (int i = 0; i < 100; i++)
        cr_expect_eq(throttle_wait_ms(&throttle, 100), 0);
    cr_expect_eq(throttle_try(&throttle, 100), 0);
}

/* They were let through before the first of them failed. */
Test(throttle, a_thousand_failures_of_one_moment_cost_one_delay)
{
    struct throttle throttle = fresh();

    for (int i = 0; i < 1000; i++)
        throttle_failed(&throttle, 5000, "broken");
    cr_expect_eq(throttle_wait_ms(&throttle, 5000), 100);
    cr_expect_eq(throttle.failures, 1000);
}

Test(throttle, a_module_that_has_worked_is_never_throttled_again)
{
    struct throttle throttle = fresh();

    throttle_worked(&throttle);
    for (int i = 0; i < 1000; i++) {
        throttle_failed(&throttle, i, "crashed on purpose");
        cr_assert_eq(throttle_try(&throttle, i), 0);
    }
}

Test(throttle, ends_when_a_session_works)
{
    struct throttle throttle = throttled(0);

    cr_expect_eq(throttle_try(&throttle, 100), 0);
    cr_expect_gt(throttle_wait_ms(&throttle, 100), 0);
    throttle_worked(&throttle);
    cr_expect_eq(throttle_wait_ms(&throttle, 100), 0);
    for (int i = 0; i < 1000; i++)
        throttle_failed(&throttle, 100, "crashed on purpose");
    cr_expect_eq(throttle_wait_ms(&throttle, 100), 0);
}

Test(throttle, longest_delay_may_be_shorter_than_the_first)
{
    struct throttle throttle;

    throttle_init(&throttle, 5000, 1000);
    for (int i = 0; i < 10; i++)
        throttle_failed(&throttle, 0, "broken");
    cr_expect_eq(throttle_wait_ms(&throttle, 0), 1000);
}

Test(throttle, longest_delays_do_not_overflow)
{
    struct throttle throttle;
    int64_t now = 0;

    throttle_init(&throttle, INT64_MAX / 4 - 1, INT64_MAX / 4);
    for (int i = 0; i < 4; i++)
        throttle_failed(&throttle, now, "broken");
    now = INT64_MAX / 4 - 1;
    cr_expect_eq(throttle_try(&throttle, now), 0);
    cr_expect_eq(throttle_wait_ms(&throttle, now), INT64_MAX / 4);
    now += INT64_MAX / 4;
    cr_expect_eq(throttle_try(&throttle, now), 0);
    cr_expect_eq(throttle_wait_ms(&throttle, now), INT64_MAX / 4);
}

/* ---- words ---- */

Test(throttle, tells_how_often_why_and_when_again)
{
    struct throttle throttle = fresh();
    char text[THROTTLE_TEXT_SIZE];

    for (int i = 0; i < 3; i++)
        throttle_failed(&throttle, 0, "other");
    throttle_failed(&throttle, 0, "no such table");
    throttle_explain(&throttle, "broken", 20, text);
    cr_expect_str_eq(text, "module broken: none of its sessions has ever "
                           "worked (4 starts failed, last: no such table); "
                           "next try in 80 ms");
    throttle.next_ms = 2021;
    throttle_explain(&throttle, "broken", 20, text);
    cr_expect_not_null(strstr(text, "; next try in 3 s"), "%s", text);
    throttle_explain(&throttle, "broken", 21, text);
    cr_expect_not_null(strstr(text, "; next try in 2 s"), "%s", text);
}

Test(throttle, longest_reason_is_cut_between_characters_and_fits)
{
    struct throttle throttle = fresh();
    char text[THROTTLE_TEXT_SIZE], reason[2000] = "", name[65];

    memset(name, 'm', 64);
    name[64] = '\0';
    for (int i = 0; i < 999; i++)
        memcpy(reason + 2 * i, "ü", 3);
    for (int i = 0; i < 5; i++)
        throttle_failed(&throttle, INT64_MAX / 2, reason);
    cr_expect_eq(strlen(throttle.reason), THROTTLE_REASON_SIZE - 2);
    throttle.failures = UINT64_MAX;
    throttle_explain(&throttle, name, 0, text);
    cr_expect_not_null(strstr(text, "üü); next try in 4611686018427389 s"),
                       "%s", text);
}

/* ---- against a plain model ---- */

/* However it is asked: between the fourth failure and the first success, no two
 * starts are let through within one delay, and after each try the delay is
 * twice as long. */
Test(throttle, never_lets_two_through_within_a_delay_in_a_random_run)
{
    struct throttle throttle = throttled(0);
    int64_t now = 0, last = 0, delay = 100;
    int tries = 0;

    srand(9);
    for (int i = 0; i < 200000; i++) {
        now += rand() % 100;
        if (rand() % 3 == 0) {
            throttle_failed(&throttle, now, "x");
            last = now;
        } else if (throttle_try(&throttle, now) == 0) {
            cr_assert_geq(now - last, delay);
            delay = delay * 2 < 30000 ? delay * 2 : 30000;
            last = now;
            tries++;
        }
        if (rand() % 2000 == 0) {
            now += 30000;
            cr_assert_eq(throttle_wait_ms(&throttle, now), 0);
        }
    }
    cr_expect_gt(tries, 20, "%d", tries);
}
