/* SPDX-License-Identifier: MIT */
/* Sessions that crash, hang or flood: they are restarted within their budget,
 * their callers know at once, and the others feel nothing of it. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(restart, .fini = leaks_check);
TestSuite(troublemaker, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

Test(restart, follows_every_abnormal_end)
{
    /* also of a module that calls exit(0): its runtime says no goodbye */
    static const char *const ends[] = {"crash", "exit 1", "exit 0", "fail"};
    static const char *const words[] = {"SIGSEGV", "exit status 1",
                                        "without a goodbye", "failure"};
    struct harness *harness = harness_start(PROBE "max_restarts = 4\n");
    pid_t before, after = ask_started(harness, "a", "probe", "slow 1");
    struct session_facts facts;

    for (unsigned i = 0; i < 4; i++) {
        before = after;
        session_end_by(harness, "a", ends[i]);
        after = ask_until_restarted(harness, "a", i + 1);
        cr_expect_neq(after, before);
        cr_assert_eq(ask_info(harness, "a", &facts), SP_OK);
        cr_expect_not_null(strstr(facts.last_end, words[i]), "%s: %s", ends[i],
                           facts.last_end);
    }
    harness_stop(harness);
}

Test(restart, follows_a_normal_end_where_the_policy_is_permanent)
{
    struct harness *harness = harness_start(PROBE "restart = permanent\n");
    pid_t before = ask_started(harness, "a", "probe", NULL);

    session_end_by(harness, "a", "stop");
    cr_expect_neq(ask_until_restarted(harness, "a", 1), before);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK); /* that one is asked for */
    cr_expect_eq(ask_count(harness), 0);
    harness_stop(harness);
}

Test(restart, follows_no_end_where_the_policy_is_temporary)
{
    struct harness *harness = harness_start(PROBE "restart = temporary\n");

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_gone(harness, "a");
    ask_started(harness, "a", "probe", NULL); /* the ID is free */
    harness_stop(harness);
}

static bool is_in_backoff(void *context)
{
    struct session_facts facts;

    return ask_info(context, "a", &facts) == SP_OK &&
           strcmp(facts.state, "backoff") == 0 && facts.pid == 0;
}

/* The first restart is at once, the second waits: the session is in backoff,
 * its clients wait in its listener, and it can be stopped there. */
Test(restart, waits_from_the_second_time_on)
{
    struct harness *harness =
        harness_start(PROBE "restart_delay = 1h\nmax_restart_delay = 1h\n");

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_restarted(harness, "a", 1);
    session_end_by(harness, "a", "crash");
    cr_expect(wait_for(is_in_backoff, harness, WAIT_MS));
    cr_expect_eq(ask_start(harness, "a", "probe", NULL), SP_EALREADY);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect_eq(ask_count(harness), 0);
    harness_stop(harness);
}

Test(restart, serves_after_its_wait_what_came_meanwhile)
{
    struct harness *harness = harness_start(
        PROBE "restart_delay = 300ms\nmax_restart_delay = 300ms\n");
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_restarted(harness, "a", 1);
    session_end_by(harness, "a", "crash");
    cr_expect(wait_for(is_in_backoff, harness, WAIT_MS));
    session_send(harness, "a", "echo still here", &peer);
    cr_expect(wait_readable(peer.fd, WAIT_MS));
    raw_peer_close(&peer);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

/* spd and the session share the listener: a session can make both deaf. */
Test(restart, follows_a_listener_that_its_session_has_shut_down)
{
    struct harness *harness = harness_start(PROBE);
    struct session_facts facts;

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    session_end_by(harness, "a", "deafen");
    ask_until_restarted(harness, "a", 1);
    cr_assert_eq(ask_info(harness, "a", &facts), SP_OK);
    cr_expect_str_eq(facts.last_end, "killed by SIGKILL");
    session_expect(harness, "a", "echo a fresh one", "a fresh one");
    session_expect(harness, "b", "echo x", "x");
    harness_stop(harness);
}

/* ---- how it ended ---- */

static void expect_fate(const struct harness *harness, const char *id,
                        const char *text)
{
    char request[128];
    struct answer answer;

    snprintf(request, sizeof request, "{\"op\":\"touch\",\"id\":\"%s\"}", id);
    answer = ask(harness, request);
    cr_expect_eq(answer.error, SP_ENOENT);
    cr_expect_not_null(strstr(answer.text, text), "%s: %s", id, answer.text);
    answer_fini(&answer);
}

Test(restart, end_of_a_session_is_remembered_by_its_kind)
{
    struct harness *harness = harness_start(
        PROBE "max_restarts = 0\n[module kv]\nrestart = temporary\n");
    pid_t pid;

    ask_started(harness, "stopped", "probe", NULL);
    cr_expect_eq(ask_stop(harness, "stopped"), SP_OK);
    ask_started(harness, "over", "probe", NULL);
    session_end_by(harness, "over", "stop");
    ask_until_gone(harness, "over");
    ask_started(harness, "spent", "probe", NULL);
    session_end_by(harness, "spent", "crash");
    ask_until_gone(harness, "spent");
    pid = ask_started(harness, "brief", "kv", NULL);
    cr_assert_eq(kill(pid, SIGTERM), 0); /* as spd would, but it did not */
    ask_until_gone(harness, "brief");

    expect_fate(harness, "stopped", "(stopped on request, ");
    expect_fate(harness, "over", "(ended normally (asked to), ");
    expect_fate(harness, "spent",
                "(given up after 0 restarts; last: killed by SIGSEGV in a ");
    expect_fate(harness, "brief", "(ended normally, ");
    expect_fate(harness, "nobody", "no such session");
    harness_stop(harness);
}

Test(restart, end_that_is_remembered_gives_way_to_a_new_session)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(restart, failed_start_leaves_no_end_to_remember)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;

    ask_refused(harness, "a", "probe", "fail no", SP_EINIT, "no");
    answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    cr_expect_eq(answer.error, SP_ENOENT);
    cr_expect_str_eq(answer.text, "no such session");
    answer_fini(&answer);
    harness_stop(harness);
}

Test(restart, gives_the_session_its_first_argument_again)
{
    struct harness *harness = harness_start(NULL);
    pid_t pid = ask_started(harness, "a", "counter", "100");

    session_expect(harness, "a", "incr", "101");
    cr_assert_eq(kill(pid, SIGKILL), 0);
    ask_until_restarted(harness, "a", 1);
    session_expect(harness, "a", "get", "100");
    harness_stop(harness);
}

Test(restart, that_crashes_in_its_init_spends_the_budget_too)
{
    struct harness *harness =
        harness_start(PROBE "max_seconds = 10m\nrestart_delay = 1ms\n"
                            "template_crash = no\n"); /* it counts inits */

    ask_started(harness, "a", "probe", "once");
    session_end_by(harness, "a", "crash");
    news_expect(harness, "a",
                "start ready crash restart crash restart crash restart crash "
                "give_up");
    harness_stop(harness);
}

Test(restart, is_given_up_after_three)
{
    struct harness *harness = harness_start(PROBE "max_seconds = 10m\n");

    ask_started(harness, "a", "probe", NULL);
    for (unsigned i = 1; i <= 3; i++) {
        session_end_by(harness, "a", "crash");
        ask_until_restarted(harness, "a", i);
    }
    session_end_by(harness, "a", "crash");
    ask_until_gone(harness, "a");
    cr_expect(harness_wait_log(harness, "given up after 3 restarts", WAIT_MS));
    ask_started(harness, "a", "probe", NULL); /* the ID is free */
    harness_stop(harness);
}

Test(restart, has_a_budget_for_each_session_alone)
{
    struct harness *harness = harness_start(PROBE "max_seconds = 10m\n");

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    for (unsigned i = 1; i <= 3; i++) {
        session_end_by(harness, "a", "crash");
        ask_until_restarted(harness, "a", i);
    }
    session_end_by(harness, "a", "crash");
    ask_until_gone(harness, "a");
    session_end_by(harness, "b", "crash");
    ask_until_restarted(harness, "b", 1);
    harness_stop(harness);
}

Test(restart, does_not_come_when_none_is_configured)
{
    struct harness *harness = harness_start(PROBE "max_restarts = 0\n");

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_gone(harness, "a");
    harness_stop(harness);
}

/* The listener outlives the process: who connects in between is served by the
 * successor. */
Test(restart, keeps_what_clients_send_meanwhile)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "a", "probe", "slow 300");
    struct raw_peer peers[10];
    uint8_t handshake[8];
    char path[RUNDIR_PATH_SIZE];

    wire_handshake_put(handshake, WIRE_REQ);
    harness_session_path(harness, "a", path);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_assert(wait_pid_gone(pid, WAIT_MS));
    for (uint32_t i = 0; i < 10; i++) {
        raw_peer_connect(&peers[i], path);
        raw_peer_send(&peers[i], handshake, sizeof handshake);
        raw_peer_send_request(&peers[i], i, "echo kept", 9);
    }
    for (uint32_t i = 0; i < 10; i++) {
        struct raw_message reply;

        while (buf_size(&peers[i].in) < 8) {
            cr_assert(wait_readable(peers[i].fd, WAIT_MS));
            cr_assert(buf_reserve(&peers[i].in, 8));
            cr_assert_eq(read(peers[i].fd, buf_tail(&peers[i].in), 8), 8);
            buf_commit(&peers[i].in, 8);
        }
        buf_consume(&peers[i].in, 8);
        raw_peer_recv_reply(&peers[i], i, &reply);
        cr_expect_str_eq((char *)reply.bytes, "kept");
        raw_message_fini(&reply);
        raw_peer_close(&peers[i]);
    }
    ask_until_restarted(harness, "a", 1);
    harness_stop(harness);
}

/* ---- others ---- */

enum { MANY = 20 };

Test(restart, of_one_leaves_all_others_unharmed_and_its_caller_knows_at_once)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pids[MANY];
    char id[16];

    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%d", i);
        pids[i] = ask_started(harness, id, "probe", NULL);
    }
    for (int victim = 0; victim < MANY; victim += 5) {
        struct raw_peer caller;

        snprintf(id, sizeof id, "s%d", victim);
        session_send(harness, id, "never", &caller);
        raw_peer_expect(&caller, 2, "echo x", "x");
        cr_assert_eq(kill(pids[victim], SIGKILL), 0);
        cr_expect(raw_peer_wait_closed(&caller, WAIT_MS));
        raw_peer_close(&caller);
        ask_until_restarted(harness, id, 1);
    }
    for (int i = 0; i < MANY; i++) {
        struct session_facts facts;

        snprintf(id, sizeof id, "s%d", i);
        session_expect(harness, id, "echo x", "x");
        cr_assert_eq(ask_info(harness, id, &facts), SP_OK);
        cr_expect_eq(facts.pid == pids[i], i % 5 != 0);
        cr_expect_eq(facts.restarts, i % 5 == 0);
    }
    harness_stop(harness);
}

Test(troublemaker, that_hangs_holds_up_nobody_else)
{
    struct harness *harness = harness_start(PROBE "stop_timeout = 200ms\n");
    struct raw_peer hung;

    ask_started(harness, "hung", "probe", NULL);
    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "hung", "hang", &hung);
    for (int i = 0; i < 20; i++)
        session_expect(harness, "a", "echo x", "x");
    ask_started(harness, "b", "probe", NULL);
    raw_peer_close(&hung);
    harness_stop(harness);
}

Test(troublemaker, that_floods_its_log_holds_up_nobody_else)
{
    struct harness *harness = harness_start(PROBE);
    char *flood = malloc(60001);

    memset(flood, 'x', 60000);
    memcpy(flood, "stderr ", 7);
    for (int i = 100; i < 60000; i += 100)
        flood[i] = '\n';
    flood[60000] = '\0';
    ask_started(harness, "loud", "probe", NULL);
    ask_started(harness, "a", "probe", NULL);
    for (int i = 0; i < 10; i++) {
        session_expect(harness, "loud", flood, "");
        session_expect(harness, "a", "echo x", "x");
    }
    free(flood);
    harness_stop(harness);
}
