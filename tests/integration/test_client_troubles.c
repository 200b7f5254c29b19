/* SPDX-License-Identifier: MIT */
/* libsp and real sessions on bad days: a session that ends in the middle of a
 * large reply, a front end without descriptors, and one that has forked.  The
 * same for who does not wait is in test_async_troubles. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sp/async.h>

#include "client_scene.h"
#include "support/descriptors.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

TestSuite(client_troubles, .fini = leaks_check, .timeout = 120);

/* ---- deaths in large replies -------------------------------------------- */

#define DEATHS 12
#define LARGE 16000000

struct reaper {
    struct scene *scene;
    atomic_bool over;
    atomic_uint asked; /* calls that were begun */
};

/* Kills the session once in each of a few calls, at any point of it. */
static void *reap(void *context)
{
    struct reaper *reaper = context;
    unsigned seen = 0;

    for (unsigned i = 0; i < DEATHS && !atomic_load(&reaper->over); i++) {
        while (atomic_load(&reaper->asked) == seen)
            sched_yield();
        seen = atomic_load(&reaper->asked);
        usleep(500 * i); /* nobody waits for that: it is any moment */
        sp_signal(reaper->scene->client, "a", "KILL", NULL);
    }
    atomic_store(&reaper->over, true);
    return NULL;
}

/* All of a reply or nothing of it. */
SCENE_TEST(client_troubles, a_death_in_a_large_reply_is_told_and_nothing_of_it)
{
    static const struct sp_spec probe = {.module = "probe"};
    struct reaper reaper = {.scene = scene};
    pthread_t thread;

    if (!scene_is_local(scene))
        leftovers_allow_sockets(DEATHS);
    start(scene, "a", "probe", NULL);
    cr_assert_eq(pthread_create(&thread, NULL, reap, &reaper), 0);
    while (!atomic_load(&reaper.over)) {
        enum sp_error error;

        atomic_fetch_add(&reaper.asked, 1);
        error = sp_call_with(scene->client, "a", &probe, "zeros 16000000", 14,
                             LONG_MS, scene->result);
        cr_expect(error == SP_OK || error == SP_EDIED || error == SP_EENDED ||
                      error == SP_ENOENT,
                  "%s", sp_result_text(scene->result));
        cr_expect_eq(sp_result_size(scene->result),
                     error == SP_OK ? (size_t)LARGE : 0u);
    }
    pthread_join(thread, NULL);
    expect_error(scene, SP_OK,
                 sp_ensure(scene->client, "a", &probe, scene->result));
    while (call(scene, "a", "echo x", LONG_MS) == SP_EDIED)
        continue; /* of the last one */
}

/* ---- no descriptors ----------------------------------------------------- */

SCENE_TEST_LOCAL(client_troubles, without_descriptors_it_says_so_and_recovers)
{
    struct sp_session_list *list = NULL;
    struct sp_async *async = NULL;
    struct rlimit before;

    start(scene, "a", "probe", NULL);
    expect_reply(scene, "a", "echo x", "x");
    start(scene, "b", "probe", NULL);
    before = descriptors_take();
    expect_error(scene, SP_ESYSTEM, call(scene, "b", "echo x", LONG_MS));
    cr_expect_not_null(strstr(sp_result_text(scene->result),
                              "Too many open files"),
                       "%s", sp_result_text(scene->result));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_NOT_SENT);
    expect_error(scene, SP_ESYSTEM,
                 sp_cast(scene->client, "b", "x", 1, scene->result));
    cr_expect_eq(sp_async_new(scene->client, &async), SP_ESYSTEM);
    /* what is connected already goes on */
    expect_reply(scene, "a", "echo y", "y");
    expect_error(scene, SP_OK,
                 sp_list(scene->client, &list, scene->result));
    sp_list_free(list);
    descriptors_give_back(&before);
    expect_reply(scene, "b", "echo z", "z");
}

/* ---- fork --------------------------------------------------------------- */

/* What does not say SP_EFORKED in the child is named on stderr. */
#define refused(operation)                                                     \
    do {                                                                       \
        enum sp_error got_ = (operation);                                      \
        if (got_ != SP_EFORKED) {                                              \
            fprintf(stderr, "%s: %s\n", #operation, sp_error_name(got_));      \
            faults++;                                                          \
        }                                                                      \
    } while (0)

static int misuse_sessions(struct sp_client *client)
{
    const struct sp_choice all = {0};
    struct sp_answers *answers;
    char url[SP_URL_MAX + 1];
    int faults = 0;
    bool started;
    pid_t pid;

    refused(sp_start(client, "p", NULL, NULL, 0, NULL));
    refused(sp_ensure(client, "p", NULL, NULL));
    refused(sp_started(client, "p", &started, NULL));
    refused(sp_session_pid(client, "p", &pid, NULL));
    refused(sp_session_url(client, "p", url, sizeof url));
    refused(sp_call(client, "p", "pid", 3, LONG_MS, NULL));
    refused(sp_cast(client, "p", "x", 1, NULL));
    refused(sp_call_all(client, &all, "pid", 3, LONG_MS, &answers, NULL));
    refused(sp_cast_all(client, &all, "x", 1, LONG_MS, &answers, NULL));
    refused(sp_drain(client, "p", LONG_MS, NULL));
    refused(sp_restart(client, "p", NULL));
    refused(sp_pause(client, "p", NULL));
    refused(sp_resume(client, "p", NULL));
    refused(sp_signal(client, "p", "USR1", NULL));
    refused(sp_touch(client, "p", NULL));
    refused(sp_wait(client, "p", SP_WAIT_READY, LONG_MS, NULL));
    refused(sp_wait_replaced(client, "p", 7, LONG_MS, NULL));
    refused(sp_terminate(client, "p", NULL));
    refused(sp_terminate_pid(client, 4711, NULL));
    return faults;
}

static int misuse_supervisor(struct sp_client *client)
{
    struct sp_session_info *info;
    struct sp_session_list *list;
    struct sp_module_list *modules;
    struct sp_stat_list *stats;
    struct sp_diagnosis *doctor;
    struct sp_event_list *events;
    struct sp_async *async;
    int faults = 0;

    refused(sp_ping(client, NULL));
    refused(sp_reload(client, NULL, NULL, NULL, NULL));
    refused(sp_info(client, "p", &info, NULL));
    refused(sp_list(client, &list, NULL));
    refused(sp_list_detailed(client, &list, NULL));
    refused(sp_modules(client, &modules, NULL));
    refused(sp_stats(client, &stats, NULL));
    refused(sp_doctor(client, &doctor, NULL));
    refused(sp_events(client, NULL, 0, LONG_MS, &events, NULL));
    refused(sp_events(client, "p", 0, LONG_MS, &events, NULL));
    refused(sp_async_new(client, &async));
    return faults;
}

static void expect_no_faults(pid_t pid)
{
    int status;

    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x",
              (unsigned)status);
}

SCENE_TEST_LOCAL(client_troubles, nothing_works_in_a_forked_child)
{
    pid_t pid;

    start(scene, "p", "probe", NULL);
    expect_reply(scene, "p", "echo before", "before");
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(misuse_sessions(scene->client) +
              misuse_supervisor(scene->client));
    expect_no_faults(pid);
    expect_reply(scene, "p", "echo after", "after");
}

static void no_news(struct sp_async *async, const struct sp_news *news,
                    void *context)
{
    (void)async;
    (void)news;
    (void)context;
}

static int misuse_async(struct sp_async *async)
{
    const struct sp_choice all = {0};
    const struct sp_ticket ticket = {1};
    int faults = 0;

    refused(sp_async_set_limit(async, SP_ASYNC_BYTES, 8192));
    refused(sp_async_dispatch(async));
    refused(sp_async_cancel(async, ticket, NULL));
    refused(sp_async_call(async, "p", NULL, "x", 1, 0, NULL, NULL, NULL));
    refused(sp_async_cast(async, "p", NULL, "x", 1, 0, NULL, NULL, NULL));
    refused(sp_async_start(async, "p", NULL, 0, NULL, NULL, NULL));
    refused(sp_async_ensure(async, "p", NULL, 0, NULL, NULL, NULL));
    refused(sp_async_terminate(async, "p", 0, NULL, NULL, NULL));
    refused(sp_async_info(async, "p", 0, NULL, NULL, NULL));
    refused(sp_async_list(async, 0, NULL, NULL, NULL));
    refused(
        sp_async_call_all(async, &all, "x", 1, 0, NULL, NULL, NULL));
    refused(
        sp_async_cast_all(async, &all, "x", 1, 0, NULL, NULL, NULL));
    refused(sp_async_subscribe(async, "p", "", 0, no_news, NULL, NULL));
    refused(sp_async_subscribe(async, NULL, "", 0, no_news, NULL, NULL));
    refused(sp_async_subscribe_events(async, NULL, no_news, NULL, NULL));
    sp_async_free(async);
    return faults;
}

SCENE_TEST_LOCAL(client_troubles, nor_does_anything_asynchronous)
{
    struct sp_async *async;
    pid_t pid;

    cr_assert_eq(sp_async_new(scene->client, &async), SP_OK);
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(misuse_async(async));
    expect_no_faults(pid);
    cr_expect_eq(sp_async_dispatch(async), SP_OK);
    sp_async_free(async);
}
