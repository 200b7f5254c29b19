/* SPDX-License-Identifier: MIT */
/* How a session ends that is told to: after all that has arrived (drain), or
 * after what runs (stop), whenever the signal comes. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(drain, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

static const char drain_a[] =
    "{\"op\":\"stop\",\"id\":\"a\",\"drain\":true}";
static const char stop_a[] = "{\"op\":\"stop\",\"id\":\"a\"}";

static void ask_soon(const struct harness *harness, const char *json,
                     struct raw_peer *out_peer)
{
    char path[RUNDIR_PATH_SIZE];

    harness_control_path(harness, path);
    raw_peer_open(out_peer, path, WIRE_REQ);
    raw_peer_send_request(out_peer, 1, json, strlen(json));
}

static void expect_ok(struct raw_peer *asked)
{
    struct raw_message reply;

    raw_peer_recv_reply(asked, 1, &reply);
    cr_expect_not_null(strstr((char *)reply.bytes, "true"), "%s",
                       (char *)reply.bytes);
    raw_message_fini(&reply);
    raw_peer_close(asked);
}

static void expect_reply(struct raw_peer *peer, uint32_t id, const char *body)
{
    struct raw_message reply;

    raw_peer_recv_reply(peer, id, &reply);
    cr_expect_str_eq((char *)reply.bytes, body);
    raw_message_fini(&reply);
}

struct awaited {
    const struct harness *harness;
    const char *state;
};

static bool is_in_state(void *context)
{
    const struct awaited *awaited = context;
    struct session_facts facts;

    return ask_info(awaited->harness, "a", &facts) == SP_OK &&
           strcmp(facts.state, awaited->state) == 0;
}

static void await_state(const struct harness *harness, const char *state)
{
    struct awaited awaited = {harness, state};

    cr_assert(wait_for(is_in_state, &awaited, WAIT_MS), "not %s", state);
}

static void open_req(const struct harness *harness, struct raw_peer *out_peer)
{
    char path[RUNDIR_PATH_SIZE];

    harness_session_path(harness, "a", path);
    raw_peer_open(out_peer, path, WIRE_REQ);
}

/* ---- drain ---- */

Test(drain, a_session_with_nothing_to_do_ends_at_once)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer asked, idle;

    ask_started(harness, "a", "probe", NULL);
    open_req(harness, &idle);
    ask_soon(harness, drain_a, &asked);
    expect_ok(&asked);
    cr_expect(harness_wait_log(harness, "terminate: stop", WAIT_MS));
    raw_peer_close(&idle);
    harness_stop(harness);
}

Test(drain, all_that_has_arrived_is_answered_before_the_end)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer busy, asked, waits;
    char path[RUNDIR_PATH_SIZE];
    uint8_t handshake[8];

    ask_started(harness, "a", "probe", NULL);
    harness_session_path(harness, "a", path);
    open_req(harness, &busy);
    raw_peer_send_request(&busy, 1, "block 300", 9);
    for (uint32_t id = 2; id <= 200; id++)
        raw_peer_send_request(&busy, id, "\0SP>one", 7);
    raw_peer_send_request(&busy, 300, "count", 5);
    raw_peer_connect(&waits, path); /* it cannot be accepted yet */
    wire_handshake_put(handshake, WIRE_REQ);
    raw_peer_send(&waits, handshake, 8);
    raw_peer_send_request(&waits, 7, "echo x", 6);
    ask_soon(harness, drain_a, &asked);
    expect_reply(&busy, 1, "");
    expect_reply(&busy, 300, "199");
    cr_assert(wait_readable(waits.fd, WAIT_MS));
    cr_assert_eq(read(waits.fd, handshake, 8), 8);
    expect_reply(&waits, 7, "x");
    expect_ok(&asked);
    raw_peer_close(&waits);
    raw_peer_close(&busy);
    harness_stop(harness);
}

Test(drain, a_call_that_is_answered_late_is_waited_for)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer peer, asked;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "later 300 here", &peer);
    raw_peer_expect(&peer, 2, "echo x", "x");
    ask_soon(harness, drain_a, &asked);
    expect_reply(&peer, 1, "here");
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    expect_ok(&asked);
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(drain, a_stop_behind_it_ends_the_session_at_once)
{
    struct harness *harness = harness_start(PROBE "drain_timeout = 1h\n");
    struct raw_peer peer, asked;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "never", &peer);
    raw_peer_expect(&peer, 2, "echo x", "x");
    ask_soon(harness, drain_a, &asked);
    await_state(harness, "stopping");
    cr_expect(raw_peer_silent(&peer, 20));
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    expect_ok(&asked);
    cr_expect(harness_wait_log(harness, "terminate: stop", WAIT_MS));
    raw_peer_close(&peer);
    harness_stop(harness);
}

/* ---- signals ---- */

Test(drain, sigterm_of_anybody_ends_a_session_in_order)
{
    struct harness *harness =
        harness_start(PROBE "restart = temporary\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    cr_assert_eq(kill(pid, SIGTERM), 0);
    ask_until_gone(harness, "a");
    cr_expect(harness_wait_log(harness, "terminate: stop: \n", WAIT_MS));
    harness_stop(harness);
}

Test(drain, sigterm_during_init_ends_the_session_after_it)
{
    struct harness *harness =
        harness_start(HARNESS_FREE_CONFIG "restart = temporary\n");

    ask_start(harness, "a", "probe", "look 50");
    ask_until_gone(harness, "a");
    cr_expect(harness_wait_log(harness, "terminate: stop", WAIT_MS));
    harness_stop(harness);
}

/* However early it comes, it is not what kills a session. */
Test(drain, a_stop_during_the_start_is_no_death_by_sigterm)
{
    static const char start[] =
        "{\"op\":\"start\",\"id\":\"a\",\"module\":\"probe\"}";
    struct harness *harness = harness_start(PROBE);
    char *log;

    ask_started(harness, "warm", "probe", NULL);
    for (int i = 0; i < 200; i++) {
        struct raw_peer starting, stopping;
        struct raw_message reply;

        ask_soon(harness, start, &starting);
        ask_soon(harness, stop_a, &stopping);
        raw_peer_recv_reply(&stopping, 1, &reply);
        raw_message_fini(&reply);
        raw_peer_recv_reply(&starting, 1, &reply);
        raw_message_fini(&reply);
        raw_peer_close(&starting);
        raw_peer_close(&stopping);
        ask_stop(harness, "a");
    }
    log = harness_log(harness);
    cr_expect_null(strstr(log, "SIGTERM"), "%s", log);
    free(log);
    harness_stop(harness);
}

/* ---- goodbyes ---- */

Test(drain, an_end_of_the_runtime_s_own_says_goodbye_and_why)
{
    struct harness *harness =
        harness_start(PROBE "restart = temporary\n");
    struct raw_peer peer;
    char *log;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "stop", &peer);
    ask_until_gone(harness, "a");
    raw_peer_close(&peer);
    cr_expect(harness_wait_log(harness, "ended normally (asked to)", WAIT_MS));
    ask_started(harness, "b", "probe", NULL);
    session_send(harness, "b", "fail", &peer);
    ask_until_gone(harness, "b");
    raw_peer_close(&peer);
    ask_started(harness, "c", "probe", "stop");
    ask_until_gone(harness, "c");
    cr_expect(harness_wait_log(harness, "(in init)", WAIT_MS));
    log = harness_log(harness);
    cr_expect_null(strstr(log, "goodbye"), "%s", log);
    free(log);
    harness_stop(harness);
}

Test(drain, an_exit_of_the_module_s_own_says_none)
{
    static const char *const exits[] = {"exit 0", "_exit 0"};
    struct harness *harness =
        harness_start(PROBE "restart = temporary\n");

    for (int i = 0; i < 2; i++) {
        char id[] = {(char)('a' + i), '\0'}, line[64];
        struct raw_peer peer;

        ask_started(harness, id, "probe", NULL);
        session_send(harness, id, exits[i], &peer);
        ask_until_gone(harness, id);
        raw_peer_close(&peer);
        snprintf(line, sizeof line,
                 "session %s (probe): exit status 0, without a goodbye", id);
        cr_expect(harness_wait_log(harness, line, WAIT_MS));
    }
    harness_stop(harness);
}
