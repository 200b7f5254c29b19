/* SPDX-License-Identifier: MIT */
/* The asynchronous client in a storm: sessions that are killed, started and
 * ended while they are called, cancels, deadlines and bounds, all at random.
 * Whatever comes: each operation is told once, unless it was cancelled. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "async_scene.h"
#include "support/harness.h"
#include "support/leaks.h"

#define SESSIONS 12
#define STEPS 3000

TestSuite(async_storm, .fini = leaks_check, .timeout = 240);

struct deed {
    struct sp_ticket ticket;
    unsigned told;
    bool cancelled;
};

struct storm {
    struct harness *harness;
    struct sp_client *client;
    struct sp_async *async;
    unsigned seed;
    size_t count; /* of deeds */
    struct deed deeds[STEPS];
};

static unsigned chance(struct storm *storm, unsigned of)
{
    return (unsigned)rand_r(&storm->seed) % of;
}

static void note(struct sp_async *async, struct sp_result *result,
                 void *context)
{
    struct deed *deed = context;

    (void)async;
    deed->told++;
    /* what has not run is never said to have been answered */
    if (sp_result_error(result) == SP_EDIED ||
        sp_result_error(result) == SP_ETIMEDOUT)
        cr_expect_neq(sp_result_progress(result), SP_PROGRESS_ANSWERED);
}

/* ---- what may happen ---------------------------------------------------- */

static enum sp_error call(struct storm *storm, struct deed *deed,
                          const char *id)
{
    static const struct sp_spec probe = {.module = "probe"};
    static const char *const requests[] = {"pid", "never", "zeros 100000",
                                           "crash", "stop", "echo x"};
    const char *request = requests[chance(storm, 6)];

    if (chance(storm, 3) > 0)
        request = "pid";
    return sp_async_call(storm->async, id, chance(storm, 4) ? &probe : NULL,
                         request, strlen(request), (int)chance(storm, 400),
                         note, deed, &deed->ticket);
}

static enum sp_error cast(struct storm *storm, struct deed *deed,
                          const char *id)
{
    static char bytes[400 * 1024];
    size_t size = chance(storm, 8) ? chance(storm, 64) : sizeof bytes;

    return sp_async_cast(storm->async, id, NULL, bytes, size,
                         (int)chance(storm, 200), note, deed, &deed->ticket);
}

static enum sp_error question(struct storm *storm, struct deed *deed,
                              const char *id)
{
    switch (chance(storm, 4)) {
    case 0:
        return sp_async_terminate(storm->async, id, 1000, note, deed,
                                  &deed->ticket);
    case 1:
        return sp_async_info(storm->async, id, 1000, note, deed,
                             &deed->ticket);
    case 2:
        return sp_async_list(storm->async, 1000, note, deed, &deed->ticket);
    }
    return sp_async_ensure(storm->async, id, NULL, 1000, note, deed,
                           &deed->ticket);
}

static void cancel_one(struct storm *storm)
{
    struct deed *deed = &storm->deeds[chance(storm, (unsigned)storm->count)];
    enum sp_error error = sp_async_cancel(storm->async, deed->ticket, NULL);

    cr_expect_eq(error == SP_OK,
                 deed->ticket.number != 0 && !deed->told && !deed->cancelled);
    deed->cancelled |= error == SP_OK;
}

static void squeeze(struct storm *storm)
{
    sp_async_set_limit(storm->async, SP_ASYNC_CONNECTIONS,
                       1 + chance(storm, SESSIONS));
    sp_async_set_limit(storm->async, SP_ASYNC_SESSION_BYTES,
                       4096 + chance(storm, 2 * 1024 * 1024));
}

static void step(struct storm *storm)
{
    struct deed *deed = &storm->deeds[storm->count++];
    enum sp_error error;
    char id[8];

    snprintf(id, sizeof id, "s%u", chance(storm, SESSIONS));
    switch (chance(storm, 8)) {
    case 0:
        error = question(storm, deed, id);
        break;
    case 1:
    case 2:
        error = cast(storm, deed, id);
        break;
    default:
        error = call(storm, deed, id);
    }
    cr_expect(error == SP_OK || error == SP_EAGAIN || error == SP_EMSGSIZE,
              "%s", sp_error_name(error));
    if (chance(storm, 5) == 0)
        cancel_one(storm);
    if (chance(storm, 50) == 0)
        sp_signal(storm->client, id, "KILL", NULL);
    if (chance(storm, 20) == 0)
        squeeze(storm);
    if (chance(storm, 3) == 0)
        cr_assert_eq(sp_async_dispatch(storm->async), SP_OK);
}

static void expect_each_told_once(const struct storm *storm)
{
    for (size_t i = 0; i < storm->count; i++) {
        const struct deed *deed = &storm->deeds[i];
        bool accepted = deed->ticket.number != 0;

        cr_expect_eq(deed->told, (unsigned)(accepted && !deed->cancelled),
                     "number %zu was told %u times", i, deed->told);
    }
}

static void rise(struct storm *storm, const char *channel)
{
    *storm = (struct storm){0};
    async_prepare(channel);
    storm->harness = harness_start(
        "[supervisor]\ndefault_module = probe\n" HARNESS_PROBE_CONFIG);
    storm->client = async_client(channel, storm->harness);
}

static void calm(struct storm *storm)
{
    sp_client_close(storm->client);
    harness_stop(storm->harness);
}

static void blow(struct storm *storm, unsigned seed, unsigned steps)
{
    storm->seed = seed;
    storm->count = 0;
    memset(storm->deeds, 0, sizeof storm->deeds);
    cr_assert_eq(sp_async_new(storm->client, &storm->async), SP_OK);
    for (unsigned i = 0; i < steps; i++)
        step(storm);
}

static void expect_order_in(const char *channel, unsigned seed)
{
    static struct storm storm;

    rise(&storm, channel);
    blow(&storm, seed, STEPS);
    async_await_all(storm.async);
    expect_each_told_once(&storm);
    sp_async_free(storm.async);
    calm(&storm);
}

CHANNEL_TEST(async_storm, each_operation_is_told_once)
{
    expect_order_in(channel, 1);
}

CHANNEL_TEST(async_storm, each_operation_is_told_once_in_other_weather)
{
    expect_order_in(channel, 2);
}

/* Freed in the midst of it, nothing is left. */
CHANNEL_TEST(async_storm, can_be_freed_at_any_time)
{
    static struct storm storm;

    rise(&storm, channel);
    for (unsigned seed = 0; seed < 20; seed++) {
        blow(&storm, seed, 10 * seed);
        sp_async_free(storm.async);
    }
    calm(&storm);
}
