/* SPDX-License-Identifier: MIT */
/* supervisor/policy: after which ends, how often and how soon a session is
 * restarted. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "policy.h"

/* As configured by default, but that nothing is ever stable. */
static const struct policy_settings three_in_5s = {
    .restart = POLICY_TRANSIENT,
    .max_restarts = 3,
    .max_ms = 5000,
    .first_delay_ms = 100,
    .max_delay_ms = 30000,
    .stable_ms = INT64_MAX,
};

static enum policy_decision crash(const struct policy_settings *settings,
                                  struct policy_history *history,
                                  int64_t now_ms)
{
    struct policy_end end = {.now_ms = now_ms};

    return policy_decide(settings, history, &end).decision;
}

static void expect_decision(const struct policy_settings *settings,
                            struct policy_history *history, int64_t now_ms,
                            enum policy_decision wanted)
{
    cr_expect_eq(crash(settings, history, now_ms), wanted, "at %lld ms",
                 (long long)now_ms);
}

/* ---- after which ends ---- */

Test(policy, restarts_after_the_ends_that_its_name_says)
{
    static const struct {
        enum policy_restart restart;
        enum policy_decision normal, abnormal;
    } rows[] = {
        {POLICY_PERMANENT, POLICY_RESTART, POLICY_RESTART},
        {POLICY_TRANSIENT, POLICY_FINAL, POLICY_RESTART},
        {POLICY_TEMPORARY, POLICY_FINAL, POLICY_FINAL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct policy_settings settings = three_in_5s;
        struct policy_history history = {0};
        struct policy_end normal = {.normal = true};
        struct policy_end abnormal = {.normal = false};

        settings.restart = rows[i].restart;
        cr_expect_eq(policy_decide(&settings, &history, &normal).decision,
                     rows[i].normal, "row %zu", i);
        cr_expect_eq(policy_decide(&settings, &history, &abnormal).decision,
                     rows[i].abnormal, "row %zu", i);
    }
}

Test(policy, a_normal_end_is_final_and_costs_nothing)
{
    struct policy_history history = {0};
    struct policy_end end = {.normal = true};

    cr_expect_eq(policy_decide(&three_in_5s, &history, &end).decision,
                 POLICY_FINAL);
    cr_expect_eq(history.count, 0);
    cr_expect_eq(history.streak, 0);
}

/* ---- how often ---- */

Test(policy, three_crashes_are_restarted_and_the_fourth_is_not)
{
    struct policy_history history = {0};

    for (int64_t now = 0; now < 3; now++)
        expect_decision(&three_in_5s, &history, now, POLICY_RESTART);
    expect_decision(&three_in_5s, &history, 3, POLICY_GIVE_UP);
    expect_decision(&three_in_5s, &history, 4, POLICY_GIVE_UP);
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
    struct policy_settings none = three_in_5s;
    struct policy_history history = {0};

    none.max_restarts = 0;
    expect_decision(&none, &history, 0, POLICY_GIVE_UP);
}

Test(policy, the_most_that_can_be_configured_is_exact)
{
    struct policy_settings most = three_in_5s;
    struct policy_history history = {0};

    most.max_restarts = POLICY_RESTARTS_MAX;
    most.max_ms = 1000;
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
    struct policy_settings too_many = three_in_5s;
    struct policy_history history = {0};

    too_many.max_restarts = POLICY_RESTARTS_MAX + 1;
    crash(&too_many, &history, 0);
}

/* ---- how soon ---- */

/* The delay of the n-th restart in a row; random 0 gives the least, and the
 * largest number that is no more than half of it the most. */
static int64_t nth_delay(unsigned n, uint32_t random)
{
    struct policy_history history = {0};
    struct policy_settings settings = three_in_5s;
    struct policy_verdict verdict = {0};

    for (unsigned i = 0; i < n; i++) {
        struct policy_end end = {.now_ms = i * 10000, .random = random};

        verdict = policy_decide(&settings, &history, &end);
        cr_assert_eq(verdict.decision, POLICY_RESTART);
    }
    return verdict.delay_ms;
}

Test(policy, delays_begin_at_once_then_double_up_to_the_longest)
{
    static const int64_t full[] = {0,    100,  200,   400,   800,  1600,
                                   3200, 6400, 12800, 25600, 30000, 30000};

    for (unsigned n = 0; n < sizeof full / sizeof full[0]; n++) {
        uint32_t most = (uint32_t)(full[n] / 2);

        cr_expect_eq(nth_delay(n + 1, 0), full[n] - full[n] / 2, "%u", n);
        cr_expect_eq(nth_delay(n + 1, most), full[n], "%u", n);
    }
    cr_expect_eq(nth_delay(1000, 15000), 30000);
}

Test(policy, a_delay_is_never_longer_than_the_longest_whatever_chance_says)
{
    for (int i = 0; i < 10000; i++) {
        int64_t ms = nth_delay(1 + (unsigned)i % 20, (uint32_t)rand() * 2u);

        cr_expect_geq(ms, 0);
        cr_expect_leq(ms, 30000);
    }
}

Test(policy, a_stable_time_and_nothing_less_clears_budget_and_delay)
{
    struct policy_settings settings = three_in_5s;
    struct policy_history history = {0};
    struct policy_end end = {.now_ms = 0};
    struct policy_verdict verdict;

    settings.stable_ms = 60000;
    settings.max_ms = 1000000;
    for (int i = 0; i < 3; i++)
        policy_decide(&settings, &history, &end);
    end.lived_ms = 59999;
    cr_expect_eq(policy_decide(&settings, &history, &end).decision,
                 POLICY_GIVE_UP);
    end.lived_ms = 60000;
    verdict = policy_decide(&settings, &history, &end);
    cr_expect_eq(verdict.decision, POLICY_RESTART);
    cr_expect_eq(verdict.delay_ms, 0);
    cr_expect_eq(history.count, 1);
}

/* ---- against a plain model ---- */

/* Restarts that were decided, all of them, with the rule itself asked anew for
 * each end: fewer than max_restarts of those since the last stable time lie in
 * the max_ms before it. */
Test(policy, agrees_with_the_rule_in_a_long_random_run)
{
    enum { ENDS = 20000 };
    static int64_t restarts[ENDS];
    struct policy_settings settings = three_in_5s;
    struct policy_history history = {0};
    size_t count = 0, stable = 0, given_up = 0;
    int64_t now = 0;

    settings.stable_ms = 2500;
    srand(3);
    for (int i = 0; i < ENDS; i++) {
        struct policy_end end = {.normal = rand() % 10 == 0,
                                 .random = (uint32_t)rand()};
        struct policy_verdict verdict;
        enum policy_decision wanted = POLICY_FINAL;
        unsigned recent = 0;

        now += rand() % 1500;
        end.now_ms = now;
        end.lived_ms = rand() % 2700;
        if (!end.normal) {
            if (end.lived_ms >= settings.stable_ms)
                stable = count;
            for (size_t j = stable; j < count; j++)
                recent += restarts[j] > now - settings.max_ms;
            wanted = recent < 3 ? POLICY_RESTART : POLICY_GIVE_UP;
        }
        verdict = policy_decide(&settings, &history, &end);
        cr_assert_eq(verdict.decision, wanted, "end %d", i);
        cr_assert((verdict.delay_ms == 0) ==
                      (wanted != POLICY_RESTART || count == stable),
                  "end %d: %lld ms", i, (long long)verdict.delay_ms);
        if (wanted == POLICY_RESTART)
            restarts[count++] = now;
        given_up += wanted == POLICY_GIVE_UP;
    }
    cr_expect_gt(count, 1000);
    cr_expect_gt(given_up, 1000);
}

/* ---- ends for a fresh process ---- */

static struct policy_verdict recycle(const struct policy_settings *settings,
                                     struct policy_history *history,
                                     int64_t now_ms, int64_t lived_ms)
{
    struct policy_end end = {
        .now_ms = now_ms, .lived_ms = lived_ms, .recycled = true};

    return policy_decide(settings, history, &end);
}

Test(policy, a_recycled_process_is_replaced_at_once_under_every_policy)
{
    struct policy_settings settings = three_in_5s;

    for (int restart = POLICY_PERMANENT; restart <= POLICY_TEMPORARY;
         restart++) {
        struct policy_history history = {0};
        struct policy_verdict verdict;

        settings.restart = (enum policy_restart)restart;
        verdict = recycle(&settings, &history, 1000, 1000);
        cr_expect_eq(verdict.decision, POLICY_RESTART);
        cr_expect_eq(verdict.delay_ms, 0);
    }
}

Test(policy, recycling_spends_no_budget_and_is_never_given_up)
{
    struct policy_history history = {0};

    for (int i = 0; i < 1000; i++)
        cr_expect_eq(
            recycle(&three_in_5s, &history, 1000 + i, 500).decision,
            POLICY_RESTART);
    for (int i = 0; i < 3; i++)
        expect_decision(&three_in_5s, &history, 2000 + i, POLICY_RESTART);
    cr_expect_eq(recycle(&three_in_5s, &history, 2100, 500).decision,
                 POLICY_RESTART);
    expect_decision(&three_in_5s, &history, 2200, POLICY_GIVE_UP);
}

Test(policy, recycling_again_and_again_in_no_time_is_slowed_down)
{
    struct policy_history history = {0};
    int64_t last = 0;

    cr_expect_eq(recycle(&three_in_5s, &history, 0, 0).delay_ms, 0);
    for (int i = 0; i < 200; i++) {
        last = recycle(&three_in_5s, &history, i, 0).delay_ms;
        cr_assert_geq(last, 50);
        cr_assert_leq(last, 30000);
    }
    cr_expect_geq(last, 15000);
    /* until one has lived for a while */
    cr_expect_eq(recycle(&three_in_5s, &history, 300, 100).delay_ms, 0);
    cr_expect_eq(recycle(&three_in_5s, &history, 300, 0).delay_ms, 0);
}
