/* SPDX-License-Identifier: MIT */
/* Many threads on one client: calls, casts, starts and ends at once, replies
 * that race with deadlines and with deaths.  Whatever comes, who is answered is
 * answered by his own reply.  Under ThreadSanitizer, too (preset tsan). */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/async.h>

#include "base/clock.h"
#include "client_scene.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

TestSuite(client_threads, .fini = leaks_check, .timeout = 240);

#define CROWD 1000
#define STACK (256 * 1024)

struct crowd;

struct member {
    pthread_t thread;
    struct crowd *crowd;
    unsigned number;
    char complaint[96]; /* "": none */
};

struct crowd {
    struct scene *scene;
    void (*act)(struct member *member, struct sp_result *result);
    atomic_bool over; /* for those that act until the test has done its part */
    unsigned count;
    struct member members[CROWD];
};

static void *member_main(void *context)
{
    struct member *member = context;
    struct sp_result *result = sp_result_new();

    member->crowd->act(member, result);
    sp_result_free(result);
    return NULL;
}

/* Criterion's asserts are the test's own thread's. */
#define complain(member, ...)                                                  \
    snprintf((member)->complaint, sizeof(member)->complaint, __VA_ARGS__)

static struct crowd *gather(struct scene *scene, unsigned count,
                            void (*act)(struct member *, struct sp_result *))
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    pthread_attr_t attributes;

    cr_assert(crowd);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    crowd->scene = scene;
    crowd->act = act;
    crowd->count = count;
    for (unsigned i = 0; i < count; i++) {
        struct member *member = &crowd->members[i];

        member->crowd = crowd;
        member->number = i;
        cr_assert_eq(pthread_create(&member->thread, &attributes, member_main,
                                    member),
                     0);
    }
    pthread_attr_destroy(&attributes);
    return crowd;
}

/* Waits for all. */
static void scatter(struct crowd *crowd)
{
    atomic_store(&crowd->over, true);
    for (unsigned i = 0; i < crowd->count; i++) {
        struct member *member = &crowd->members[i];

        pthread_join(member->thread, NULL);
        cr_expect_str_eq(member->complaint, "", "number %u: %s", i,
                         member->complaint);
    }
    free(crowd);
}

/* Calls with a request that nobody else makes; its reply is `own`. */
static enum sp_error call_own(struct member *member, struct sp_result *result,
                              const char *id, const char *verb, unsigned round,
                              int timeout_ms)
{
    static const struct sp_spec probe = {.module = "probe"};
    char request[64], own[32];
    enum sp_error error;

    snprintf(own, sizeof own, "%u/%u", member->number, round);
    snprintf(request, sizeof request, "%s %s", verb, own);
    error = sp_call_with(member->crowd->scene->client, id, &probe, request,
                         strlen(request), timeout_ms, result);
    if (error == SP_OK && strcmp(sp_result_data(result), own) != 0)
        complain(member, "not my reply: %s, not %s",
                 (const char *)sp_result_data(result), own);
    return error;
}

/* ---- a thousand --------------------------------------------------------- */

#define SESSIONS 16

/* Somebody may end what another starts. */
static bool is_of_a_start(enum sp_error error, const struct sp_result *result)
{
    return error == SP_OK || error == SP_EALREADY ||
           strcmp(sp_result_text(result), "it was stopped while it started") ==
               0;
}

static void start_and_end(struct member *member, struct sp_result *result)
{
    struct sp_client *client = member->crowd->scene->client;
    enum sp_error error;
    char id[8];

    snprintf(id, sizeof id, "t%u", member->number % 40);
    error = sp_start(client, id, "probe", NULL, 0, result);
    if (!is_of_a_start(error, result))
        complain(member, "start: %s", sp_result_text(result));
    error = sp_terminate(client, id, result);
    if (error != SP_OK && error != SP_ENOENT)
        complain(member, "terminate: %s", sp_result_text(result));
}

static void do_all(struct member *member, struct sp_result *result)
{
    struct sp_client *client = member->crowd->scene->client;
    char id[8];

    snprintf(id, sizeof id, "s%u", member->number % SESSIONS);
    for (unsigned round = 0; round < 3; round++) {
        if (call_own(member, result, id, "echo", round, LONG_MS) != SP_OK)
            complain(member, "call: %s", sp_result_text(result));
        if (sp_cast(client, "counter", "incr", 4, result) != SP_OK)
            complain(member, "cast: %s", sp_result_text(result));
    }
    if (member->number % 10 == 0)
        start_and_end(member, result);
}

SCENE_TEST(client_threads, a_thousand_share_a_client)
{
    char request[32];

    start(scene, "counter", "counter", "0");
    for (unsigned i = 0; i < SESSIONS; i++) {
        char id[8];

        snprintf(id, sizeof id, "s%u", i);
        start(scene, id, "probe", NULL);
    }
    scatter(gather(scene, CROWD, do_all));
    snprintf(request, sizeof request, "wait %d", 3 * CROWD);
    expect_reply(scene, "counter", request, request + 5);
}

static void call_the_same(struct member *member, struct sp_result *result)
{
    for (unsigned round = 0; round < 3; round++)
        if (call_own(member, result, "a", "echo", round, LONG_MS) != SP_OK)
            complain(member, "call: %s", sp_result_text(result));
}

SCENE_TEST(client_threads, a_thousand_share_a_session)
{
    start(scene, "a", "probe", NULL);
    scatter(gather(scene, CROWD, call_the_same));
}

/* ---- races -------------------------------------------------------------- */

#define RACERS 12
#define DEATHS 20

static void race_the_deadline(struct member *member, struct sp_result *result)
{
    for (unsigned round = 0; round < 40; round++) {
        int timeout_ms = (int)(1 + round % 5);
        enum sp_error error =
            call_own(member, result, "a", "later 3", round, timeout_ms);

        /* the probe delays so many replies at once, and no more */
        if (error != SP_OK && error != SP_ETIMEDOUT &&
            (error != SP_EREPLY ||
             strcmp(sp_result_text(result), "too many") != 0))
            complain(member, "%s", sp_result_text(result));
    }
}

SCENE_TEST(client_threads, a_reply_at_the_deadline_is_ones_own_or_none)
{
    start(scene, "a", "probe", NULL);
    scatter(gather(scene, RACERS, race_the_deadline));
    expect_reply(scene, "a", "echo x", "x");
}

static bool is_of_a_death(enum sp_error error)
{
    return error == SP_EDIED || error == SP_EENDED || error == SP_ENOENT;
}

static void race_the_death(struct member *member, struct sp_result *result)
{
    for (unsigned round = 0; !atomic_load(&member->crowd->over); round++) {
        enum sp_error error =
            call_own(member, result, "a", "echo", round, LONG_MS);

        if (error != SP_OK && !is_of_a_death(error))
            complain(member, "%s: %s, progress %d",
                     member->crowd->scene->channel, sp_result_text(result),
                     (int)sp_result_progress(result));
        else if (error != SP_OK &&
                 sp_result_progress(result) == SP_PROGRESS_ANSWERED)
            complain(member, "answered, and died");
    }
}

/* A session that has died too often is given up and started anew.  nng 1.5
 * loses the socket when a session ends before the two have greeted. */
SCENE_TEST(client_threads, a_reply_that_races_with_a_death_is_ones_own_or_none)
{
    struct crowd *crowd;

    if (!scene_is_local(scene))
        leftovers_allow_sockets(DEATHS * RACERS);
    start(scene, "a", "probe", NULL);
    crowd = gather(scene, RACERS, race_the_death);
    for (unsigned i = 0; i < DEATHS; i++) {
        static const struct sp_spec probe = {.module = "probe"};

        sp_ensure(scene->client, "a", &probe, NULL);
        sp_wait(scene->client, "a", SP_WAIT_READY, WAIT_MS, NULL);
        sp_signal(scene->client, "a", "KILL", NULL);
    }
    scatter(crowd);
}

/* ---- each its own event loop -------------------------------------------- */

struct many {
    struct member *member;
    unsigned told;
};

static void note(struct sp_async *async, struct sp_result *result,
                 void *context)
{
    struct many *many = context;

    (void)async;
    many->told++;
    if (sp_result_error(result) != SP_OK)
        complain(many->member, "%s", sp_result_text(result));
}

static void turn_until_all_is_told(struct sp_async *async,
                                   struct member *member)
{
    int64_t deadline = deadline_after(WAIT_MS);

    while (sp_async_outstanding(async) > 0) {
        struct pollfd poller = {sp_async_fd(async), POLLIN, 0};

        if (poll(&poller, 1, deadline_left(deadline)) != 1) {
            complain(member, "nothing comes");
            return;
        }
        sp_async_dispatch(async);
    }
}

static void run_a_loop(struct member *member, struct sp_result *result)
{
    struct sp_client *client = member->crowd->scene->client;
    struct many many = {.member = member};
    struct sp_async *async;
    struct sp_ticket ticket;

    if (sp_async_new(client, &async) != SP_OK) {
        complain(member, "no loop");
        return;
    }
    for (unsigned i = 0; i < 50; i++) {
        sp_async_call(async, "a", NULL, "echo x", 6, LONG_MS, note, &many,
                      NULL);
        sp_async_cast(async, "counter", NULL, "incr", 4, LONG_MS, note, &many,
                      NULL);
        sp_async_info(async, "a", LONG_MS, note, &many, &ticket);
        if (i % 2)
            sp_async_cancel(async, ticket, NULL);
        if (sp_call(client, "a", "echo y", 6, LONG_MS, result) != SP_OK)
            complain(member, "%s", sp_result_text(result));
        sp_async_dispatch(async);
    }
    turn_until_all_is_told(async, member);
    if (many.told < 125)
        complain(member, "told %u times", many.told);
    sp_async_call(async, "a", NULL, "never", 5, LONG_MS, note, &many, NULL);
    sp_async_dispatch(async);
    sp_async_free(async);
}

SCENE_TEST_LOCAL(client_threads, each_may_have_a_loop_of_its_own)
{
    char request[32];

    start(scene, "a", "probe", NULL);
    start(scene, "counter", "counter", "0");
    scatter(gather(scene, 2 * RACERS, run_a_loop));
    snprintf(request, sizeof request, "wait %d", 2 * RACERS * 50);
    expect_reply(scene, "counter", request, request + 5);
}
