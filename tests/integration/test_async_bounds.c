/* SPDX-License-Identifier: MIT */
/* The asynchronous client and the real spd, by each loop: many at once, and
 * what is bounded. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "async_scene.h"
#include "base/clock.h"
#include "support/wait.h"

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

TestSuite(async_bounds, .fini = teardown, .timeout = 120);

#define ASYNC_TEST(name) LOOP_TEST(async_bounds, name)

/* ---- many --------------------------------------------------------------- */

#define SESSIONS 100
#define CALLS 40

static void call_sessions(int count)
{
    static struct answer answers[SESSIONS][CALLS];
    char id[8], request[32];

    memset(answers, 0, sizeof answers);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < CALLS; j++) {
            async_name(id, i);
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
    async_begin_many(async, SESSIONS);
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

    async_begin_many(async, 20);
    before = open_descriptors();
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 3), SP_OK);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 20; i++) {
            async_name(id, i);
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

    async_begin_many(async, 2);
    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 1), SP_OK);
    ticket = async_ask(async, "s0", "never", LONG_MS, &busy);
    async_ask(async, "s1", "pid", SHORT_MS, &starved);
    async_await(async, &starved);
    expect_answer(&starved, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cr_expect_str_eq(starved.text, "all connections are in use");
    cr_expect_eq(sp_async_cancel(async, ticket, NULL), SP_OK);
    async_expect(async, "s1", "echo x", "x");
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

    async_begin(async, "p");
    async_begin(async, "q");
    async_expect(async, "p", "echo there", "there");
    cr_assert_eq(sp_pause(client, "p", NULL), SP_OK);
    sent = cast_until_full("p", 0, &last);
    expect_answer(&last, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cast_until_full("p", SHORT_MS, &last);
    expect_answer(&last, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
    async_expect(async, "q", "echo fine", "fine");
    cr_assert_eq(sp_resume(client, "p", NULL), SP_OK);
    expect_count("p", sent);
}

ASYNC_TEST(memory_is_bounded_a_session_and_what_was_accepted_is_handled_once)
{
    enum sp_error error = SP_OK;
    unsigned accepted = 0;

    async_begin(async, "p");
    async_begin(async, "q");
    async_expect(async, "p", "echo there", "there");
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
    async_expect(async, "q", "echo fine", "fine");
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
        async_name(id, (int)accepted % SESSIONS);
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
