/* SPDX-License-Identifier: MIT */
/* System calls that do less than they were asked to, or are interrupted, in spd
 * and its workers (support/shim_calls.c), and a wall clock that jumps
 * (support/shim_clock.c): all works as ever. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/preload.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(faults_calls, .fini = leaks_check);

#define PROBE HARNESS_FREE_CONFIG

/* ---- short reads, short writes, EINTR ---- */

/* Otherwise nothing below says anything. */
static void expect_shim(const struct harness *harness, pid_t session,
                        const char *name)
{
    if (geteuid() == 0) /* nobody else may look into spd */
        cr_assert(family_maps(harness_spd(harness), name));
    cr_assert(family_maps(family_template(harness, "probe"), name));
    cr_assert(family_maps(session, name));
}

static void expect_calls(const struct harness *harness, const char *id)
{
    enum { LARGE = 20000 };
    char *request = malloc(LARGE + 1);
    char *reply;

    memset(request, 'x', LARGE);
    memcpy(request, "echo ", 5);
    request[LARGE] = '\0';
    session_expect(harness, id, request, request + 5);
    free(request);
    reply = session_call(harness, id, "error oh no");
    cr_expect_eq(memcmp(reply, "\0SP!", 4), 0);
    free(reply);
    for (int i = 0; i < 10; i++)
        session_expect(harness, id, "echo x", "x");
}

static void expect_casts(const struct harness *harness, const char *id)
{
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer pusher;

    harness_session_path(harness, id, path);
    raw_peer_open(&pusher, path, WIRE_PUSH);
    raw_peer_send_frame(&pusher, "one", 3);
    raw_peer_send_frame(&pusher, "two", 3);
    raw_peer_send_frame(&pusher, "three", 5);
    raw_peer_close(&pusher);
}

struct cast_search {
    const struct harness *harness;
    const char *id;
};

static bool casts_have_come(void *context)
{
    const struct cast_search *search = context;
    char *count = session_call(search->harness, search->id, "count");
    bool all = strcmp(count, "3") == 0;

    free(count);
    return all;
}

static void expect_events_of_session(const struct harness *harness,
                                     const char *id)
{
    char path[RUNDIR_PATH_SIZE];
    struct raw_message message;
    struct raw_peer subscriber;

    harness_session_path(harness, id, path);
    raw_peer_open(&subscriber, path, WIRE_SUB);
    session_expect(harness, id, "emit hello to all", "");
    raw_peer_recv(&subscriber, &message);
    cr_expect_str_eq((char *)message.bytes, "hello to all");
    raw_message_fini(&message);
    raw_peer_close(&subscriber);
}

static void expect_conversation(const struct harness *harness, const char *id)
{
    struct cast_search casts = {harness, id};

    expect_calls(harness, id);
    expect_casts(harness, id);
    cr_expect(wait_for(casts_have_come, &casts, WAIT_MS));
    session_expect(harness, id, "casts", "one,two,three");
    expect_events_of_session(harness, id);
}

/* Starts that fail in each way, an end of each kind. */
static void expect_lives(const struct harness *harness)
{
    struct raw_peer peer;

    ask_refused(harness, "no", "probe", "fail not today", SP_EINIT,
                "not today");
    ask_refused(harness, "no", "probe", "ignore", SP_EIGNORED, "");
    ask_refused(harness, "no", "probe", "crash", SP_EINIT, "SIGSEGV");
    ask_refused(harness, "no", "none", NULL, SP_EMODULE, "");
    ask_started(harness, "crashes", "probe", NULL);
    session_send(harness, "crashes", "crash", &peer);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    ask_until_restarted(harness, "crashes", 1);
    session_expect(harness, "crashes", "echo x", "x");
    session_expect(harness, "crashes", "reply-stop bye", "bye");
    ask_until_gone(harness, "crashes");
    news_expect(harness, "crashes", "start ready crash restart ready stop");
}

Test(faults_calls, short_and_interrupted_everywhere_change_nothing)
{
    struct preload preload;
    struct harness *harness =
        preload_start(&preload, SP_TEST_SHIM_CALLS, PROBE);
    struct balance balance = balance_note(harness);
    struct answer answer;
    char id[16];

    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "s%d", i);
        expect_shim(harness, ask_started(harness, id, "probe", "slow 1"),
                    "shim_calls");
        expect_conversation(harness, id);
    }
    expect_lives(harness);
    cr_assert_eq(kill(harness_spd(harness), SIGHUP), 0);
    cr_expect(harness_wait_log(harness, "SIGHUP", WAIT_MS));
    cr_expect_eq(ask_count(harness), 5);
    answer = ask(harness, "{\"op\":\"list\",\"detailed\":true}");
    cr_expect_eq(answer.error, SP_OK);
    answer_fini(&answer);
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "s%d", i);
        cr_expect_eq(ask_stop(harness, id), SP_OK);
    }
    balance_check(harness, &balance);
    harness_stop(harness);
    preload_fini(&preload);
}

/* ---- a step of the wall clock ---- */

#define DAY_S (24 * 60 * 60)

static int64_t last_time_ms(const struct harness *harness)
{
    json_t *events = news_all(harness);
    const json_t *last = json_array_get(events, json_array_size(events) - 1);
    int64_t time_ms =
        (int64_t)json_integer_value(json_object_get(last, "time_ms"));

    json_decref(events);
    return time_ms;
}

static const char *state_of(const struct harness *harness, const char *id,
                            struct session_facts *facts)
{
    cr_assert_eq(ask_info(harness, id, facts), SP_OK, "%s is gone", id);
    return facts->state;
}

static void end_by_crash(const struct harness *harness, const char *id)
{
    struct raw_peer peer;

    session_send(harness, id, "crash", &peer);
    cr_assert(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
}

/* What is counted in milliseconds since then. */
static void expect_recent(const struct harness *harness, const char *key)
{
    struct answer answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    const json_t *session = json_object_get(answer.object, "session");
    long long ms = json_integer_value(json_object_get(session, key));

    cr_expect(ms >= 0 && ms < 2 * WAIT_MS, "%s: %lld", key, ms);
    answer_fini(&answer);
}

/* Times that are far from being up, and a timer in a session and one in spd
 * that are not. */
static void step_the_clock(int64_t by_s)
{
    struct preload preload;
    struct harness *harness = preload_start(
        &preload, SP_TEST_SHIM_CLOCK,
        PROBE "restart_delay = 1h\nmax_restart_delay = 1h\nmax_seconds = 2h\n"
              "idle_timeout = 10h\nmax_lifetime = 12h\ncall_limit = 10s\n"
              "[module kv]\nrestart_delay = 200ms\n"
              "max_restart_delay = 200ms\nidle_timeout = 1s\n");
    struct balance balance = balance_note(harness);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct session_facts facts;
    struct answer answer;
    struct raw_peer caller;
    int64_t before_ms, moved_ms;

    expect_shim(harness, pid, "shim_clock");
    ask_started(harness, "waits", "probe", NULL);
    end_by_crash(harness, "waits");
    ask_until_restarted(harness, "waits", 1);
    end_by_crash(harness, "waits");
    ask_started(harness, "idle", "kv", NULL);
    session_send(harness, "a", "later 300 on time", &caller);
    cr_assert_eq(ask_stop(harness, "none"), SP_ENOENT);
    before_ms = last_time_ms(harness);

    *preload.clock_s = by_s;
    cr_expect(wait_readable(caller.fd, WAIT_MS)); /* its timer goes on */
    raw_peer_close(&caller);
    ask_until_gone(harness, "idle"); /* and one of spd's */
    cr_expect_str_eq(state_of(harness, "waits", &facts), "backoff");
    cr_expect_str_eq(state_of(harness, "a", &facts), "running");
    cr_expect_eq(facts.pid, pid);
    expect_recent(harness, "age_ms");
    expect_recent(harness, "idle_ms");
    ask_started(harness, "b", "probe", NULL);
    moved_ms = last_time_ms(harness) - before_ms - by_s * 1000;
    cr_expect(moved_ms >= 0 && moved_ms < 2 * WAIT_MS, "%lld ms",
              (long long)moved_ms);
    answer = ask(harness, "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"gone\","
                          "\"timeout_ms\":100}");
    cr_expect_eq(answer.error, SP_ETIMEDOUT);
    answer_fini(&answer);
    cr_expect_eq(ask_stop(harness, "waits"), SP_OK);
    balance_check(harness, &balance);
    harness_stop(harness);
    preload_fini(&preload);
}

Test(faults_calls, a_clock_step_of_a_day_ahead_changes_nothing)
{
    step_the_clock(DAY_S);
}

Test(faults_calls, a_clock_step_of_a_day_back_changes_nothing)
{
    step_the_clock(-DAY_S);
}
