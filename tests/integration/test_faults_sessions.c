/* SPDX-License-Identifier: MIT */
/* Sessions that are killed, stopped or crash, one after the other and all at
 * once: each end is told once, and nothing is left of it. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(faults_sessions, .fini = leaks_check);

#define PROBE HARNESS_FREE_CONFIG

enum { KILLS = 200, MANY = 1000 };

static void expect_events(const struct harness *harness, const char *id,
                          const char *kind, unsigned count)
{
    json_t *events = news_all(harness);

    cr_expect_eq(news_count(events, id, kind), count,
                 "%u times %s of %s instead of %u",
                 news_count(events, id, kind), kind, id, count);
    json_decref(events);
}

/* ---- SIGKILL ---- */

static bool is_in_a_call(void *context)
{
    struct answer answer = ask(context, "{\"op\":\"info\",\"id\":\"a\"}");
    const json_t *session = json_object_get(answer.object, "session");
    const char *doing = json_string_value(json_object_get(session, "doing"));
    bool busy = doing && strcmp(doing, "a call") == 0;

    answer_fini(&answer);
    return busy;
}

/* The pid that a session says it has. */
static pid_t pid_by_call(const struct harness *harness, const char *id)
{
    char *text = session_call(harness, id, "pid");
    pid_t pid = (pid_t)atoi(text);

    free(text);
    cr_assert_gt(pid, 1);
    return pid;
}

Test(faults_sessions, killed_in_the_middle_of_a_call_two_hundred_times)
{
    struct harness *harness = harness_start(
        PROBE "max_restarts = 16\nmax_seconds = 1ms\nrestart_delay = 1ms\n"
              "max_restart_delay = 1ms\n[supervisor]\nevents = 10000\n");
    struct balance balance = balance_note(harness);
    pid_t other, pid = 0;

    ask_started(harness, "a", "probe", NULL);
    other = ask_started(harness, "b", "probe", NULL);
    for (int i = 0; i < KILLS; i++) {
        pid_t before = pid;
        struct raw_peer caller;

        pid = pid_by_call(harness, "a"); /* of the successor */
        cr_assert_neq(pid, before);
        session_send(harness, "a", "hang", &caller);
        cr_assert(wait_for(is_in_a_call, harness, WAIT_MS));
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert(raw_peer_wait_closed(&caller, WAIT_MS));
        raw_peer_close(&caller);
    }
    ask_until_restarted(harness, "a", KILLS);
    cr_expect_eq(pid_by_call(harness, "b"), other);
    expect_events(harness, "a", "crash", KILLS);
    expect_events(harness, "a", "restart", KILLS);
    expect_events(harness, "a", "ready", KILLS + 1);
    expect_events(harness, "b", "crash", 0);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- all at once ---- */

/* Asks for all starts before it reads the first answer. */
static void start_many(const struct harness *harness, pid_t *pids)
{
    char path[RUNDIR_PATH_SIZE], json[80];
    struct raw_peer peer;

    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    for (int i = 0; i < MANY; i++) {
        snprintf(json, sizeof json, "{\"op\":\"start\",\"id\":\"s%d\"}", i);
        raw_peer_send_request(&peer, (uint32_t)i, json, strlen(json));
    }
    for (int i = 0; i < MANY; i++) {
        struct raw_message reply;
        uint32_t number;
        int pid;

        raw_peer_recv(&peer, &reply);
        number = wire_u32_get(reply.bytes) & ~(1u << 31);
        cr_assert_lt(number, MANY);
        cr_assert_eq(sscanf((char *)reply.bytes + 4, "{\"ok\":true,\"pid\":%d",
                            &pid),
                     1, "%s", (char *)reply.bytes + 4);
        pids[number] = pid;
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
}

/* How long a process could have run and had no CPU, so far. */
static int64_t cpu_awaited_ms(pid_t pid)
{
    long long awaited_ns = 0;
    char path[64];
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    stat = fopen(path, "re");
    if (!stat) /* a kernel without */
        return 0;
    if (fscanf(stat, "%*d %lld", &awaited_ns) != 1)
        awaited_ns = 0;
    fclose(stat);
    return awaited_ns / 1000000;
}

/* A clock that stands still while other programs have our CPUs. */
static int64_t fair_now_ms(const struct harness *harness)
{
    return clock_now_ms() - cpu_awaited_ms(harness_spd(harness)) -
           cpu_awaited_ms(getpid());
}

/* The longest that an answer to `ping` took, until no session is left. */
static int64_t ping_until_empty(const struct harness *harness,
                                struct raw_peer *peer)
{
    static const char question[] = "{\"op\":\"ping\"}";
    int64_t deadline = deadline_after(WAIT_MS);
    int64_t longest = 0;
    uint32_t id = 1;

    do {
        int64_t asked = fair_now_ms(harness);
        struct raw_message reply;
        int64_t took;

        raw_peer_send_request(peer, ++id, question, strlen(question));
        raw_peer_recv_reply(peer, id, &reply);
        raw_message_fini(&reply);
        took = fair_now_ms(harness) - asked;
        if (took > longest)
            longest = took;
        cr_assert_gt(deadline_left(deadline), 0, "sessions are left");
    } while (ask_count(harness) > 0);
    return longest;
}

/* One half is killed, the other ends normally; spd, which stands still until
 * the last is dead, finds them all in one moment. */
static void end_all_at_once(const struct harness *harness, const pid_t *pids)
{
    family_stop(harness_spd(harness));
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(kill(pids[i], i % 2 ? SIGTERM : SIGKILL), 0);
    for (int i = 0; i < MANY; i++)
        cr_assert(wait_pid_gone(pids[i], WAIT_MS));
    family_continue(harness_spd(harness));
}

/* A stated time is 20 ms; a test has twenty times that. */
static void expect_each_told_once(const struct harness *harness)
{
    json_t *events = news_all(harness);
    char id[16];

    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%d", i);
        cr_expect_eq(news_count(events, id, "crash"), i % 2 ? 0 : 1);
        cr_expect_eq(news_count(events, id, "stop"), 1);
    }
    cr_expect_eq(news_count(events, NULL, "crash"), MANY / 2);
    json_decref(events);
}

Test(faults_sessions, that_end_all_at_once_are_each_told_of_once)
{
    enum { LIMIT_MS = 20 * 20 };
    struct harness *harness =
        harness_start("[module kv]\nrestart = temporary\n"
                      "[supervisor]\nevents = 10000\n");
    struct balance balance = balance_note(harness);
    pid_t *pids = calloc(MANY, sizeof *pids);
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;
    int64_t longest;

    start_many(harness, pids);
    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    end_all_at_once(harness, pids);
    longest = ping_until_empty(harness, &peer);
    cr_expect_lt(longest, LIMIT_MS, "an answer took %lld ms",
                 (long long)longest);
    expect_each_told_once(harness);
    raw_peer_close(&peer);
    free(pids);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- SIGSTOP ---- */

Test(faults_sessions, stopped_by_a_signal_are_seen_and_ended)
{
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    struct session_facts facts;
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    ask_started(harness, "b", "probe", NULL);
    cr_assert_eq(kill(pid, SIGSTOP), 0);
    ask_until_restarted(harness, "a", 1);
    session_expect(harness, "a", "echo x", "x");
    session_expect(harness, "b", "echo x", "x");
    cr_assert_eq(ask_info(harness, "a", &facts), SP_OK);
    cr_expect_neq(facts.pid, pid);
    expect_events(harness, "a", "crash", 1);
    expect_events(harness, "b", "crash", 0);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* Whether spd saw it stand still or not, either is fine. */
Test(faults_sessions, stopped_and_continued_at_once_leave_the_balance)
{
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    for (int i = 0; i < 20; i++) {
        kill(pid, SIGSTOP);
        kill(pid, SIGCONT);
    }
    session_expect(harness, "a", "echo x", "x");
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_sessions, stopped_while_they_start_are_a_failed_start)
{
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);

    ask_refused(harness, "a", "probe", "freeze", SP_EINIT, "");
    ask_started(harness, "a", "probe", NULL);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- crash in init, after 10 ms, after a good while ---- */

/* Makes a session crash this long after it has got the request.  Its number is
 * another each time: one that ended a session is not run again. */
static void crash_after(const struct harness *harness, const char *id, int ms)
{
    static uint32_t number = 1u << 20;
    struct raw_peer peer;
    char request[32];

    snprintf(request, sizeof request, "block %d", ms);
    session_send(harness, id, request, &peer);
    raw_peer_send_request(&peer, ++number, "crash", 5);
    cr_assert(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
}

Test(faults_sessions, that_crash_in_init_are_a_failed_start_each_time)
{
    struct harness *harness =
        harness_start(PROBE "restart_delay = 1ms\nmax_restart_delay = 1ms\n");
    struct balance balance = balance_note(harness);

    ask_started(harness, "b", "probe", NULL); /* the module has worked */
    for (int i = 0; i < 20; i++)
        ask_refused(harness, "a", "probe", "crash", SP_EINIT, "SIGSEGV");
    expect_events(harness, "a", "refusal", 20);
    expect_events(harness, "a", "crash", 0);
    expect_events(harness, "a", "stop", 0);
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_sessions, that_crash_after_10_ms_spend_their_budget)
{
    struct harness *harness = harness_start(
        PROBE "max_restarts = 2\nmax_seconds = 10m\nrestart_delay = 1ms\n");
    struct balance balance = balance_note(harness);

    ask_started(harness, "a", "probe", NULL);
    crash_after(harness, "a", 10);
    ask_until_restarted(harness, "a", 1);
    crash_after(harness, "a", 10);
    ask_until_restarted(harness, "a", 2);
    crash_after(harness, "a", 10);
    ask_until_gone(harness, "a");
    expect_events(harness, "a", "crash", 3);
    expect_events(harness, "a", "give_up", 1);
    expect_events(harness, "a", "stop", 0);
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_sessions, that_crash_after_a_good_while_are_restarted_every_time)
{
    struct harness *harness = harness_start(
        PROBE "max_restarts = 1\nmax_seconds = 10m\nstable_time = 50ms\n"
              "restart_delay = 1ms\n");
    struct balance balance = balance_note(harness);

    ask_started(harness, "a", "probe", NULL);
    for (unsigned i = 1; i <= 4; i++) {
        crash_after(harness, "a", 100);
        ask_until_restarted(harness, "a", i);
    }
    expect_events(harness, "a", "crash", 4);
    expect_events(harness, "a", "give_up", 0);
    balance_check(harness, &balance);
    harness_stop(harness);
}
