/* SPDX-License-Identifier: MIT */
/* supervisor/policy: how often a session is restarted. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "policy.h"

static const struct policy_settings three_in_5s = {3, 5000};

static void expect_decision(const struct policy_settings *settings,
                            struct policy_history *history, int64_t now_ms,
                            enum policy_decision wanted)
{
    cr_expect_eq(policy_decide(settings, history, now_ms, false), wanted,
                 "at %lld ms", (long long)now_ms);
}

Test(policy, a_normal_end_is_final_and_costs_nothing)
{
    struct policy_history history = {0};

    cr_expect_eq(policy_decide(&three_in_5s, &history, 0, true), POLICY_FINAL);
    cr_expect_eq(history.count, 0);
}

Test(policy, three_crashes_are_restarted_and_the_fourth_is_not)
{
    struct policy_history history = {0};

    for (int64_t now = 0; now < 3; now++)
        expect_decision(&three_in_5s, &history, now, POLICY_RESTART);
    expect_decision(&three_in_5s, &history, 3, POLICY_GIVE_UP);
    expect_decision(&three_in_5s, &history, 4, POLICY_GIVE_UP);
}

Test(policy, a_normal_end_is_final_also_after_restarts)
{
    struct policy_history history = {0};

    expect_decision(&three_in_5s, &history, 0, POLICY_RESTART);
    cr_expect_eq(policy_decide(&three_in_5s, &history, 1, true), POLICY_FINAL);
}

Test(policy, a_restart_counts_for_exactly_its_time)
{
    struct policy_history history = {0};

    for (int64_t now = 0; now < 3; now++)
        expect_decision(&three_in_5s, &history, now, POLICY_RESTART);
    expect_decision(&three_in_5s, &history, 4999, POLICY_GIVE_UP);
    expect_decision(&three_in_5s, &history, 5000, POLICY_RESTART);
    expect_decision(&three_in_5s, &history, 5000, POLICY_GIVE_UP);
    expect_decision(&three_in_5s, &history, 5001, POLICY_RESTART);
    expect_decision(&three_in_5s, &history, 5002, POLICY_RESTART);
    expect_decision(&three_in_5s, &history, 5003, POLICY_GIVE_UP);
}

Test(policy, slow_crashes_are_restarted_for_ever)
{
    struct policy_history history = {0};

    for (int64_t i = 0; i < 10000; i++)
        expect_decision(&three_in_5s, &history, i * 1667, POLICY_RESTART);
}

Test(policy, no_restarts_at_all_can_be_configured)
{
    struct policy_settings none = {0, 5000};
    struct policy_history history = {0};

    expect_decision(&none, &history, 0, POLICY_GIVE_UP);
}

Test(policy, the_most_that_can_be_configured_is_exact)
{
    struct policy_settings most = {POLICY_RESTARTS_MAX, 1000};
    struct policy_history history = {0};

    for (int64_t round = 0; round < 3; round++) {
        for (int i = 0; i < POLICY_RESTARTS_MAX; i++)
            expect_decision(&most, &history, round * 1000, POLICY_RESTART);
        expect_decision(&most, &history, round * 1000 + 999, POLICY_GIVE_UP);
    }
}

Test(policy, histories_are_apart)
{
    struct policy_history one = {0}, other = {0};

    for (int64_t now = 0; now < 3; now++)
        expect_decision(&three_in_5s, &one, now, POLICY_RESTART);
    expect_decision(&three_in_5s, &one, 3, POLICY_GIVE_UP);
    expect_decision(&three_in_5s, &other, 3, POLICY_RESTART);
}

Test(policy, more_restarts_than_a_history_holds_are_a_mistake_of_ours,
     .signal = SIGABRT)
{
    struct policy_settings too_many = {POLICY_RESTARTS_MAX + 1, 1000};
    struct policy_history history = {0};

    policy_decide(&too_many, &history, 0, false);
}

/* Against the rule itself: a crash is restarted if fewer than max_restarts
 * restarts lie in the max_ms before it. */
Test(policy, agrees_with_the_rule_in_a_long_random_run)
{
    enum { CRASHES = 5000 };
    static int64_t restarts[CRASHES];
    struct policy_history history = {0};
    size_t count = 0;
    int64_t now = 0;

    srand(3);
    for (int i = 0; i < CRASHES; i++) {
        unsigned recent = 0;

        now += rand() % 3000;
        for (size_t j = 0; j < count; j++)
            recent += restarts[j] > now - 5000;
        expect_decision(&three_in_5s, &history, now,
                        recent < 3 ? POLICY_RESTART : POLICY_GIVE_UP);
        if (recent < 3)
            restarts[count++] = now;
    }
    cr_expect_gt(count, 100);
    cr_expect_lt(count, CRASHES);
}
