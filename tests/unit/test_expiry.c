/* SPDX-License-Identifier: MIT */
/* supervisor/expiry: when a session was idle, or has lived, for long enough. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "expiry.h"

static const struct expiry_settings idle_10s = {.idle_timeout = 10000};
static const struct expiry_settings old_10s = {.max_lifetime = 10000};

static struct expiry_verdict decide(const struct expiry_settings *settings,
                                    int64_t now_ms, int64_t active_ms,
                                    bool busy)
{
    struct expiry_facts facts = {.now_ms = now_ms,
                                 .started_ms = 1000,
                                 .active_ms = active_ms,
                                 .busy = busy};

    return expiry_decide(settings, &facts);
}

Test(expiry, never_comes_where_nothing_is_configured)
{
    static const struct expiry_settings off;
    struct expiry_verdict verdict = decide(&off, INT32_MAX, 1000, false);

    cr_expect_eq(verdict.asked, END_ASKED_NOT);
    cr_expect_eq(verdict.look_ms, -1);
}

Test(expiry, of_an_idle_session_comes_after_exactly_its_time)
{
    cr_expect_eq(decide(&idle_10s, 14999, 5000, false).asked, END_ASKED_NOT);
    cr_expect_eq(decide(&idle_10s, 15000, 5000, false).asked, END_ASKED_IDLE);
}

Test(expiry, of_a_busy_session_does_not_come)
{
    struct expiry_verdict verdict = decide(&idle_10s, 99000, 5000, true);

    cr_expect_eq(verdict.asked, END_ASKED_NOT);
    cr_expect_eq(verdict.look_ms, 10000);
}

Test(expiry, of_an_old_session_comes_though_it_is_busy)
{
    cr_expect_eq(decide(&old_10s, 10999, 10999, true).asked, END_ASKED_NOT);
    cr_expect_eq(decide(&old_10s, 11000, 11000, true).asked,
                 END_ASKED_LIFETIME);
}

Test(expiry, looks_again_within_a_second_after_the_earlier_of_both)
{
    static const struct expiry_settings both = {.idle_timeout = 10000,
                                                .max_lifetime = 60000};

    cr_expect_eq(decide(&both, 6500, 5100, false).look_ms, 16000 - 6500);
    cr_expect_eq(decide(&both, 58500, 58400, false).look_ms, 61000 - 58500);
}

/* Whoever looks when he is told to ends the session neither too early nor more
 * than a second too late, whatever it does meanwhile. */
Test(expiry, followed_look_by_look_is_never_early_and_at_most_a_second_late)
{
    srand(1);
    for (int round = 0; round < 2000; round++) {
        int64_t idle_from = 1000 + rand() % 60000;
        int64_t now_ms = 1000;
        struct expiry_verdict verdict;

        for (;;) {
            bool busy = now_ms < idle_from;

            verdict = decide(&idle_10s, now_ms, busy ? now_ms : idle_from,
                             busy);
            if (verdict.asked != END_ASKED_NOT)
                break;
            cr_assert_gt(verdict.look_ms, 0);
            now_ms += verdict.look_ms;
        }
        cr_assert_geq(now_ms, idle_from + 10000);
        cr_assert_leq(now_ms, idle_from + 11000);
    }
}
