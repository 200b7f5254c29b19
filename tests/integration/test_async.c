/* SPDX-License-Identifier: MIT */
/* The asynchronous client and the real spd, by each loop: the operations, get
 * or start, and a fork. */
#define _GNU_SOURCE
#include <stdio.h>
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

/* ---- operations --------------------------------------------------------- */

ASYNC_TEST(a_session_is_started_called_and_ended)
{
    struct answer ended = {0}, called = {0};
    int64_t begun;

    cr_expect_gt(async_begin(async, "p"), 1);
    async_expect(async, "p", "echo hello", "hello");
    sp_async_terminate(async, "p", LONG_MS, answer_note, &ended, NULL);
    async_await(async, &ended);
    expect_answer(&ended, SP_OK, SP_PROGRESS_ANSWERED);
    begun = clock_now_ms();
    async_ask(async, "p", "echo hello", LONG_MS, &called);
    async_await(async, &called);
    expect_answer(&called, SP_ENOENT, SP_PROGRESS_NOT_SENT);
    expect_told(called.text, "stopped on request", begun);
}

/* A session that ends takes its name along, which tells so before nng does.
 * On the local channel the connection tells it, so the name is not looked at. */
CHANNEL_TEST(async, a_session_that_has_lost_its_name_is_not_asked_over_nng)
{
    struct answer called = {0}, cast = {0};
    enum sp_error error;
    enum sp_progress progress;
    char path[256];

    setup(channel);
    async_attach(async, "poll");
    error = async_is_local() ? SP_OK : SP_ENOENT;
    cr_expect_gt(async_begin(async, "p"), 1);
    async_expect(async, "p", "echo hello", "hello");
    snprintf(path, sizeof path, "%s/sessions/p", harness_runtime_dir(harness));
    cr_assert_eq(unlink(path), 0);
    async_ask(async, "p", "echo hello", LONG_MS, &called);
    sp_async_cast(async, "p", NULL, "x", 1, LONG_MS, answer_note, &cast, NULL);
    async_await_all(async);
    progress = error ? SP_PROGRESS_NOT_SENT : SP_PROGRESS_ANSWERED;
    expect_answer(&called, error, progress);
    progress = error ? SP_PROGRESS_NOT_SENT : SP_PROGRESS_SENT;
    expect_answer(&cast, error, progress);
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
    pid_t pid = async_begin(async, "p");

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
    pid_t pid = async_begin(async, "p");

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

    async_begin(async, "p");
    async_ask(async, "p", "error no such thing", LONG_MS, &answer);
    async_await(async, &answer);
    expect_answer(&answer, SP_EREPLY, SP_PROGRESS_ANSWERED);
    cr_expect_str_eq(answer.text, "no such thing");
}

ASYNC_TEST(a_large_request_gets_a_large_reply)
{
    static char request[5 * 1024 * 1024] = "size ";
    struct answer size = {0}, zeros = {0};

    async_begin(async, "p");
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

    async_begin(async, "p");
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
