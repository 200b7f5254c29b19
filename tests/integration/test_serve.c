/* SPDX-License-Identifier: MIT */
/* What happens around a session's calls and casts: what is refused, told,
 * logged, and after how many of them a fresh process takes over. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(serve, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG
#define PATIENT PROBE "max_restarts = 16\nrestart_delay = 1ms\n"

static void open_req(const struct harness *harness, struct raw_peer *out_peer)
{
    char path[RUNDIR_PATH_SIZE];

    harness_session_path(harness, "a", path);
    raw_peer_open(out_peer, path, WIRE_REQ);
}

static void expect_reply(struct raw_peer *peer, uint32_t id, const char *body)
{
    struct raw_message reply;

    raw_peer_recv_reply(peer, id, &reply);
    cr_expect_str_eq((char *)reply.bytes, body);
    raw_message_fini(&reply);
}

static json_int_t number_of(const struct harness *harness, const char *key)
{
    struct answer answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    json_t *session = json_object_get(answer.object, "session");
    json_int_t value = json_integer_value(json_object_get(session, key));

    answer_fini(&answer);
    return value;
}

struct wanted {
    const struct harness *harness;
    const char *key;
    json_int_t value;
};

static bool has_number(void *context)
{
    const struct wanted *wanted = context;

    return number_of(wanted->harness, wanted->key) == wanted->value;
}

static void expect_number(const struct harness *harness, const char *key,
                          json_int_t value)
{
    struct wanted wanted = {harness, key, value};

    cr_expect(wait_for(has_number, &wanted, WAIT_MS), "%s is %d, not %d", key,
              (int)number_of(harness, key), (int)value);
}

struct replaced {
    const struct harness *harness;
    pid_t old;
};

static bool is_replaced(void *context)
{
    const struct replaced *replaced = context;
    struct session_facts facts;

    return ask_info(replaced->harness, "a", &facts) == SP_OK &&
           facts.pid > 0 && facts.pid != replaced->old &&
           strcmp(facts.state, "running") == 0;
}

static void await_replaced(const struct harness *harness, pid_t old)
{
    struct replaced replaced = {harness, old};

    cr_assert(wait_for(is_replaced, &replaced, WAIT_MS), "no fresh process");
}

/* ---- requests that ended a session ---- */

static void expect_error_21(struct raw_peer *peer, uint32_t id)
{
    struct raw_message reply;

    raw_peer_recv_reply(peer, id, &reply);
    cr_assert_geq(reply.size, 7);
    cr_expect_arr_eq(reply.bytes, "\0SP!21 ", 7);
    raw_message_fini(&reply);
}

/* Sends it on a connection of its own, which it costs. */
static void end_session(const struct harness *harness, uint32_t id,
                        const char *body, size_t size)
{
    pid_t old = (pid_t)number_of(harness, "pid");
    struct raw_peer peer;

    open_req(harness, &peer);
    raw_peer_send_request(&peer, id, body, size);
    cr_assert(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    await_replaced(harness, old);
}

Test(serve, a_request_that_ended_the_session_is_not_run_again)
{
    struct harness *harness = harness_start(PATIENT);
    struct raw_peer peer;
    pid_t pid;

    ask_started(harness, "a", "probe", NULL);
    end_session(harness, 7, "crash", 5);
    pid = (pid_t)number_of(harness, "pid");
    open_req(harness, &peer);
    for (int i = 0; i < 3; i++) {
        raw_peer_send_request(&peer, 7, "crash", 5);
        expect_error_21(&peer, 7);
    }
    raw_peer_expect(&peer, 7, "echo x", "x"); /* the id alone is no reason */
    raw_peer_close(&peer);
    cr_expect_eq(number_of(harness, "pid"), pid);
    cr_expect_eq(number_of(harness, "calls"), 1);
    end_session(harness, 8, "crash", 5); /* nor is the body */
    harness_stop(harness);
}

Test(serve, a_cast_that_ended_the_session_is_dropped_or_answered)
{
    struct harness *harness = harness_start(PATIENT);
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    end_session(harness, 7, "\0SP>crash", 9);
    end_session(harness, 8, "\0SP&crash", 9);
    open_req(harness, &peer);
    raw_peer_send_request(&peer, 7, "\0SP>crash", 9);
    raw_peer_send_request(&peer, 8, "\0SP&crash", 9);
    expect_error_21(&peer, 8);
    raw_peer_expect(&peer, 9, "count", "0");
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(serve, eight_requests_that_ended_a_session_are_remembered)
{
    struct harness *harness = harness_start(PATIENT);
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    for (uint32_t id = 1; id <= 8; id++)
        end_session(harness, id, "crash", 5);
    open_req(harness, &peer);
    for (uint32_t id = 1; id <= 8; id++) {
        raw_peer_send_request(&peer, id, "crash", 5);
        expect_error_21(&peer, id);
    }
    raw_peer_close(&peer);
    harness_stop(harness);
}

/* nng's REQ sends a request again when its connection ends. */
Test(serve, nng_s_own_resending_does_not_run_a_request_twice)
{
    struct harness *harness = harness_start(PATIENT);
    char path[RUNDIR_PATH_SIZE], url[RUNDIR_PATH_SIZE + 8];
    nng_socket socket;
    size_t size;
    char *reply;
    pid_t pid;

    leftovers_allow_sockets(1);
    pid = ask_started(harness, "a", "probe", NULL);
    harness_session_path(harness, "a", path);
    snprintf(url, sizeof url, "ipc://%s", path);
    cr_assert_eq(nng_req0_open(&socket), 0);
    cr_assert_eq(nng_setopt_ms(socket, NNG_OPT_REQ_RESENDTIME, 500), 0);
    cr_assert_eq(nng_setopt_ms(socket, NNG_OPT_RECVTIMEO, WAIT_MS), 0);
    cr_assert_eq(nng_dial(socket, url, NULL, 0), 0);
    cr_assert_eq(nng_send(socket, (char[]){"crash"}, 5, 0), 0);
    cr_assert_eq(nng_recv(socket, &reply, &size, NNG_FLAG_ALLOC), 0);
    cr_assert_geq(size, 7);
    cr_expect_arr_eq(reply, "\0SP!21 ", 7);
    nng_free(reply, size);
    nng_close(socket);
    nng_fini();
    await_replaced(harness, pid);
    cr_expect_eq(number_of(harness, "restarts"), 1);
    harness_stop(harness);
}

/* ---- what is told ---- */

Test(serve, info_counts_calls_casts_and_who_waits)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer peer, sub;
    char path[RUNDIR_PATH_SIZE];

    ask_started(harness, "a", "probe", NULL);
    harness_session_path(harness, "a", path);
    raw_peer_open(&sub, path, WIRE_SUB);
    open_req(harness, &peer);
    raw_peer_send_request(&peer, 1, "never", 5);
    raw_peer_send_request(&peer, 2, "\0SP>one", 7);
    raw_peer_expect(&peer, 3, "count", "1");
    cr_expect_eq(number_of(harness, "calls"), 2);
    cr_expect_eq(number_of(harness, "casts"), 1);
    cr_expect_eq(number_of(harness, "waiting"), 1);
    cr_expect_eq(number_of(harness, "subscribers"), 1);
    raw_peer_close(&peer);
    raw_peer_close(&sub);
    expect_number(harness, "waiting", 0);
    expect_number(harness, "subscribers", 0);
    harness_stop(harness);
}

static bool does(void *context)
{
    const struct wanted *wanted = context;
    struct answer answer =
        ask(wanted->harness, "{\"op\":\"info\",\"id\":\"a\"}");
    json_t *session = json_object_get(answer.object, "session");
    const char *doing = json_string_value(json_object_get(session, "doing"));
    bool is = doing && strcmp(doing, wanted->key) == 0;

    answer_fini(&answer);
    return is;
}

Test(serve, info_tells_what_is_running)
{
    static const char *const requests[] = {"hang", "\0SP>hang",
                                           "timer-block 60000", "stop"};
    static const char *const doing[] = {"a call", "a cast", "a timer",
                                        "terminate"};
    struct harness *harness = harness_start(PROBE "stop_timeout = 1m\n");

    for (size_t i = 0; i < 4; i++) {
        pid_t pid = ask_started(harness, "a", "probe", NULL);
        struct wanted wanted = {harness, doing[i], 0};
        struct raw_peer peer;

        open_req(harness, &peer);
        raw_peer_expect(&peer, 1, "stuck", "");
        raw_peer_send_request(&peer, 2, requests[i],
                              i == 1 ? 8 : strlen(requests[i]));
        cr_expect(wait_for(does, &wanted, WAIT_MS), "not in %s", doing[i]);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert(raw_peer_wait_closed(&peer, WAIT_MS));
        raw_peer_close(&peer);
        if (strcmp(doing[i], "terminate") != 0)
            await_replaced(harness, pid);
        ask_stop(harness, "a");
        ask_until_gone(harness, "a");
    }
    harness_stop(harness);
}

/* spd does not read while it is stopped: the log's socket fills up. */
Test(serve, lines_that_the_log_has_no_room_for_are_counted)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    open_req(harness, &peer);
    cr_assert_eq(kill(harness_spd(harness), SIGSTOP), 0);
    raw_peer_expect(&peer, 1, "logs 20000", "");
    cr_assert_eq(kill(harness_spd(harness), SIGCONT), 0);
    cr_expect_gt(number_of(harness, "log_dropped"), 0);
    raw_peer_close(&peer);
    harness_stop(harness);
}

/* ---- slow calls ---- */

Test(serve, a_slow_call_is_logged_with_its_request)
{
    struct harness *harness = harness_start(PROBE "slow_call = 500ms\n");
    struct raw_peer peer;
    char *log;

    ask_started(harness, "a", "probe", NULL);
    open_req(harness, &peer);
    raw_peer_expect(&peer, 1, "echo x", "x");
    raw_peer_expect(&peer, 0x1234, "block 600", "");
    cr_expect(harness_wait_log(harness, "slow call: ", WAIT_MS));
    cr_expect(harness_wait_log(harness, " ms (request 80001234)", WAIT_MS));
    raw_peer_send_request(&peer, 2, "\0SP>block 600", 13);
    cr_expect(harness_wait_log(harness, "(request 80000002)", WAIT_MS));
    session_cast(harness, "a", "block 600");
    cr_expect(harness_wait_log(harness, " ms\n", WAIT_MS)); /* no id */
    log = harness_log(harness);
    cr_expect_null(strstr(log, "80000001"), "%s", log);
    free(log);
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(serve, no_call_is_slow_unless_it_is_configured)
{
    struct harness *harness = harness_start(PROBE);
    char *log;

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "block 50", "");
    session_expect(harness, "a", "log last", "");
    cr_expect(harness_wait_log(harness, "last", WAIT_MS));
    log = harness_log(harness);
    cr_expect_null(strstr(log, "slow"), "%s", log);
    free(log);
    harness_stop(harness);
}

/* ---- a fresh process ---- */

Test(serve, a_fresh_process_takes_over_after_max_calls)
{
    struct harness *harness = harness_start(PROBE "max_calls = 3\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    for (int round = 0; round < 5; round++) {
        session_expect(harness, "a", "echo x", "x");
        cr_expect_eq(number_of(harness, "pid"), pid);
        session_expect(harness, "a", "echo y", "y");
        session_expect(harness, "a", "echo z", "z");
        await_replaced(harness, pid);
        pid = (pid_t)number_of(harness, "pid");
    }
    cr_expect(harness_wait_log(
        harness, "terminate: recycle: max_calls: 3 calls and casts", WAIT_MS));
    harness_stop(harness);
}

Test(serve, casts_count_for_max_calls)
{
    struct harness *harness = harness_start(PROBE "max_calls = 2\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    session_cast(harness, "a", "one");
    session_cast(harness, "a", "two");
    await_replaced(harness, pid);
    session_expect(harness, "a", "count", "0");
    harness_stop(harness);
}

/* More than max_calls at once: those that have arrived are answered, one
 * connection after the other; whoever was too late is told by its EPIPE. */
Test(serve, a_fresh_process_costs_no_request_that_has_arrived)
{
    struct harness *harness = harness_start(PROBE "max_calls = 5\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer peers[4];

    for (int i = 0; i < 4; i++)
        open_req(harness, &peers[i]);
    cr_assert_eq(kill(pid, SIGSTOP), 0);
    for (int i = 0; i < 4; i++)
        for (uint32_t id = 1; id <= 100; id++)
            raw_peer_send_request(&peers[i], id, "echo x", 6);
    cr_assert_eq(kill(pid, SIGCONT), 0);
    for (int i = 0; i < 4; i++) {
        for (uint32_t id = 1; id <= 100; id++)
            expect_reply(&peers[i], id, "x");
        cr_expect(raw_peer_wait_closed(&peers[i], WAIT_MS));
        raw_peer_close(&peers[i]);
    }
    await_replaced(harness, pid);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(serve, no_fresh_process_takes_over_while_a_call_waits)
{
    struct harness *harness = harness_start(PROBE "max_calls = 3\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer peer;

    open_req(harness, &peer);
    raw_peer_send_request(&peer, 1, "later 300 here", 14);
    for (uint32_t id = 2; id <= 10; id++)
        raw_peer_expect(&peer, id, "echo x", "x");
    cr_expect_eq(number_of(harness, "pid"), pid);
    expect_reply(&peer, 1, "here");
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    await_replaced(harness, pid);
    harness_stop(harness);
}

Test(serve, a_call_whose_client_has_gone_holds_up_no_fresh_process)
{
    struct harness *harness = harness_start(PROBE "max_calls = 2\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer peer;

    session_send(harness, "a", "never", &peer);
    raw_peer_expect(&peer, 2, "echo x", "x");
    raw_peer_close(&peer);
    await_replaced(harness, pid);
    harness_stop(harness);
}

/* It had arrived when the process was about to be replaced: who waits to be
 * accepted does not wait for it for ever. */
Test(serve, a_call_that_is_never_answered_delays_a_fresh_process_by_seconds)
{
    struct harness *harness = harness_start(PROBE "max_calls = 1\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer peer;

    open_req(harness, &peer);
    cr_assert_eq(kill(pid, SIGSTOP), 0);
    raw_peer_send_request(&peer, 1, "echo x", 6);
    raw_peer_send_request(&peer, 2, "never", 5);
    cr_assert_eq(kill(pid, SIGCONT), 0);
    expect_reply(&peer, 1, "x");
    session_expect(harness, "a", "echo y", "y"); /* served by its successor */
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(serve, a_fresh_process_takes_over_above_max_memory)
{
    struct harness *harness =
        harness_start(PROBE "max_memory_recycle = 64M\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    session_expect(harness, "a", "echo x", "x");
    session_expect(harness, "a", "echo x", "x");
    cr_expect_eq(number_of(harness, "pid"), pid);
    session_expect(harness, "a", "grow 80", "");
    await_replaced(harness, pid);
    cr_expect(harness_wait_log(
        harness, "terminate: recycle: max_memory_recycle: ", WAIT_MS));
    harness_stop(harness);
}
