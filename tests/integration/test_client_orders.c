/* SPDX-License-Identifier: MIT */
/* Managing and watching sessions with libsp and the real spd, over each
 * channel.  What it does with a supervisor's odd answers: test_client_manage
 * and test_client_watch. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client_scene.h"
#include "support/leaks.h"
#include "support/wait.h"

TestSuite(client_orders, .fini = leaks_check, .timeout = 120);

#define LONG_MS 60000
#define SHORT_MS 50

SCENE_TEST(client_orders, a_restart_gives_a_fresh_process)
{
    pid_t before = start(scene, "a", "kv", NULL);

    expect_reply(scene, "a", "incr n", "1");
    expect_error(scene, SP_OK, sp_restart(scene->client, "a", scene->result));
    cr_expect_gt(sp_result_pid(scene->result), 1);
    cr_expect_neq(sp_result_pid(scene->result), before);
    cr_expect(wait_pid_gone(before, 0));
    if (!scene_is_local(scene))
        return; /* nng's thread may see the old connection's end later */
    expect_reply(scene, "a", "incr n", "1");
}

SCENE_TEST(client_orders, a_paused_session_answers_when_it_goes_on)
{
    struct sp_session_info *info;

    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
    expect_error(scene, SP_OK, sp_pause(scene->client, "a", scene->result));
    expect_error(scene, SP_OK, sp_info(scene->client, "a", &info, NULL));
    cr_expect(sp_info_paused(info));
    sp_info_free(info);
    expect_error(scene, SP_ETIMEDOUT, call(scene, "a", "y", SHORT_MS));
    expect_error(scene, SP_OK, sp_resume(scene->client, "a", scene->result));
    expect_reply(scene, "a", "z", "z");
    expect_error(scene, SP_OK, sp_touch(scene->client, "a", scene->result));
    expect_error(scene, SP_OK, sp_info(scene->client, "a", &info, NULL));
    cr_expect_not(sp_info_paused(info));
    sp_info_free(info);
}

SCENE_TEST(client_orders, a_crash_is_told_with_its_cause)
{
    int64_t begun;

    start(scene, "a", "probe", NULL);
    begun = clock_now_ms();
    expect_error(scene, SP_EDIED, call(scene, "a", "crash", LONG_MS));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_SENT);
    /* libsp asks for 200 ms at most: a slow machine leaves it without */
    if (clock_now_ms() - begun < 200)
        cr_expect_not_null(strstr(sp_result_cause(scene->result),
                                  "killed by SIGSEGV in a call"),
                           "'%s'", sp_result_cause(scene->result));
    cr_expect_not_null(
        strstr(sp_result_text(scene->result), sp_result_cause(scene->result)));
    expect_error(
        scene, SP_OK,
        sp_wait(scene->client, "a", SP_WAIT_READY, LONG_MS, scene->result));
    expect_reply(scene, "a", "echo x", "x");
    cr_expect_str_eq(sp_result_cause(scene->result), "");
}

SCENE_TEST(client_orders, a_signal_reaches_the_process)
{
    const struct sp_session_end *end;
    struct sp_session_info *info;
    pid_t pid = start(scene, "a", "echo", NULL);

    expect_error(scene, SP_OK,
                 sp_signal(scene->client, "a", "SIGKILL", scene->result));
    expect_error(
        scene, SP_OK,
        sp_wait_replaced(scene->client, "a", pid, LONG_MS, scene->result));
    cr_expect_neq(sp_result_pid(scene->result), pid);
    cr_expect(wait_pid_gone(pid, 0));
    expect_error(scene, SP_OK, sp_info(scene->client, "a", &info, NULL));
    end = sp_info_end(info);
    cr_assert_not_null(end);
    cr_expect_str_eq(sp_end_signal(end), "SIGKILL");
    cr_expect_eq(sp_end_code(end), SIGKILL);
    cr_expect_eq(sp_info_restarts(info), 1);
    sp_info_free(info);
}

struct drain {
    struct scene *scene;
    enum sp_error error;
};

static void *drain_main(void *context)
{
    struct drain *drain = context;

    drain->error = sp_drain(drain->scene->client, "a", LONG_MS, NULL);
    return NULL;
}

static bool has_waiting(void *context)
{
    struct scene *scene = context;
    struct sp_session_info *info;
    bool waiting;

    cr_assert_eq(sp_info(scene->client, "a", &info, NULL), SP_OK);
    waiting = sp_info_waiting(info) > 0;
    sp_info_free(info);
    return waiting;
}

struct calling {
    struct sp_client *client;
    struct sp_result *result;
};

static void *call_later(void *context)
{
    struct calling *calling = context;

    sp_call(calling->client, "a", "later 200 late", 14, LONG_MS,
            calling->result);
    return NULL;
}

SCENE_TEST(client_orders, a_drain_lets_what_has_arrived_be_answered)
{
    struct calling calling = {scene_client(scene), sp_result_new()};
    struct drain drain = {scene, SP_OK};
    pthread_t caller, drainer;
    bool started;

    start(scene, "a", "probe", NULL);
    cr_assert_eq(pthread_create(&caller, NULL, call_later, &calling), 0);
    cr_assert(wait_for(has_waiting, scene, WAIT_MS));
    cr_assert_eq(pthread_create(&drainer, NULL, drain_main, &drain), 0);
    pthread_join(caller, NULL);
    pthread_join(drainer, NULL);
    cr_expect_eq(sp_result_error(calling.result), SP_OK, "%s",
                 sp_result_text(calling.result));
    cr_expect_str_eq((char *)sp_result_data(calling.result), "late");
    cr_expect_eq(drain.error, SP_OK);
    expect_error(scene, SP_OK, sp_started(scene->client, "a", &started, NULL));
    cr_expect_not(started);
    sp_result_free(calling.result);
    sp_client_close(calling.client);
}

/* ---- waiting ---- */

struct waiting {
    struct scene *scene;
    enum sp_wait what;
    enum sp_error error;
    pid_t pid;
    pthread_t thread;
};

static void *wait_main(void *context)
{
    struct waiting *waiting = context;
    struct sp_result *result = sp_result_new();

    waiting->error =
        sp_wait(waiting->scene->client, "a", waiting->what, LONG_MS, result);
    waiting->pid = sp_result_pid(result);
    sp_result_free(result);
    return NULL;
}

static void wait_begin(struct waiting *out_waiting, struct scene *scene,
                       enum sp_wait what)
{
    *out_waiting = (struct waiting){.scene = scene, .what = what};
    cr_assert_eq(
        pthread_create(&out_waiting->thread, NULL, wait_main, out_waiting), 0);
}

SCENE_TEST(client_orders, many_wait_for_one_end)
{
    struct waiting waiting[8];

    start(scene, "a", "echo", NULL);
    for (size_t i = 0; i < 8; i++)
        wait_begin(&waiting[i], scene, SP_WAIT_GONE);
    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", scene->result));
    for (size_t i = 0; i < 8; i++) {
        pthread_join(waiting[i].thread, NULL);
        cr_expect_eq(waiting[i].error, SP_OK);
        cr_expect_eq(waiting[i].pid, 0);
    }
}

/* Whether a wait has begun cannot be seen: it is restarted until one ends. */
SCENE_TEST(client_orders, a_wait_ends_with_a_restart)
{
    pid_t pid = start(scene, "a", "echo", NULL);
    struct waiting waiting;

    wait_begin(&waiting, scene, SP_WAIT_RESTARTED);
    while (pthread_tryjoin_np(waiting.thread, NULL) != 0)
        expect_error(scene, SP_OK,
                     sp_restart(scene->client, "a", scene->result));
    cr_expect_eq(waiting.error, SP_OK);
    cr_expect_neq(waiting.pid, pid);
    cr_expect_gt(waiting.pid, 1);
}

SCENE_TEST(client_orders, a_wait_tells_how_it_is_now)
{
    struct sp_client *client = scene->client;
    pid_t pid;

    expect_error(scene, SP_OK, sp_wait(client, "a", SP_WAIT_GONE, 0, NULL));
    expect_error(scene, SP_ENOENT,
                 sp_wait(client, "a", SP_WAIT_READY, 0, NULL));
    pid = start(scene, "a", "echo", NULL);
    expect_error(scene, SP_OK,
                 sp_wait(client, "a", SP_WAIT_READY, 0, scene->result));
    cr_expect_eq(sp_result_pid(scene->result), pid);
    expect_error(scene, SP_ETIMEDOUT,
                 sp_wait(client, "a", SP_WAIT_GONE, 0, NULL));
    expect_error(scene, SP_ETIMEDOUT,
                 sp_wait(client, "a", SP_WAIT_RESTARTED, SHORT_MS, NULL));
}

/* ---- watching ---- */

static void expect_event(const struct sp_event_list *events, size_t index,
                         const char *name)
{
    const struct sp_event *event;

    cr_assert_lt(index, sp_events_count(events));
    event = sp_events_at(events, index);
    cr_expect_str_eq(sp_event_name(event), name);
    cr_expect_str_eq(sp_event_id(event), "a");
    cr_expect_str_eq(sp_event_module(event), "echo");
}

SCENE_TEST(client_orders, events_tell_a_life_from_start_to_end)
{
    struct sp_event_list *events;
    unsigned long long after;

    start(scene, "other", "echo", NULL);
    start(scene, "a", "echo", NULL);
    expect_error(scene, SP_OK,
                 sp_events(scene->client, "a", 0, 0, &events, scene->result));
    cr_assert_eq(sp_events_count(events), 2);
    expect_event(events, 0, "start");
    expect_event(events, 1, "ready");
    after = sp_events_next(events);
    sp_events_free(events);
    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", scene->result));
    expect_error(
        scene, SP_OK,
        sp_events(scene->client, "a", after, LONG_MS, &events, scene->result));
    expect_event(events, 0, "stop");
    sp_events_free(events);
    expect_error(scene, SP_OK,
                 sp_events(scene->client, "nobody", 0, SHORT_MS, &events,
                           scene->result));
    cr_expect_eq(sp_events_count(events), 0);
    sp_events_free(events);
}

SCENE_TEST(client_orders, stats_count_what_was_done)
{
    unsigned long long starts = 0;
    struct sp_stat_list *stats;

    start(scene, "a", "echo", NULL);
    start(scene, "b", "echo", NULL);
    expect_error(scene, SP_OK, sp_stats(scene->client, &stats, scene->result));
    for (size_t i = 0; i < sp_stats_count(stats); i++) {
        cr_expect_str_neq(sp_stats_help(stats, i), "");
        if (strcmp(sp_stats_name(stats, i), "starts") == 0)
            starts = sp_stats_value(stats, i);
    }
    cr_expect_eq(starts, 2);
    sp_stats_free(stats);
}

SCENE_TEST(client_orders, a_list_in_detail_has_memory)
{
    struct sp_session_list *list;

    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
    expect_error(scene, SP_OK,
                 sp_list_detailed(scene->client, &list, scene->result));
    cr_assert_eq(sp_list_count(list), 1);
    cr_expect_gt(sp_info_memory_kb(sp_list_at(list, 0)), 0);
    cr_expect_eq(sp_info_calls(sp_list_at(list, 0)), 1);
    sp_list_free(list);
}

SCENE_TEST(client_orders, a_reload_without_a_change_changes_nothing)
{
    unsigned changed = 9, added = 9, removed = 9;

    expect_error(
        scene, SP_OK,
        sp_reload(scene->client, &changed, &added, &removed, scene->result));
    cr_expect(changed == 0 && added == 0 && removed == 0);
}
