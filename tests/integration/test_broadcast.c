/* SPDX-License-Identifier: MIT */
/* Broadcasts and the real spd, by each loop: who is chosen, what came of each,
 * bounds, and what is allowed inside. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "async_scene.h"
#include "support/harness.h"

static struct harness *harness;
static struct sp_client *client;
static struct sp_async *async;

static void setup(const char *channel)
{
    async_open(channel, &harness, &client, &async);
}

static void teardown(void)
{
    async_close(harness, client, async);
}

TestSuite(broadcast, .fini = teardown, .timeout = 120);

#define BROADCAST_TEST(name) LOOP_TEST(broadcast, name)

static const struct sp_choice everybody;

/* ---- sessions ----------------------------------------------------------- */

static void start(const char *module, const char *id)
{
    cr_assert_eq(sp_start(client, id, module, NULL, 0, NULL), SP_OK);
}

static void start_probes(int count)
{
    struct sp_spec probe = {.module = "probe"};
    char id[16];

    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof id, "p%03d", i);
        cr_assert_eq(
            sp_async_start(async, id, &probe, LONG_MS, NULL, NULL, NULL),
            SP_OK);
    }
    async_await_all(async);
}

/* ---- what came of it ---------------------------------------------------- */

struct outcome {
    unsigned count; /* of callbacks */
    enum sp_error error;
    struct sp_answers *answers;
};

static void note(struct sp_async *self, struct sp_result *result, void *context)
{
    struct outcome *outcome = context;

    (void)self;
    outcome->count++;
    outcome->error = sp_result_error(result);
    outcome->answers = sp_async_take_answers(result);
    cr_expect_null(sp_async_take_answers(result));
}

static struct sp_answers *call_all(const struct sp_choice *choice,
                                   const char *request, int timeout_ms)
{
    struct outcome outcome = {0};

    cr_assert_eq(sp_async_call_all(async, choice, request, strlen(request),
                                   timeout_ms, note, &outcome, NULL),
                 SP_OK);
    async_await_all(async);
    cr_expect_eq(outcome.count, 1);
    cr_assert_eq(outcome.error, SP_OK, "%s", sp_error_name(outcome.error));
    return outcome.answers;
}

/* As "ID=reply" or "ID:ERROR", with a space behind each.  Frees them. */
static void expect_answers(struct sp_answers *answers, const char *wanted)
{
    char text[1024] = "";

    for (size_t i = 0; i < sp_answers_count(answers); i++) {
        size_t have = strlen(text);
        enum sp_error error = sp_answers_error(answers, i);

        snprintf(text + have, sizeof text - have, "%s%s%.*s ",
                 sp_answers_id(answers, i), error == SP_OK ? "=" : ":",
                 error == SP_OK ? (int)sp_answers_size(answers, i) : 32,
                 error == SP_OK ? (const char *)sp_answers_data(answers, i)
                                : sp_error_name(error));
    }
    cr_expect_str_eq(text, wanted);
    sp_answers_free(answers);
}

/* ---- tests -------------------------------------------------------------- */

BROADCAST_TEST(a_call_to_all_collects_the_answers_by_id)
{
    start("probe", "b");
    start("probe", "c");
    start("probe", "a");
    expect_answers(call_all(&everybody, "echo x", LONG_MS), "a=x b=x c=x ");
}

BROADCAST_TEST(module_and_pattern_choose)
{
    struct sp_choice choices[] = {{"probe", NULL},    {NULL, "user-*"},
                                  {"probe", "user-?"}, {NULL, "[!u]*"},
                                  {"nothing", NULL},  {NULL, ""},
                                  {NULL, "*"}};
    static const char *const wanted[] = {
        "other:SP_EREQUEST user-1:SP_EREQUEST user-22:SP_EREQUEST ",
        "user-1:SP_EREQUEST user-2=0 user-22:SP_EREQUEST ",
        "user-1:SP_EREQUEST ",
        "counting=0 other:SP_EREQUEST ",
        "",
        "",
        ("counting=0 other:SP_EREQUEST user-1:SP_EREQUEST user-2=0 "
         "user-22:SP_EREQUEST ")};

    start("probe", "user-1");
    start("counter", "user-2");
    start("probe", "user-22");
    start("probe", "other");
    start("counter", "counting");
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        expect_answers(call_all(&choices[i], "get", LONG_MS), wanted[i]);
}

BROADCAST_TEST(a_failure_is_its_sessions_alone)
{
    /* nng gets no connection to one that is paused, so it sends nothing */
    bool local = async_is_local();
    struct sp_answers *answers;

    start("probe", "a");
    start("probe", "b");
    start("counter", "c");
    cr_assert_eq(sp_pause(client, "a", NULL), SP_OK);
    answers = call_all(&everybody, "error no such thing", SHORT_MS * 5);
    cr_assert_eq(sp_answers_count(answers), 3);
    cr_expect_eq(sp_answers_failed(answers), 3);
    cr_expect_eq(sp_answers_progress(answers, 0),
                 local ? SP_PROGRESS_SENT : SP_PROGRESS_NOT_SENT);
    cr_expect_eq(sp_answers_progress(answers, 1), SP_PROGRESS_ANSWERED);
    cr_expect_str_eq(sp_answers_text(answers, 1), "no such thing");
    cr_expect_eq(sp_answers_size(answers, 1), 0);
    expect_answers(answers,
                   local ? "a:SP_ETIMEDOUT b:SP_EREPLY c:SP_EREQUEST "
                         : "a:SP_EAGAIN b:SP_EREPLY c:SP_EREQUEST ");
    cr_assert_eq(sp_resume(client, "a", NULL), SP_OK);
    answers = call_all(&(struct sp_choice){NULL, "[ac]"}, "crash", LONG_MS);
    cr_assert_eq(sp_answers_count(answers), 2);
    cr_expect(strstr(sp_answers_text(answers, 0), "SIGSEGV"), "%s",
              sp_answers_text(answers, 0));
    expect_answers(answers, "a:SP_EDIED c:SP_EREQUEST ");
}

BROADCAST_TEST(a_cast_to_all_reaches_all_that_are_chosen)
{
    struct outcome outcome = {0};
    struct sp_choice some = {"probe", "p*"};

    start("probe", "other");
    start_probes(3);
    cr_assert_eq(sp_async_cast_all(async, &some, "hello", 5, LONG_MS, note,
                                   &outcome, NULL),
                 SP_OK);
    async_await_all(async);
    cr_assert_eq(outcome.error, SP_OK);
    cr_expect_eq(sp_answers_progress(outcome.answers, 0), SP_PROGRESS_SENT);
    expect_answers(outcome.answers, "p000= p001= p002= ");
    expect_answers(call_all(&everybody, "casts", LONG_MS),
                   "other= p000=hello p001=hello p002=hello ");
}

/* ---- bounds ------------------------------------------------------------- */

static void expect_all_good(struct sp_answers *answers, size_t count)
{
    cr_assert_eq(sp_answers_count(answers), count);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(sp_answers_error(answers, i), SP_OK, "%s: %s",
                     sp_answers_id(answers, i), sp_answers_text(answers, i));
    sp_answers_free(answers);
}

BROADCAST_TEST(many_share_few_connections_and_little_memory)
{
    static char request[40 * 1024] = "size ";

    memset(request + 5, 'x', sizeof request - 6);
    start_probes(150);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 10), SP_OK);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_BYTES, 256 * 1024), SP_OK);
    expect_all_good(call_all(&everybody, request, LONG_MS), 150);
}

BROADCAST_TEST(answers_over_the_memory_limit_are_dropped_and_told)
{
    struct sp_answers *answers;
    size_t good = 0;

    start_probes(40);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_BYTES, 256 * 1024), SP_OK);
    answers = call_all(&everybody, "zeros 12000", LONG_MS);
    cr_assert_eq(sp_answers_count(answers), 40);
    for (size_t i = 0; i < 40; i++) {
        enum sp_error error = sp_answers_error(answers, i);

        good += error == SP_OK;
        cr_expect(error == SP_OK || error == SP_ENOMEM);
        cr_expect_eq(sp_answers_progress(answers, i), SP_PROGRESS_ANSWERED);
        cr_expect_eq(sp_answers_size(answers, i), error == SP_OK ? 12000 : 0);
    }
    cr_expect(good >= 1 && good <= 21, "%zu", good);
    sp_answers_free(answers);
    expect_all_good(call_all(&everybody, "zeros 1000", LONG_MS), 40);
}

BROADCAST_TEST(waits_for_memory_that_others_hold)
{
    static char request[150 * 1024] = "never ";
    struct outcome outcome = {0};
    struct sp_choice one = {NULL, "p001"};
    struct sp_ticket ticket;

    start_probes(2);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_BYTES, 256 * 1024), SP_OK);
    cr_assert_eq(sp_async_call(async, "p000", NULL, request, sizeof request,
                               LONG_MS, NULL, NULL, &ticket),
                 SP_OK);
    cr_assert_eq(sp_async_cast_all(async, &one, request, sizeof request,
                                   LONG_MS, note, &outcome, NULL),
                 SP_EAGAIN);
    cr_assert_eq(sp_async_cast_all(async, &one, request, 80 * 1024, LONG_MS,
                                   note, &outcome, NULL),
                 SP_OK);
    for (int i = 0; i < 10; i++)
        async_turn(async);
    cr_expect_eq(outcome.count, 0);
    cr_expect_eq(sp_async_cancel(async, ticket, NULL), SP_OK);
    async_await_all(async);
    cr_assert_eq(outcome.count, 1);
    expect_all_good(outcome.answers, 1);
}

BROADCAST_TEST(who_gets_no_turn_in_time_is_told_so)
{
    struct sp_answers *answers;

    start_probes(3);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 1), SP_OK);
    answers = call_all(&everybody, "never", SHORT_MS);
    cr_assert_eq(sp_answers_count(answers), 3);
    cr_expect_eq(sp_answers_error(answers, 0), SP_ETIMEDOUT);
    cr_expect_eq(sp_answers_error(answers, 1), SP_EAGAIN);
    cr_expect_eq(sp_answers_progress(answers, 1), SP_PROGRESS_NOT_SENT);
    sp_answers_free(answers);
}

/* ---- what cannot be ----------------------------------------------------- */

BROADCAST_TEST(what_cannot_be_is_refused_at_once)
{
    char pattern[SP_PATTERN_MAX + 2];
    struct sp_choice large = {NULL, pattern};

    memset(pattern, '*', sizeof pattern - 1);
    pattern[sizeof pattern - 1] = '\0';
    cr_expect_eq(sp_async_call_all(async, NULL, "", 0, LONG_MS, NULL, NULL,
                                   NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_async_call_all(async, &large, "", 0, LONG_MS, NULL, NULL,
                                   NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_async_call_all(async, &everybody, NULL, 1, LONG_MS, NULL,
                                   NULL, NULL),
                 SP_EINVAL);
    cr_expect_eq(sp_async_cast_all(async, &everybody, "", 0, -2, NULL, NULL,
                                   NULL),
                 SP_EINVAL);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_SESSION_BYTES, 4096),
                 SP_OK);
    cr_expect_eq(sp_async_call_all(async, &everybody, pattern, 4097, LONG_MS,
                                   NULL, NULL, NULL),
                 SP_EMSGSIZE);
    cr_expect_eq(sp_async_outstanding(async), 0);
}

BROADCAST_TEST(without_a_supervisor_nothing_is_known)
{
    struct outcome outcome = {0};

    start("probe", "a");
    harness_kill_spd(harness);
    sp_async_call_all(async, &everybody, "echo x", 6, LONG_MS, note, &outcome,
                      NULL);
    async_await_all(async);
    cr_expect_eq(outcome.count, 1);
    cr_expect_eq(outcome.error, SP_ENOSUP);
    cr_expect_null(outcome.answers);
    harness_start_spd(harness);
}

/* ---- ends --------------------------------------------------------------- */

BROADCAST_TEST(a_cancel_ends_all_that_is_outstanding)
{
    struct outcome early = {0}, late = {0};
    struct sp_ticket ticket;
    enum sp_progress progress;

    start_probes(3);
    sp_async_call_all(async, &everybody, "never", 5, LONG_MS, note, &early,
                      &ticket);
    cr_expect_eq(sp_async_cancel(async, ticket, &progress), SP_OK);
    cr_expect_eq(progress, SP_PROGRESS_NOT_SENT);
    cr_expect_eq(sp_async_outstanding(async), 0);
    sp_async_call_all(async, &everybody, "never", 5, LONG_MS, note, &late,
                      &ticket);
    while (sp_async_outstanding(async) != 4)
        async_turn(async);
    cr_expect_eq(sp_async_cancel(async, ticket, &progress), SP_OK);
    cr_expect_eq(progress, SP_PROGRESS_SENT);
    cr_expect_eq(sp_async_outstanding(async), 0);
    cr_expect_eq(sp_async_cancel(async, ticket, NULL), SP_ENOENT);
    expect_answers(call_all(&everybody, "echo x", LONG_MS),
                   "p000=x p001=x p002=x ");
    cr_expect_eq(early.count + late.count, 0);
}

static void free_all(struct sp_async *self, struct sp_result *result,
                     void *context)
{
    note(self, result, context);
    async_detach();
    sp_async_free(self);
    async = NULL;
}

BROADCAST_TEST(a_callback_may_free_everything)
{
    struct outcome outcome = {0}, other = {0};

    start_probes(3);
    sp_async_call_all(async, &everybody, "echo x", 6, LONG_MS, free_all,
                      &outcome, NULL);
    sp_async_call_all(async, &everybody, "never", 5, LONG_MS, note, &other,
                      NULL);
    while (async)
        async_turn(async);
    expect_answers(outcome.answers, "p000=x p001=x p002=x ");
    cr_expect_eq(other.count, 0);
}

BROADCAST_TEST(answers_that_are_not_taken_are_freed)
{
    start_probes(2);
    sp_async_call_all(async, &everybody, "echo x", 6, LONG_MS, NULL, NULL,
                      NULL);
    async_await_all(async);
    cr_expect_eq(sp_async_outstanding(async), 0);
}

BROADCAST_TEST(is_freed_in_every_state)
{
    struct outcome outcomes[2] = {{0}};

    start_probes(2);
    sp_async_call_all(async, &everybody, "never", 5, LONG_MS, note,
                      &outcomes[0], NULL);
    while (sp_async_outstanding(async) != 3)
        async_turn(async);
    sp_async_cast_all(async, &everybody, "x", 1, LONG_MS, note, &outcomes[1],
                      NULL);
    async_detach();
    sp_async_free(async);
    async = NULL;
    cr_expect_eq(outcomes[0].count + outcomes[1].count, 0);
}

/* ---- who waits ---------------------------------------------------------- */

BROADCAST_TEST(who_waits_gets_the_same)
{
    struct sp_result *result = sp_result_new();
    struct sp_choice probes = {"probe", NULL};
    struct sp_answers *answers = NULL;

    start("probe", "a");
    start("counter", "c");
    cr_assert_eq(sp_cast_all(client, &everybody, "incr 2", 6, LONG_MS, &answers,
                             result),
                 SP_OK);
    expect_answers(answers, "a= c= ");
    cr_assert_eq(sp_call_all(client, &everybody, "get", 3, LONG_MS, &answers,
                             result),
                 SP_OK);
    expect_answers(answers, "a:SP_EREQUEST c=2 ");
    cr_assert_eq(sp_call_all(client, &probes, "casts", 5, LONG_MS, &answers,
                             NULL),
                 SP_OK);
    expect_answers(answers, "a=incr 2 ");
    cr_expect_eq(sp_call_all(client, NULL, "get", 3, 0, &answers, result),
                 SP_EINVAL);
    cr_expect_eq(sp_call_all(NULL, &everybody, "", 0, 0, &answers, result),
                 SP_EINVAL);
    cr_expect_eq(sp_call_all(client, &everybody, "", 0, 0, NULL, result),
                 SP_EINVAL);
    cr_expect_eq(sp_result_error(result), SP_EINVAL);
    sp_result_free(result);
}
