/* SPDX-License-Identifier: MIT */
/* The asynchronous client and the real spd, by each loop: the operations, many
 * at once, what is allowed inside a callback, deaths, back-pressure, bounds. */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async_scene.h"
#include "base/clock.h"
#include "support/harness.h"
#include "support/wait.h"

static struct harness *harness;
static struct sp_client *client;
static struct sp_async *async;

static const struct sp_spec probe = {.module = "probe"};
static const struct sp_spec forty = {"counter", "40", 2};

static void setup(const char *channel)
{
    async_open(channel, &harness, &client, &async);
}

static void teardown(void)
{
    async_close(harness, client, async);
}

TestSuite(async, .fini = teardown, .timeout = 120);

#define ASYNC_TEST(name) LOOP_TEST(async, name)

static pid_t start(const char *id)
{
    struct answer answer = {0};

    cr_assert_eq(sp_async_start(async, id, &probe, LONG_MS, answer_note,
                                &answer, NULL),
                 SP_OK);
    async_await(async, &answer);
    expect_answer(&answer, SP_OK, SP_PROGRESS_ANSWERED);
    return answer.pid;
}

static void expect_reply(const char *id, const char *request,
                         const char *reply)
{
    struct answer answer = {0};

    async_ask(async, id, request, LONG_MS, &answer);
    async_await(async, &answer);
    expect_data(&answer, reply);
}

/* ---- operations --------------------------------------------------------- */

ASYNC_TEST(a_session_is_started_called_and_ended)
{
    struct answer ended = {0}, called = {0};
    int64_t begun;

    cr_expect_gt(start("p"), 1);
    expect_reply("p", "echo hello", "hello");
    sp_async_terminate(async, "p", LONG_MS, answer_note, &ended, NULL);
    async_await(async, &ended);
    expect_answer(&ended, SP_OK, SP_PROGRESS_ANSWERED);
    begun = clock_now_ms();
    async_ask(async, "p", "echo hello", LONG_MS, &called);
    async_await(async, &called);
    expect_answer(&called, SP_ENOENT, SP_PROGRESS_NOT_SENT);
    expect_told(called.text, "stopped on request", begun);
}

/* A session that ends takes its name along, which tells so before nng does. */
CHANNEL_TEST(async, a_session_that_has_lost_its_name_is_not_asked_over_nng)
{
    struct answer called = {0}, cast = {0};
    char path[256];

    setup(channel);
    async_attach(async, "poll");
    if (async_is_local())
        return; /* where the connection tells it */
    start("p");
    expect_reply("p", "echo hello", "hello");
    snprintf(path, sizeof path, "%s/sessions/p", harness_runtime_dir(harness));
    cr_assert_eq(unlink(path), 0);
    async_ask(async, "p", "echo hello", LONG_MS, &called);
    sp_async_cast(async, "p", NULL, "x", 1, LONG_MS, answer_note, &cast, NULL);
    async_await_all(async);
    expect_answer(&called, SP_ENOENT, SP_PROGRESS_NOT_SENT);
    expect_answer(&cast, SP_ENOENT, SP_PROGRESS_NOT_SENT);
}

ASYNC_TEST(what_cannot_be_is_refused_at_once)
{
    struct sp_spec lost = {.arg_size = 1};
    struct answer answer = {0};

    cr_expect_eq(sp_async_call(async, "", NULL, "", 0, 0, answer_note, &answer,
                               NULL),
                 SP_EBADID);
    cr_expect_eq(sp_async_call(async, "a\n", NULL, "", 0, 0, answer_note,
                               &answer, NULL),
                 SP_EBADID);
    cr_expect_eq(sp_async_call(async, NULL, NULL, "", 0, 0, answer_note,
                               &answer, NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_async_cast(async, "a", NULL, NULL, 1, 0, answer_note,
                               &answer, NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_async_cast(async, "a", NULL, "", 0, -2, answer_note,
                               &answer, NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_async_cast(async, "a", &lost, "", 0, 0, answer_note,
                               &answer, NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_async_start(async, "", NULL, 0, answer_note, &answer, NULL),
                 SP_EBADID);
    cr_expect_eq(sp_async_info(async, "/", 0, answer_note, &answer, NULL),
                 SP_EBADID);
    cr_expect_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 0), SP_EINVAL);
    cr_expect_eq(sp_async_set_limit(async, SP_ASYNC_BYTES, 4095), SP_EINVAL);
    cr_expect_eq(sp_async_outstanding(async), 0);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    cr_expect_eq(answer.count, 0);
}

ASYNC_TEST(a_start_says_what_is_there_already)
{
    struct answer again = {0}, failed = {0};
    struct sp_spec rainy = {"probe", "fail because it rains", 21};
    pid_t pid = start("p");

    sp_async_start(async, "p", NULL, LONG_MS, answer_note, &again, NULL);
    sp_async_start(async, "q", &rainy, LONG_MS, answer_note, &failed, NULL);
    async_await_all(async);
    expect_answer(&again, SP_EALREADY, SP_PROGRESS_ANSWERED);
    cr_expect_eq(again.pid, pid);
    expect_answer(&failed, SP_EINIT, SP_PROGRESS_ANSWERED);
    cr_expect_str_eq(failed.text, "because it rains");
}

static void take_info(struct sp_async *self, struct sp_result *result,
                      void *context)
{
    (void)self;
    *(struct sp_session_info **)context = sp_async_take_info(result);
    cr_expect_null(sp_async_take_info(result));
    cr_expect_null(sp_async_take_list(result));
}

static void take_list(struct sp_async *self, struct sp_result *result,
                      void *context)
{
    (void)self;
    *(struct sp_session_list **)context = sp_async_take_list(result);
}

ASYNC_TEST(info_and_list_tell_what_there_is)
{
    struct sp_session_info *info = NULL;
    struct sp_session_list *list = NULL;
    struct answer none = {0}, untaken = {0};
    pid_t pid = start("p");

    sp_async_info(async, "p", LONG_MS, take_info, &info, NULL);
    sp_async_list(async, LONG_MS, take_list, &list, NULL);
    sp_async_list(async, LONG_MS, answer_note, &untaken, NULL);
    sp_async_info(async, "nobody", LONG_MS, answer_note, &none, NULL);
    async_await_all(async);
    cr_assert(info && list);
    cr_expect_eq(sp_info_pid(info), pid);
    cr_expect_eq(sp_list_count(list), 1);
    expect_answer(&untaken, SP_OK, SP_PROGRESS_ANSWERED);
    expect_answer(&none, SP_ENOENT, SP_PROGRESS_ANSWERED);
    sp_info_free(info);
    sp_list_free(list);
}

ASYNC_TEST(an_error_of_the_module_comes_with_its_text)
{
    struct answer answer = {0};

    start("p");
    async_ask(async, "p", "error no such thing", LONG_MS, &answer);
    async_await(async, &answer);
    expect_answer(&answer, SP_EREPLY, SP_PROGRESS_ANSWERED);
    cr_expect_str_eq(answer.text, "no such thing");
}

ASYNC_TEST(a_large_request_gets_a_large_reply)
{
    static char request[5 * 1024 * 1024] = "size ";
    struct answer size = {0}, zeros = {0};

    start("p");
    memset(request + 5, 'x', sizeof request - 5);
    sp_async_call(async, "p", NULL, request, sizeof request, LONG_MS,
                  answer_note, &size, NULL);
    async_ask(async, "p", "zeros 7000000", LONG_MS, &zeros);
    async_await_all(async);
    expect_data(&size, "5242875");
    expect_answer(&zeros, SP_OK, SP_PROGRESS_ANSWERED);
    cr_expect_eq(zeros.size, 7000000);
}

/* ---- get or start ------------------------------------------------------- */

/* Over nng, one order of calls and casts has to be asked for. */
static void put_in_order(void)
{
    if (async_is_local())
        return;
    async_detach();
    sp_async_free(async);
    cr_assert_eq(sp_client_set_flags(client, SP_ORDERED), SP_OK);
    cr_assert_eq(sp_async_new(client, &async), SP_OK);
}

ASYNC_TEST(what_was_asked_for_first_comes_first_also_to_a_new_session)
{
    struct answer casts[3] = {0}, call = {0}, found = {0};
    char text[] = "0";

    put_in_order();
    for (int i = 0; i < 3; i++) {
        text[0] = (char)('0' + i);
        sp_async_cast(async, "p", i == 0 ? &probe : NULL, text, 1, LONG_MS,
                      answer_note, &casts[i], NULL);
        /* the first time, spd is asked, and has not answered yet */
        cr_assert_eq(sp_async_dispatch(async), SP_OK);
    }
    sp_async_call(async, "p", &probe, "casts", 5, LONG_MS, answer_note, &call,
                  NULL);
    async_await_all(async);
    for (int i = 0; i < 3; i++)
        expect_answer(&casts[i], SP_OK, async_is_local()
                                            ? SP_PROGRESS_SENT
                                            : SP_PROGRESS_ANSWERED);
    expect_data(&call, "0,1,2");
    sp_async_ensure(async, "p", &forty, LONG_MS, answer_note, &found, NULL);
    async_await_all(async);
    expect_answer(&found, SP_OK, SP_PROGRESS_ANSWERED);
    cr_expect_gt(found.pid, 1);
}

ASYNC_TEST(one_order_holds_for_casts_and_calls)
{
    static struct answer answers[300];
    char wanted[8];

    put_in_order();
    memset(answers, 0, sizeof answers);
    sp_async_ensure(async, "c", &(struct sp_spec){"counter", "0", 1}, LONG_MS,
                    NULL, NULL, NULL);
    async_await_all(async);
    for (int i = 0; i < 300; i++) {
        cr_assert_eq(sp_async_cast(async, "c", NULL, "incr", 4, LONG_MS, NULL,
                                   NULL, NULL),
                     SP_OK);
        async_ask(async, "c", "get", LONG_MS, &answers[i]);
    }
    async_await_all(async);
    for (int i = 0; i < 300; i++) {
        snprintf(wanted, sizeof wanted, "%d", i + 1);
        expect_data(&answers[i], wanted);
    }
}

ASYNC_TEST(who_has_no_spec_is_told_that_there_is_no_session)
{
    struct answer without = {0}, with = {0}, behind = {0};

    async_ask(async, "c", "incr 1", LONG_MS, &without);
    sp_async_call(async, "c", &forty, "incr 1", 6, LONG_MS, answer_note, &with,
                  NULL);
    async_ask(async, "c", "incr 1", LONG_MS, &behind);
    async_await_all(async);
    expect_answer(&without, SP_ENOENT, SP_PROGRESS_NOT_SENT);
    expect_data(&with, "41");
    expect_data(&behind, "42");
}

ASYNC_TEST(a_start_that_fails_is_its_callers_alone)
{
    struct sp_spec rainy = {"probe", "fail because it rains", 21};
    struct answer wet = {0}, dry = {0};

    sp_async_call(async, "p", &rainy, "echo a", 6, LONG_MS, answer_note, &wet,
                  NULL);
    sp_async_call(async, "p", &probe, "echo b", 6, LONG_MS, answer_note, &dry,
                  NULL);
    async_await_all(async);
    expect_answer(&wet, SP_EINIT, SP_PROGRESS_NOT_SENT);
    cr_expect_str_eq(wet.text, "because it rains");
    expect_data(&dry, "b");
}

/* ---- many --------------------------------------------------------------- */

#define SESSIONS 100
#define CALLS 40

static void name_session(char out[8], int number)
{
    snprintf(out, 8, "s%d", number);
}

static void start_sessions(int count)
{
    static struct answer answers[SESSIONS];
    char id[8];

    memset(answers, 0, sizeof answers);
    for (int i = 0; i < count; i++) {
        name_session(id, i);
        cr_assert_eq(sp_async_ensure(async, id, &probe, LONG_MS, answer_note,
                                     &answers[i], NULL),
                     SP_OK);
    }
    async_await_all(async);
    for (int i = 0; i < count; i++)
        expect_answer(&answers[i], SP_OK, SP_PROGRESS_ANSWERED);
}

static void call_sessions(int count)
{
    static struct answer answers[SESSIONS][CALLS];
    char id[8], request[32];

    memset(answers, 0, sizeof answers);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < CALLS; j++) {
            name_session(id, i);
            snprintf(request, sizeof request, "echo %d.%d", i, j);
            async_ask(async, id, request, LONG_MS, &answers[i][j]);
        }
    cr_expect_eq(sp_async_outstanding(async), (size_t)count * CALLS);
    async_await_all(async);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < CALLS; j++) {
            snprintf(request, sizeof request, "%d.%d", i, j);
            expect_data(&answers[i][j], request);
        }
}

ASYNC_TEST(thousands_are_outstanding_on_many_sessions)
{
    start_sessions(SESSIONS);
    call_sessions(SESSIONS);
}

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    cr_assert(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* The bound also holds while connections make room for each other. */
static void note_descriptors(struct sp_async *self, struct sp_result *result,
                             void *context)
{
    int *most = context;
    int now = open_descriptors();

    (void)self;
    cr_expect_eq(sp_result_error(result), SP_OK, "%s", sp_result_text(result));
    *most = now > *most ? now : *most;
}

ASYNC_TEST(connections_are_bounded_and_make_room_for_each_other)
{
    int before, most = 0;
    char id[8];

    start_sessions(20);
    before = open_descriptors();
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 3), SP_OK);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 20; i++) {
            name_session(id, i);
            sp_async_call(async, id, NULL, "pid", 3, LONG_MS, note_descriptors,
                          &most, NULL);
        }
    async_await_all(async);
    cr_expect_gt(most, before);
    /* nng closes a socket some time after it has said that it is closed */
    cr_expect_leq(most, before + (async_is_local() ? 3 : 10), "%d over",
                  most - before);
}

ASYNC_TEST(who_gets_no_connection_in_time_is_told_so)
{
    struct answer busy = {0}, starved = {0};
    struct sp_ticket ticket;

    start_sessions(2);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 1), SP_OK);
    ticket = async_ask(async, "s0", "never", LONG_MS, &busy);
    async_ask(async, "s1", "pid", SHORT_MS, &starved);
    async_await(async, &starved);
    expect_answer(&starved, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cr_expect_str_eq(starved.text, "all connections are in use");
    cr_expect_eq(sp_async_cancel(async, ticket, NULL), SP_OK);
    expect_reply("s1", "echo x", "x");
}

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

    start("p");
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

    start_sessions(3);
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

    start("p");
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

    start("p");
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

    start("p");
    expect_reply("p", "echo there", "there");
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
    expect_reply("p", "echo on", "on");
    cr_expect_eq(answers[0].count + answers[1].count, 0);
}

/* ---- time --------------------------------------------------------------- */

ASYNC_TEST(each_has_a_deadline_of_its_own)
{
    struct answer soon = {0}, late = {0}, next = {0};

    start("p");
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
    start("q");
    pid = start("p");
    expect_reply("p", "echo there", "there"); /* its connection is accepted */
    async_ask(async, "q", "never", LONG_MS, &other);
    for (unsigned i = 0; i < doomed; i++)
        async_ask(async, "p", "never", LONG_MS, &answers[i]);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    if (!async_is_local()) /* what was asked for before has been sent by then */
        expect_reply("p", "echo behind", "behind");
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

    start("p");
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

    start("p");
    async_ask(async, "p", "never", LONG_MS, &called);
    expect_reply("p", "echo read", "read"); /* and what was before it */
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

/* ---- back-pressure ------------------------------------------------------ */

static char piece[16 * 1024];

/* Casts until an answer is no SP_OK; returns how many were sent. */
static unsigned cast_until_full(const char *id, int timeout_ms,
                                struct answer *out_last)
{
    unsigned sent = 0;

    for (;;) {
        struct answer answer = {0};

        cr_assert_eq(sp_async_cast(async, id, NULL, piece, sizeof piece,
                                   timeout_ms, answer_note, &answer, NULL),
                     SP_OK);
        async_await(async, &answer);
        *out_last = answer;
        if (answer.error != SP_OK)
            return sent;
        sent++;
        cr_assert_lt(sent, 1000u);
    }
}

static unsigned count_of(const char *id)
{
    struct answer answer = {0};

    async_ask(async, id, "count", LONG_MS, &answer);
    async_await(async, &answer);
    expect_answer(&answer, SP_OK, SP_PROGRESS_ANSWERED);
    return (unsigned)strtoul(answer.data, NULL, 10);
}

/* Over nng a call may be handled before a cast that was sent before it. */
static void expect_count(const char *id, unsigned count)
{
    int64_t deadline = clock_now_ms() + WAIT_MS;
    unsigned now = count_of(id);

    while (now < count && !async_is_local() && clock_now_ms() < deadline)
        now = count_of(id);
    cr_expect_eq(now, count, "%u, not %u", now, count);
}

ASYNC_TEST(a_session_that_does_not_read_is_felt)
{
    struct answer last;
    unsigned sent;

    start("p");
    start("q");
    expect_reply("p", "echo there", "there");
    cr_assert_eq(sp_pause(client, "p", NULL), SP_OK);
    sent = cast_until_full("p", 0, &last);
    expect_answer(&last, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cast_until_full("p", SHORT_MS, &last);
    expect_answer(&last, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
    expect_reply("q", "echo fine", "fine");
    cr_assert_eq(sp_resume(client, "p", NULL), SP_OK);
    expect_count("p", sent);
}

ASYNC_TEST(memory_is_bounded_a_session_and_what_was_accepted_is_handled_once)
{
    enum sp_error error = SP_OK;
    unsigned accepted = 0;

    start("p");
    start("q");
    expect_reply("p", "echo there", "there");
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_SESSION_BYTES, 1 << 20),
                 SP_OK);
    cr_assert_eq(sp_pause(client, "p", NULL), SP_OK);
    while (error == SP_OK) {
        error = sp_async_cast(async, "p", NULL, piece, sizeof piece, LONG_MS,
                              NULL, NULL, NULL);
        accepted += error == SP_OK;
        cr_assert_eq(sp_async_dispatch(async), SP_OK);
        cr_assert_lt(accepted, 1000u);
    }
    cr_expect_eq(error, SP_EAGAIN, "%s", sp_error_name(error));
    cr_expect_gt(accepted, (1 << 20) / sizeof piece - 4);
    expect_reply("q", "echo fine", "fine");
    cr_assert_eq(sp_resume(client, "p", NULL), SP_OK);
    async_await_all(async);
    expect_count("p", accepted);
    cr_expect_eq(sp_async_cast(async, "p", NULL, piece, 2 << 20, LONG_MS, NULL,
                               NULL, NULL),
                 SP_EMSGSIZE);
}

ASYNC_TEST(memory_is_bounded_in_all)
{
    enum sp_error error = SP_OK;
    unsigned accepted = 0;
    char id[8];

    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_BYTES, 1 << 20), SP_OK);
    while (error == SP_OK) {
        name_session(id, (int)accepted % SESSIONS);
        error = sp_async_cast(async, id, NULL, piece, sizeof piece, LONG_MS,
                              NULL, NULL, NULL);
        accepted += error == SP_OK;
        cr_assert_lt(accepted, 1000u);
    }
    cr_expect_eq(error, SP_EAGAIN);
    async_await_all(async);
    cr_expect_eq(sp_async_cast(async, "p", NULL, piece, sizeof piece, LONG_MS,
                               NULL, NULL, NULL),
                 SP_OK);
    async_await_all(async);
}

/* ---- fork --------------------------------------------------------------- */

static int misuse(struct sp_ticket ticket)
{
    if (sp_async_call(async, "p", NULL, "pid", 3, LONG_MS, NULL, NULL, NULL) !=
        SP_EFORKED)
        return 1;
    if (sp_async_dispatch(async) != SP_EFORKED)
        return 2;
    if (sp_async_cancel(async, ticket, NULL) != SP_EFORKED)
        return 3;
    if (sp_async_list(async, LONG_MS, NULL, NULL, NULL) != SP_EFORKED)
        return 4;
    sp_async_free(async);
    return 0;
}

ASYNC_TEST(a_forked_child_is_told_that_it_is_not_its_client)
{
    struct answer answer = {0}, next = {0};
    struct sp_ticket ticket;
    int status;
    pid_t pid;

    start("p");
    ticket = async_ask(async, "p", "later 100 x", LONG_MS, &answer);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(misuse(ticket));
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x",
              (unsigned)status);
    async_await(async, &answer);
    expect_data(&answer, "x");
    async_ask(async, "p", "echo on", LONG_MS, &next);
    async_await(async, &next);
    expect_data(&next, "on");
}
