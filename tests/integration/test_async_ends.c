/* SPDX-License-Identifier: MIT */
/* The asynchronous client and the real spd, by each loop: what is allowed
 * inside a callback, and how operations end that are not answered. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>

#include "async_scene.h"
#include "base/clock.h"
#include "support/harness.h"
#include "support/wait.h"

static struct harness *harness;
static struct sp_client *client;
static struct sp_async *async;

static const struct sp_spec probe = {.module = "probe"};

static void setup(const char *channel)
{
    async_open(channel, &harness, &client, &async);
}

static void teardown(void)
{
    async_close(harness, client, async);
}

TestSuite(async_ends, .fini = teardown, .timeout = 120);

#define ASYNC_TEST(name) LOOP_TEST(async_ends, name)

/* ---- inside a callback -------------------------------------------------- */

struct plot {
    struct answer answer; /* of the first */
    struct sp_ticket own, other;
    enum sp_error cancelled, dispatched, asked;
    struct answer next;
};

static void cancel_other(struct sp_async *self, struct sp_result *result,
                         void *context)
{
    struct plot *plot = context;

    answer_note(self, result, &plot->answer);
    cr_expect_eq(sp_async_cancel(self, plot->own, NULL), SP_ENOENT);
    plot->cancelled = sp_async_cancel(self, plot->other, NULL);
    plot->dispatched = sp_async_dispatch(self);
    plot->asked = sp_async_call(self, "p", NULL, "echo next", 9, LONG_MS,
                                answer_note, &plot->next, NULL);
}

ASYNC_TEST(a_callback_may_cancel_what_is_over_too_and_ask_for_more)
{
    struct plot plot = {0};
    struct answer other = {0};

    async_begin(async, "p");
    sp_async_call(async, "p", NULL, "echo first", 10, LONG_MS, cancel_other,
                  &plot, &plot.own);
    plot.other = async_ask(async, "p", "echo other", LONG_MS, &other);
    async_await_all(async);
    expect_data(&plot.answer, "first");
    cr_expect_eq(plot.cancelled, SP_OK);
    cr_expect_eq(plot.dispatched, SP_EINVAL);
    cr_expect_eq(plot.asked, SP_OK);
    cr_expect_eq(other.count, 0);
    expect_data(&plot.next, "next");
}

static void free_all(struct sp_async *self, struct sp_result *result,
                     void *context)
{
    struct answer *answer = context;

    async_detach();
    sp_async_free(self);
    cr_expect_eq(sp_async_call(self, "p", NULL, "pid", 3, LONG_MS, NULL, NULL,
                               NULL),
                 SP_EINVAL);
    answer_note(self, result, answer);
    async = NULL;
}

ASYNC_TEST(a_callback_may_free_everything)
{
    struct answer first = {0}, others[3] = {0};

    async_begin_many(async, 3);
    sp_async_call(async, "s0", NULL, "echo first", 10, LONG_MS, free_all,
                  &first, NULL);
    for (int i = 0; i < 3; i++)
        async_ask(async, i == 0 ? "s0" : i == 1 ? "s1" : "s2",
                  i == 0 ? "echo over" : "never", LONG_MS, &others[i]);
    while (async)
        async_turn(async);
    expect_data(&first, "first");
    for (int i = 0; i < 3; i++)
        cr_expect_eq(others[i].count, 0);
}

/* Of two that wait for the same answer of spd's, one ends the other. */
ASYNC_TEST(a_callback_may_free_everything_while_a_death_is_inquired_after)
{
    static const char *const requests[2] = {"never", "crash"};
    struct answer answers[2] = {0};

    async_begin(async, "p");
    for (int i = 0; i < 2; i++)
        sp_async_call(async, "p", NULL, requests[i], 5, LONG_MS, free_all,
                      &answers[i], NULL);
    while (async)
        async_turn(async);
    cr_expect_eq(answers[0].count + answers[1].count, 1u);
    for (int i = 0; i < 2; i++)
        if (answers[i].count > 0)
            expect_answer(&answers[i], SP_EDIED, SP_PROGRESS_SENT);
}

ASYNC_TEST(is_freed_with_all_kinds_outstanding)
{
    struct answer answers[5] = {0};

    async_begin(async, "p");
    async_ask(async, "p", "never", LONG_MS, &answers[0]);
    async_ask(async, "nobody", "pid", LONG_MS, &answers[1]);
    sp_async_call(async, "new", &probe, "pid", 3, LONG_MS, answer_note,
                  &answers[2], NULL);
    sp_async_list(async, LONG_MS, answer_note, &answers[3], NULL);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    sp_async_info(async, "p", LONG_MS, answer_note, &answers[4], NULL);
    async_detach();
    sp_async_free(async);
    async = NULL;
}

/* ---- cancelling --------------------------------------------------------- */

ASYNC_TEST(a_cancel_tells_how_far_it_got)
{
    struct answer answers[2] = {0};
    struct sp_ticket sent, unsent;
    enum sp_progress progress = SP_PROGRESS_ANSWERED;

    async_begin(async, "p");
    async_expect(async, "p", "echo there", "there");
    sent = async_ask(async, "p", "never", LONG_MS, &answers[0]);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    unsent = async_ask(async, "p", "never", LONG_MS, &answers[1]);
    cr_expect_eq(sp_async_cancel(async, unsent, &progress), SP_OK);
    cr_expect_eq(progress, SP_PROGRESS_NOT_SENT);
    cr_expect_eq(sp_async_cancel(async, sent, &progress), SP_OK);
    cr_expect_eq(progress, SP_PROGRESS_SENT);
    cr_expect_eq(sp_async_cancel(async, sent, &progress), SP_ENOENT);
    cr_expect_eq(sp_async_cancel(async, (struct sp_ticket){0}, NULL),
                 SP_ENOENT);
    cr_expect_eq(sp_async_outstanding(async), 0);
    async_expect(async, "p", "echo on", "on");
    cr_expect_eq(answers[0].count + answers[1].count, 0);
}

/* ---- time --------------------------------------------------------------- */

ASYNC_TEST(each_has_a_deadline_of_its_own)
{
    struct answer soon = {0}, late = {0}, next = {0};

    async_begin(async, "p");
    async_ask(async, "p", "never", 2 * SHORT_MS, &late);
    async_ask(async, "p", "never", SHORT_MS, &soon);
    async_await(async, &soon);
    cr_expect_eq(late.count, 0);
    async_await(async, &late);
    expect_answer(&soon, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    expect_answer(&late, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    async_ask(async, "p", "echo x", LONG_MS, &next);
    async_await(async, &next);
    expect_data(&next, "x");
}

/* ---- deaths ------------------------------------------------------------- */

#define DOOMED 2000
#define DOOMED_NNG 10 /* nng has no more under way at once */

ASYNC_TEST(a_killed_session_ends_its_callers_with_the_cause)
{
    static struct answer answers[DOOMED];
    struct answer other = {0};
    unsigned doomed = async_is_local() ? DOOMED : DOOMED_NNG, died = 0;
    int64_t killed;
    pid_t pid;

    memset(answers, 0, sizeof answers);
    async_begin(async, "q");
    pid = async_begin(async, "p");
    /* its connection is accepted */
    async_expect(async, "p", "echo there", "there");
    async_ask(async, "q", "never", LONG_MS, &other);
    for (unsigned i = 0; i < doomed; i++)
        async_ask(async, "p", "never", LONG_MS, &answers[i]);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    if (!async_is_local()) /* what was asked for before has been sent by then */
        async_expect(async, "p", "echo behind", "behind");
    killed = clock_now_ms();
    cr_assert_eq(kill(pid, SIGKILL), 0);
    /* one that has certainly not run is sent to the successor */
    while (died < doomed - 1) {
        async_turn(async);
        died = 0;
        for (unsigned i = 0; i < doomed; i++)
            died += answers[i].count;
    }
    for (unsigned i = 0; i < doomed; i++) {
        if (answers[i].count == 0)
            continue;
        expect_answer(&answers[i], SP_EDIED, SP_PROGRESS_SENT);
        expect_told(answers[i].cause, "SIGKILL", killed);
    }
    cr_expect_eq(other.count, 0);
}

ASYNC_TEST(the_call_after_a_crash_goes_to_the_successor)
{
    struct answer crash = {0}, next = {0};
    int64_t begun;

    async_begin(async, "p");
    begun = clock_now_ms();
    async_ask(async, "p", "crash", LONG_MS, &crash);
    async_await(async, &crash);
    expect_answer(&crash, SP_EDIED, SP_PROGRESS_SENT);
    expect_told(crash.cause, "SIGSEGV", begun);
    async_ask(async, "p", "echo back", LONG_MS, &next);
    async_await(async, &next);
    expect_data(&next, "back");
}

ASYNC_TEST(lives_on_when_the_supervisor_is_gone_and_back)
{
    struct answer called = {0}, started = {0}, listed = {0}, again = {0};

    async_begin(async, "p");
    async_ask(async, "p", "never", LONG_MS, &called);
    async_expect(async, "p", "echo read", "read"); /* and what was before it */
    harness_kill_spd(harness);
    async_await(async, &called);
    expect_answer(&called, SP_EDIED, SP_PROGRESS_SENT);
    sp_async_start(async, "p", &probe, LONG_MS, answer_note, &started, NULL);
    sp_async_list(async, LONG_MS, answer_note, &listed, NULL);
    async_await_all(async);
    expect_answer(&started, SP_ENOSUP, SP_PROGRESS_NOT_SENT);
    expect_answer(&listed, SP_ENOSUP, SP_PROGRESS_NOT_SENT);
    harness_start_spd(harness);
    sp_async_call(async, "p", &probe, "echo back", 9, LONG_MS, answer_note,
                  &again, NULL);
    async_await(async, &again);
    expect_data(&again, "back");
}
