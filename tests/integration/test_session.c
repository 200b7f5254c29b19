/* SPDX-License-Identifier: MIT */
/* The life of a session: started, called, ended.  What comes after an end that
 * nobody wanted is test_restart.c's. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(session, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

/* ---- start ---- */

static pid_t parent_of(pid_t pid)
{
    char path[64];
    int parent = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    cr_assert_not_null(file, "no process %d", (int)pid);
    cr_assert_eq(fscanf(file, "%*d (%*[^)]) %*c %d", &parent), 1);
    fclose(file);
    return parent;
}

Test(session, is_a_process_of_its_own_and_a_child_of_spd)
{
    struct harness *harness = harness_start(PROBE);
    pid_t a = ask_started(harness, "a", "probe", NULL);
    pid_t b = ask_started(harness, "b", "probe", NULL);
    char *told = session_call(harness, "a", "pid");

    cr_expect_neq(a, b);
    cr_expect_eq(atoi(told), a);
    cr_expect_eq(parent_of(a), harness_spd(harness));
    cr_expect_eq(parent_of(b), harness_spd(harness));
    free(told);
    harness_stop(harness);
}

Test(session, of_the_default_module_is_a_kv)
{
    struct harness *harness = harness_start(NULL);

    ask_started(harness, "a", NULL, NULL);
    session_expect(harness, "a", "incr n", "1");
    session_expect(harness, "a", "incr n", "2");
    harness_stop(harness);
}

Test(session, gets_its_argument)
{
    struct harness *harness = harness_start(NULL);

    ask_started(harness, "a", "counter", "41");
    session_expect(harness, "a", "incr", "42");
    harness_stop(harness);
}

Test(session, takes_what_it_has_forked_with_it)
{
    struct harness *harness = harness_start(HARNESS_FREE_CONFIG);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    char *told = session_call(harness, "a", "fork");

    cr_assert_gt(atoi(told), 1);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_expect(wait_pid_gone((pid_t)atoi(told), WAIT_MS));
    free(told);
    harness_stop(harness);
}

Test(session, module_finds_the_functions_of_the_headers_that_it_includes)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "names ok", "1 SP_ENOENT no such session");
    session_expect(harness, "a", "names a/b", "0 SP_ENOENT no such session");
    harness_stop(harness);
}

Test(session, has_a_state_that_no_other_session_sees)
{
    struct harness *harness = harness_start(NULL);

    ask_started(harness, "a", "kv", NULL);
    ask_started(harness, "b", "kv", NULL);
    session_expect(harness, "a", "put k in a", "");
    session_expect(harness, "b", "put k in b", "");
    session_expect(harness, "a", "get k", "in a");
    session_expect(harness, "b", "get k", "in b");
    harness_stop(harness);
}

Test(session, of_a_module_in_cxx_is_like_any_other)
{
    struct harness *harness =
        harness_start("[module cxx]\npath = " SP_TEST_CXX "\n");
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;

    ask_started(harness, "a", "cxx", "one");
    harness_session_path(harness, "a", path);
    raw_peer_open(&peer, path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, "\0SP>, two", 9);
    raw_peer_expect(&peer, 2, "", "one, two");
    raw_peer_close(&peer);
    harness_stop(harness);
}

/* ---- init that does not succeed ---- */

Test(session, that_init_declines_does_not_start)
{
    struct harness *harness = harness_start(PROBE);

    ask_refused(harness, "a", "probe", "ignore", SP_EIGNORED, "");
    cr_expect_eq(ask_count(harness), 0);
    harness_stop(harness);
}

Test(session, whose_init_fails_tells_why_in_printable_text)
{
    struct harness *harness = harness_start(PROBE);

    ask_refused(harness, "a", "probe", "fail no room\033[2J", SP_EINIT,
                "no room\\x1b[2J");
    harness_stop(harness);
}

Test(session, whose_init_crashes_tells_the_signal)
{
    struct harness *harness = harness_start(PROBE);

    ask_refused(harness, "a", "probe", "crash", SP_EINIT, "SIGSEGV");
    harness_stop(harness);
}

Test(session, whose_init_hangs_is_killed_after_its_time)
{
    struct harness *harness = harness_start(PROBE "init_timeout = 200ms\n");

    ask_refused(harness, "a", "probe", "hang", SP_EINIT, "");
    cr_expect_eq(ask_count(harness), 0);
    harness_stop(harness);
}

Test(session, id_of_a_failed_init_can_be_started_again_at_once)
{
    static const char *const bad[] = {"fail x", "ignore", "crash"};
    struct harness *harness = harness_start(PROBE);

    for (int i = 0; i < 30; i++) {
        cr_assert_neq(ask_start(harness, "a", "probe", bad[i % 3]), SP_OK);
        ask_started(harness, "a", "probe", NULL);
        cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    }
    harness_stop(harness);
}

Test(session, with_a_slow_init_delays_no_other)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer slow;
    struct raw_message reply;
    char path[RUNDIR_PATH_SIZE];
    static const char start[] =
        "{\"op\":\"start\",\"id\":\"slow\",\"module\":\"probe\","
        "\"arg\":\"slow 1000\"}";

    ask_started(harness, "warm", "probe", NULL);
    harness_control_path(harness, path);
    raw_peer_open(&slow, path, WIRE_REQ);
    raw_peer_send_request(&slow, 1, start, strlen(start));
    for (int i = 0; i < 10; i++) {
        ask_started(harness, "a", "probe", NULL);
        session_expect(harness, "a", "echo x", "x");
        cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    }
    cr_expect(raw_peer_silent(&slow, 0), "it was to be slow");
    raw_peer_recv_reply(&slow, 1, &reply);
    cr_expect_not_null(strstr((char *)reply.bytes, "true"));
    raw_message_fini(&reply);
    raw_peer_close(&slow);
    harness_stop(harness);
}

/* ---- calls and casts ---- */

Test(session, answers_later_without_holding_up_others)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer peer;
    struct raw_message reply;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "later 100 slow", &peer);
    raw_peer_expect(&peer, 2, "echo fast", "fast");
    raw_peer_recv_reply(&peer, 1, &reply);
    cr_expect_str_eq((char *)reply.bytes, "slow");
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(session, counter_answers_a_wait_once_the_number_is_reached)
{
    struct harness *harness = harness_start(NULL);
    struct raw_peer peer;
    struct raw_message reply;

    ask_started(harness, "a", "counter", NULL);
    session_send(harness, "a", "wait 2", &peer);
    session_expect(harness, "a", "incr", "1");
    cr_expect(raw_peer_silent(&peer, 0));
    session_expect(harness, "a", "incr", "2");
    raw_peer_recv_reply(&peer, 1, &reply);
    cr_expect_str_eq((char *)reply.bytes, "2");
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(session, drops_a_later_reply_to_a_client_that_has_gone)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    for (int i = 0; i < 10; i++) {
        struct raw_peer peer;

        session_send(harness, "a", "later 20 x", &peer);
        raw_peer_expect(&peer, 2, "echo x", "x");
        raw_peer_close(&peer);
    }
    session_expect(harness, "a", "block 50", "");
    session_expect(harness, "a", "later 30 here", "here");
    harness_stop(harness);
}

Test(session, answers_an_unknown_request_with_error_8_and_lives)
{
    struct harness *harness = harness_start(PROBE);
    char path[RUNDIR_PATH_SIZE];
    struct raw_message reply;

    ask_started(harness, "a", "probe", NULL);
    harness_session_path(harness, "a", path);
    raw_call(path, "dance", 5, &reply);
    cr_expect_arr_eq(reply.bytes, "\0SP!8 ", 6);
    raw_message_fini(&reply);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(session, handles_casts_and_calls_of_a_connection_in_their_order)
{
    struct harness *harness = harness_start(PROBE);
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    harness_session_path(harness, "a", path);
    raw_peer_open(&peer, path, WIRE_REQ);
    for (uint32_t i = 1; i <= 300; i++) {
        char count[16];

        raw_peer_send_request(&peer, 0, "\0SP>x", 5);
        snprintf(count, sizeof count, "%u", i);
        raw_peer_expect(&peer, i, "count", count);
    }
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(session, has_the_limits_that_its_module_is_configured_with)
{
    struct harness *harness =
        harness_start(PROBE "max_message = 1K\nmax_connections = 2\n");
    struct raw_peer peers[3];
    char path[RUNDIR_PATH_SIZE], body[1030];
    struct raw_message reply;
    uint8_t handshake[8];

    ask_started(harness, "a", "probe", NULL);
    harness_session_path(harness, "a", path);
    memset(body, 'x', sizeof body);
    memcpy(body, "echo ", 5);
    raw_call(path, body, 1024, &reply);
    cr_expect_eq(reply.size, 1019);
    raw_message_fini(&reply);
    raw_call(path, body, 1025, &reply);
    cr_expect_arr_eq(reply.bytes, "\0SP!17 ", 7);
    raw_message_fini(&reply);
    for (int i = 0; i < 2; i++) {
        raw_peer_open(&peers[i], path, WIRE_REQ);
        raw_peer_send_request(&peers[i], 1, "never", 5);
        raw_peer_expect(&peers[i], 2, "echo x", "x");
    }
    raw_peer_connect(&peers[2], path);
    wire_handshake_put(handshake, WIRE_REQ);
    raw_peer_try_send(&peers[2], handshake, sizeof handshake);
    cr_assert(wait_readable(peers[2].fd, WAIT_MS));
    cr_expect_leq(read(peers[2].fd, handshake, sizeof handshake), 0);
    for (int i = 0; i < 3; i++)
        raw_peer_close(&peers[i]);
    harness_stop(harness);
}

/* ---- end ---- */

Test(session, that_is_stopped_is_gone_with_its_process_and_its_socket)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    char path[RUNDIR_PATH_SIZE];

    harness_session_path(harness, "a", path);
    cr_assert_eq(access(path, F_OK), 0);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect(wait_pid_gone(pid, 0));
    cr_expect_neq(access(path, F_OK), 0);
    cr_expect_eq(ask_stop(harness, "a"), SP_ENOENT);
    cr_expect(harness_wait_log(harness, "terminate: stop", WAIT_MS));
    harness_stop(harness);
}

Test(session, can_be_stopped_by_its_pid)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;
    char json[64];

    snprintf(json, sizeof json, "{\"op\":\"stop\",\"pid\":%d}",
             (int)ask_started(harness, "a", "probe", NULL));
    ask_started(harness, "b", "probe", NULL);
    answer = ask(harness, json);
    cr_expect_eq(answer.error, SP_OK);
    answer_fini(&answer);
    answer = ask(harness, json);
    cr_expect_eq(answer.error, SP_ENOENT);
    answer_fini(&answer);
    cr_expect_eq(ask_count(harness), 1);
    harness_stop(harness);
}

/* spd itself, a template, and the test are no sessions. */
Test(session, pid_of_anything_else_stops_nothing)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pids[] = {0, getpid()};

    ask_started(harness, "a", "probe", NULL);
    pids[0] = harness_spd(harness);
    for (size_t i = 0; i < 2; i++) {
        struct answer answer;
        char json[64];

        snprintf(json, sizeof json, "{\"op\":\"stop\",\"pid\":%d}",
                 (int)pids[i]);
        answer = ask(harness, json);
        cr_expect_eq(answer.error, SP_ENOENT);
        answer_fini(&answer);
    }
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(session, that_does_not_stop_is_killed_and_delays_no_other)
{
    struct harness *harness = harness_start(PROBE "stop_timeout = 500ms\n");
    pid_t pid = ask_started(harness, "stuck", "probe", NULL);
    static const char stop[] = "{\"op\":\"stop\",\"id\":\"stuck\"}";
    struct raw_peer hung, stopping;
    struct raw_message reply;
    char path[RUNDIR_PATH_SIZE];

    session_send(harness, "stuck", "hang", &hung);
    harness_control_path(harness, path);
    raw_peer_open(&stopping, path, WIRE_REQ);
    raw_peer_send_request(&stopping, 1, stop, strlen(stop));
    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "echo x", "x");
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    raw_peer_recv_reply(&stopping, 1, &reply);
    cr_expect_not_null(strstr((char *)reply.bytes, "true"));
    cr_expect(wait_pid_gone(pid, 0));
    raw_message_fini(&reply);
    raw_peer_close(&stopping);
    raw_peer_close(&hung);
    harness_stop(harness);
}

Test(session, that_ends_normally_is_gone_for_good)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "stop", &peer);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    ask_until_gone(harness, "a");
    ask_started(harness, "b", "probe", NULL);
    session_expect(harness, "b", "reply-stop bye", "bye");
    ask_until_gone(harness, "b");
    harness_stop(harness);
}

Test(session, that_ends_lets_its_client_take_the_last_reply)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_message reply;
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "zeros 900000", &peer);
    raw_peer_send_request(&peer, 2, "stop", 4);
    raw_peer_recv_reply(&peer, 1, &reply);
    cr_expect_eq(reply.size, 900000);
    raw_message_fini(&reply);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    ask_until_gone(harness, "a");
    harness_stop(harness);
}

/* ---- log ---- */

Test(session, log_lines_name_the_session_and_are_printable)
{
    struct harness *harness = harness_start(PROBE);
    char *log;

    ask_started(harness, "alice", "probe", NULL);
    session_expect(harness, "alice", "log hello\033[2J", "");
    session_expect(harness, "alice", "stderr raw words\n", "");
    cr_assert(harness_wait_log(harness, "hello", WAIT_MS));
    cr_assert(harness_wait_log(harness, "raw words", WAIT_MS));
    log = harness_log(harness);
    cr_expect_null(strchr(log, '\033'));
    cr_expect_not_null(strstr(log, "alice"));
    free(log);
    harness_stop(harness);
}
