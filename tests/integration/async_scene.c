/* SPDX-License-Identifier: MIT */
/* Turns an asynchronous client by poll() or by libevent.  Used by test_async
 * and test_async_peers. */
#define _GNU_SOURCE
#include "async_scene.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/event.h>

#include "base/clock.h"
#include "nng_once.h"
#include "support/harness.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

static struct event_base *base; /* NULL: it is poll() */
static struct sp_attachment *attachment;
static bool turning; /* the base is, and cannot be freed */

static const char *channel_now = "local";

struct criterion_test_params way_parameters(void)
{
    static struct way ways[] = {{"local", "poll"},
                                {"local", "libevent"},
                                {"nng", "poll"},
                                {"nng", "libevent"}};

    return cr_make_param_array(struct way, ways, 4);
}

struct criterion_test_params way_parameters_local(void)
{
    static struct way ways[] = {{"local", "poll"}, {"local", "libevent"}};

    return cr_make_param_array(struct way, ways, 2);
}

/* Under valgrind, which runs one thread at a time, nng's are too slow. */
struct criterion_test_params way_channels(void)
{
    static struct way ways[] = {{"local", "poll"}, {"nng", "poll"}};
    bool local = getenv("SP_TEST_LOCAL") != NULL;

    return cr_make_param_array(struct way, ways, local ? 1 : 2);
}

struct criterion_test_params way_local(void)
{
    static struct way way = {"local", "poll"};

    return cr_make_param_array(struct way, &way, 1);
}

bool async_is_local(void)
{
    return strcmp(channel_now, "local") == 0;
}

void async_attach(struct sp_async *async, const char *loop)
{
    if (strcmp(loop, "libevent") != 0)
        return;
    base = event_base_new();
    cr_assert(base);
    cr_assert_eq(sp_attach(base, async, &attachment), SP_OK);
}

static void end_base(void)
{
    if (!base || attachment || turning)
        return;
    event_base_free(base);
    base = NULL;
}

void async_detach(void)
{
    sp_detach(attachment);
    attachment = NULL;
    end_base();
}

static void time_out(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    *(bool *)context = true;
}

static void turn_base(void)
{
    static const struct timeval patience = {.tv_sec = WAIT_MS / 1000};
    bool timed_out = false;
    struct event *timer = evtimer_new(base, time_out, &timed_out);

    cr_assert(timer);
    evtimer_add(timer, &patience);
    turning = true;
    cr_assert_neq(event_base_loop(base, EVLOOP_ONCE), -1);
    turning = false;
    event_free(timer);
    cr_assert_not(timed_out, "nothing comes");
    end_base();
}

void answer_note(struct sp_async *async, struct sp_result *result,
                 void *context)
{
    struct answer *answer = context;

    (void)async;
    answer->count++;
    answer->error = sp_result_error(result);
    answer->progress = sp_result_progress(result);
    answer->pid = sp_result_pid(result);
    answer->size = sp_result_size(result);
    snprintf(answer->data, sizeof answer->data, "%s",
             (const char *)sp_result_data(result));
    snprintf(answer->text, sizeof answer->text, "%s", sp_result_text(result));
    snprintf(answer->cause, sizeof answer->cause, "%s",
             sp_result_cause(result));
}

void async_turn(struct sp_async *async)
{
    if (base) {
        turn_base();
        return;
    }
    cr_assert(wait_readable(sp_async_fd(async), WAIT_MS), "nothing comes");
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
}

void async_await(struct sp_async *async, const struct answer *answer)
{
    while (answer->count == 0)
        async_turn(async);
}

void async_await_all(struct sp_async *async)
{
    while (sp_async_outstanding(async) > 0)
        async_turn(async);
}

void expect_told(const char *told, const char *text, int64_t happened)
{
    if (clock_now_ms() - happened < 200)
        cr_expect_not_null(strstr(told, text), "'%s'", told);
}

struct sp_ticket async_ask(struct sp_async *async, const char *id,
                           const char *request, int timeout_ms,
                           struct answer *answer)
{
    struct sp_ticket ticket = {0};
    enum sp_error error =
        sp_async_call(async, id, NULL, request, strlen(request), timeout_ms,
                      answer_note, answer, &ticket);

    cr_assert_eq(error, SP_OK, "%s", sp_error_name(error));
    cr_assert_neq(ticket.number, 0u);
    return ticket;
}

static const struct sp_spec probe = {.module = "probe"};

pid_t async_begin(struct sp_async *async, const char *id)
{
    struct answer answer = {0};

    cr_assert_eq(sp_async_start(async, id, &probe, LONG_MS, answer_note,
                                &answer, NULL),
                 SP_OK);
    async_await(async, &answer);
    expect_answer(&answer, SP_OK, SP_PROGRESS_ANSWERED);
    return answer.pid;
}

#define MANY_MAX 100

void async_name(char out[8], int number)
{
    snprintf(out, 8, "s%d", number);
}

void async_begin_many(struct sp_async *async, int count)
{
    static struct answer answers[MANY_MAX];
    char id[8];

    cr_assert_leq(count, MANY_MAX);
    memset(answers, 0, sizeof answers);
    for (int i = 0; i < count; i++) {
        async_name(id, i);
        cr_assert_eq(sp_async_ensure(async, id, &probe, LONG_MS, answer_note,
                                     &answers[i], NULL),
                     SP_OK);
    }
    async_await_all(async);
    for (int i = 0; i < count; i++)
        expect_answer(&answers[i], SP_OK, SP_PROGRESS_ANSWERED);
}

void async_expect(struct sp_async *async, const char *id, const char *request,
                  const char *reply)
{
    struct answer answer = {0};

    async_ask(async, id, request, LONG_MS, &answer);
    async_await(async, &answer);
    expect_data(&answer, reply);
}

void async_prepare(const char *channel)
{
    channel_now = channel;
    if (async_is_local())
        return;
    nng_once();
    leftovers_allow_sockets(2);
}

struct sp_client *async_client(const char *channel,
                               const struct harness *harness)
{
    struct sp_client *client;
    char where[64];

    snprintf(where, sizeof where, "%s%s",
             strcmp(channel, "local") == 0 ? "" : "ipc://",
             harness_runtime_dir(harness));
    cr_assert_eq(sp_client_open(where, &client), SP_OK);
    return client;
}

void async_open(const char *channel, struct harness **out_harness,
                struct sp_client **out_client, struct sp_async **out_async)
{
    async_prepare(channel);
    *out_harness = harness_start(HARNESS_PROBE_CONFIG);
    *out_client = async_client(channel, *out_harness);
    cr_assert_eq(sp_async_new(*out_client, out_async), SP_OK);
}

void async_close(struct harness *harness, struct sp_client *client,
                 struct sp_async *async)
{
    async_detach();
    sp_async_free(async);
    sp_client_close(client);
    harness_stop(harness);
    leaks_check();
}
