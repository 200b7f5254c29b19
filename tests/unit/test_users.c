/* SPDX-License-Identifier: MIT */
/* supervisor/users: what each user has and may. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/leaks.h"
#include "users.h"

TestSuite(users, .fini = leaks_check);

static void expect_may(const struct users *users, uid_t uid, int64_t now_ms,
                       enum users_verdict wanted)
{
    cr_expect_eq(users_may_start(users, uid, now_ms), wanted,
                 "user %u at %lld ms", uid, (long long)now_ms);
}

static void start(struct users *users, uid_t uid, int64_t now_ms)
{
    cr_assert_eq(users_start(users, uid, now_ms), SP_OK);
}

/* ---- sessions ---- */

Test(users, may_have_so_many_sessions_and_not_one_more)
{
    struct users users;

    users_init(&users, 3, 0);
    for (int i = 0; i < 3; i++) {
        expect_may(&users, 1000, 0, USERS_MAY);
        start(&users, 1000, 0);
    }
    expect_may(&users, 1000, 0, USERS_TOO_MANY);
    cr_expect_eq(users_sessions(&users, 1000), 3);
    users_end(&users, 1000, 0);
    expect_may(&users, 1000, 0, USERS_MAY);
    users_fini(&users);
}

Test(users, limits_hold_each_user_alone)
{
    struct users users;

    users_init(&users, 1, 1);
    start(&users, 1000, 0);
    expect_may(&users, 1000, 0, USERS_TOO_MANY);
    expect_may(&users, 1001, 0, USERS_MAY);
    expect_may(&users, 0, 0, USERS_MAY);
    expect_may(&users, (uid_t)-1, 0, USERS_MAY);
    users_fini(&users);
}

/* ---- starts a second ---- */

Test(users, may_start_a_second_s_worth_at_once_and_then_at_the_rate)
{
    struct users users;

    users_init(&users, 0, 4);
    for (int i = 0; i < 4; i++) {
        expect_may(&users, 1000, 1000, USERS_MAY);
        start(&users, 1000, 1000);
    }
    expect_may(&users, 1000, 1000, USERS_TOO_FAST);
    expect_may(&users, 1000, 1249, USERS_TOO_FAST);
    expect_may(&users, 1000, 1250, USERS_MAY);
    start(&users, 1000, 1250);
    expect_may(&users, 1000, 1250, USERS_TOO_FAST);
    users_fini(&users);
}

Test(users, asking_spends_nothing)
{
    struct users users;

    users_init(&users, 1, 1);
    for (int i = 0; i < 1000; i++)
        expect_may(&users, 1000, 0, USERS_MAY);
    cr_expect_eq(users.count, 0);
    users_fini(&users);
}

Test(users, ending_a_session_does_not_give_its_start_back)
{
    struct users users;

    users_init(&users, 0, 1);
    start(&users, 1000, 5000);
    users_end(&users, 1000, 5000);
    expect_may(&users, 1000, 5000, USERS_TOO_FAST);
    expect_may(&users, 1000, 5999, USERS_TOO_FAST);
    expect_may(&users, 1000, 6000, USERS_MAY);
    users_fini(&users);
}

Test(users, starts_count_for_their_second_whoever_comes_meanwhile)
{
    struct users users;

    users_init(&users, 0, 1);
    start(&users, 1000, 5000);
    users_end(&users, 1000, 5000);
    start(&users, 1001, 5999);
    expect_may(&users, 1000, 5999, USERS_TOO_FAST);
    cr_expect_eq(users.count, 2);
    users_fini(&users);
}

Test(users, one_whom_no_limit_holds_is_counted_all_the_same)
{
    struct users users;

    users_init(&users, 2, 2);
    for (int i = 0; i < 100; i++)
        start(&users, 0, 0);
    cr_expect_eq(users_sessions(&users, 0), 100);
    for (int i = 0; i < 100; i++)
        users_end(&users, 0, 0);
    cr_expect_eq(users_sessions(&users, 0), 0);
    users_fini(&users);
}

Test(users, limits_that_are_off_refuse_nobody)
{
    struct users users;

    users_init(&users, 0, 0);
    for (int i = 0; i < 10000; i++) {
        expect_may(&users, 1000, 0, USERS_MAY);
        start(&users, 1000, 0);
    }
    users_fini(&users);
}

Test(users, clock_that_jumps_or_stands_still_does_no_harm)
{
    struct users users;

    users_init(&users, 0, 1);
    start(&users, 1000, 5000);
    expect_may(&users, 1000, 5000, USERS_TOO_FAST);
    expect_may(&users, 1000, 4000, USERS_TOO_FAST);
    expect_may(&users, 1000, INT64_MAX, USERS_MAY);
    start(&users, 1000, INT64_MAX);
    expect_may(&users, 1000, INT64_MAX, USERS_TOO_FAST);
    users_fini(&users);
}

/* ---- other limits ---- */

Test(users, lower_limit_ends_nobody_and_refuses_the_next)
{
    struct users users;

    users_init(&users, 0, 0);
    for (int i = 0; i < 5; i++)
        start(&users, 1000, 0);
    users_limits(&users, 3, 0);
    cr_expect_eq(users_sessions(&users, 1000), 5);
    for (int i = 0; i < 3; i++) {
        expect_may(&users, 1000, 0, USERS_TOO_MANY);
        users_end(&users, 1000, 0);
    }
    expect_may(&users, 1000, 0, USERS_MAY);
    users_limits(&users, 0, 0);
    expect_may(&users, 1000, 0, USERS_MAY);
    users_fini(&users);
}

/* ---- memory ---- */

Test(users, are_forgotten_when_they_hold_nothing)
{
    struct users users;

    users_init(&users, 5, 10);
    start(&users, 1, 1000);
    cr_expect_eq(users.count, 1);
    users_end(&users, 1, 9000); /* its start no longer counts */
    cr_expect_eq(users.count, 0);
    users_limits(&users, 5, 0);
    start(&users, 1, 9000);
    users_end(&users, 1, 9000); /* nobody counts starts */
    cr_expect_eq(users.count, 0);
    users_fini(&users);
}

Test(users, a_million_that_come_and_go_are_not_all_remembered)
{
    struct users users;

    users_init(&users, 5, 10);
    for (uid_t uid = 0; uid < 1000000; uid++) {
        int64_t now_ms = uid / 4;

        start(&users, uid, now_ms);
        users_end(&users, uid, now_ms);
        cr_assert_leq(users.count, 4 * 1000 + 4);
    }
    start(&users, 1, 10000000);
    cr_expect_eq(users.count, 1);
    users_fini(&users);
    cr_expect_eq(users.count, 0);
}

Test(users, an_end_without_a_start_is_a_mistake_of_ours, .signal = SIGABRT,
     .fini = NULL)
{
    struct users users;

    users_init(&users, 0, 0);
    users_end(&users, 1000, 0);
}

/* ---- words ---- */

Test(users, tell_what_stands_against_a_start)
{
    struct users users;
    char text[USERS_TEXT_SIZE];

    users_init(&users, 5, 10);
    for (int i = 0; i < 10; i++)
        start(&users, 1000, 0);
    users_explain(&users, 1000, USERS_TOO_MANY, 20, text);
    cr_expect_str_eq(text,
                     "max_sessions_uid = 5 sessions of user 1000 are running");
    users_explain(&users, 1000, USERS_TOO_FAST, 20, text);
    cr_expect_str_eq(text, "start_rate = 10: user 1000 asks for too many "
                           "starts; next in 80 ms");
    users_explain(&users, 1000, USERS_MAY, 20, text);
    cr_expect_str_eq(text, "");
    users_fini(&users);
}

Test(users, longest_words_fit)
{
    struct users users;
    char text[USERS_TEXT_SIZE];
    uid_t uid = (uid_t)-1;

    users_init(&users, UINT64_MAX, 1);
    start(&users, uid, INT64_MAX);
    users_explain(&users, uid, USERS_TOO_MANY, 0, text);
    cr_expect_not_null(strstr(text, "18446744073709551615"));
    cr_expect_not_null(strstr(text, "4294967295 are running"));
    users_explain(&users, uid, USERS_TOO_FAST, INT64_MAX, text);
    cr_expect_not_null(strstr(text, "next in 1000 ms"));
    users_fini(&users);
}

/* ---- against a plain model ---- */

enum { UIDS = 5, STEPS = 50000, MAX_SESSIONS = 4, RATE = 3 };

/* All that a user has ever started, and nothing forgotten.  Tokens are in
 * thousandths, and come back each millisecond. */
struct model {
    uint64_t sessions;
    uint64_t tokens;
};

static void pass(struct model models[UIDS], int64_t ms)
{
    while (ms-- > 0)
        for (int uid = 0; uid < UIDS; uid++)
            if (models[uid].tokens < RATE * 1000)
                models[uid].tokens += RATE;
}

static enum users_verdict model_may(const struct model *model)
{
    if (model->sessions >= MAX_SESSIONS)
        return USERS_TOO_MANY;
    return model->tokens < 1000 ? USERS_TOO_FAST : USERS_MAY;
}

Test(users, agree_with_a_plain_model_in_a_long_random_run)
{
    struct model models[UIDS];
    size_t verdicts[3] = {0};
    struct users users;
    int64_t now = 0;

    users_init(&users, MAX_SESSIONS, RATE);
    for (int uid = 0; uid < UIDS; uid++)
        models[uid] = (struct model){.tokens = RATE * 1000};
    srand(5);
    for (int i = 0; i < STEPS; i++) {
        int64_t ms = rand() % 4 ? rand() % 20 : rand() % 1500;
        uid_t uid = (uid_t)rand() % UIDS;
        struct model *model = &models[uid];
        enum users_verdict verdict;

        now += ms;
        pass(models, ms);
        if (model->sessions > 0 && rand() % 2) {
            users_end(&users, uid, now);
            model->sessions--;
        }
        verdict = users_may_start(&users, uid, now);
        cr_assert_eq(verdict, model_may(model), "step %d", i);
        verdicts[verdict]++;
        if (verdict == USERS_MAY) {
            start(&users, uid, now);
            model->sessions++;
            model->tokens -= 1000;
        }
        cr_assert_eq(users_sessions(&users, uid), model->sessions);
    }
    for (int i = 0; i < 3; i++)
        cr_expect_gt(verdicts[i], 500, "%d: %zu", i, verdicts[i]);
    users_fini(&users);
}
