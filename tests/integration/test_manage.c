/* SPDX-License-Identifier: MIT */
/* Sessions that are restarted, paused, signalled and waited for, in whatever
 * order. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(manage, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

/* Asks on a connection of its own; the answer is taken later. */
static void ask_soon(const struct harness *harness, const char *json,
                     struct raw_peer *out_peer)
{
    char path[RUNDIR_PATH_SIZE];

    harness_control_path(harness, path);
    raw_peer_open(out_peer, path, WIRE_REQ);
    raw_peer_send_request(out_peer, 1, json, strlen(json));
}

/* The error of the answer; 0 for "ok". */
static int answered(struct raw_peer *peer)
{
    struct raw_message reply;
    json_t *object;
    int error;

    raw_peer_recv_reply(peer, 1, &reply);
    object = json_loadb((char *)reply.bytes, reply.size, 0, NULL);
    cr_assert(json_is_object(object));
    error = json_is_true(json_object_get(object, "ok"))
                ? 0
                : (int)json_integer_value(json_object_get(object, "error"));
    json_decref(object);
    raw_message_fini(&reply);
    raw_peer_close(peer);
    return error;
}

static enum sp_error ask_error(const struct harness *harness, const char *op,
                               const char *id)
{
    struct answer answer;
    char json[160];

    snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"}", op, id);
    answer = ask(harness, json);
    answer_fini(&answer);
    return answer.error;
}

/* ---- restart ---- */

Test(manage, restart_gives_a_fresh_process_the_same_argument)
{
    struct harness *harness = harness_start(PROBE);
    pid_t before = ask_started(harness, "a", "counter", "100");
    struct answer answer;

    session_expect(harness, "a", "incr", "101");
    answer = ask(harness, "{\"op\":\"restart\",\"id\":\"a\"}");

    cr_expect_eq(answer.error, SP_OK);
    cr_expect_neq(answer.pid, before);
    cr_expect(wait_pid_gone(before, 0));
    answer_fini(&answer);
    session_expect(harness, "a", "get", "100");
    harness_stop(harness);
}

Test(manage, restart_is_told_to_the_module)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    cr_expect_eq(ask_error(harness, "restart", "a"), SP_OK);
    cr_expect(harness_wait_log(harness, "terminate: recycle: restart",
                               WAIT_MS));
    news_expect_text(harness, "a", "restart", "restarted on request");
    harness_stop(harness);
}

Test(manage, restarts_on_request_spend_no_budget)
{
    struct harness *harness = harness_start(PROBE "max_restarts = 1\n");

    ask_started(harness, "a", "probe", NULL);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(ask_error(harness, "restart", "a"), SP_OK);
    session_end_by(harness, "a", "crash");
    ask_until_restarted(harness, "a", 6);
    harness_stop(harness);
}

Test(manage, restart_ends_a_backoff)
{
    struct harness *harness =
        harness_start(PROBE "restart_delay = 1h\nmax_restart_delay = 1h\n");

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_restarted(harness, "a", 1);
    session_end_by(harness, "a", "crash"); /* and now waits for an hour */
    cr_expect_eq(ask_error(harness, "restart", "a"), SP_OK);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(manage, restart_of_a_process_that_does_not_end_kills_it)
{
    struct harness *harness = harness_start(PROBE "stop_timeout = 100ms\n");
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "hang", &peer);
    cr_expect_eq(ask_error(harness, "restart", "a"), SP_OK);
    session_expect(harness, "a", "echo x", "x");
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(manage, a_crash_before_a_restart_on_request_is_told)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer restart;

    session_expect(harness, "a", "stuck", "");
    ask_soon(harness, "{\"op\":\"restart\",\"id\":\"a\"}", &restart);
    cr_expect(harness_wait_log(harness, "terminate: recycle", WAIT_MS));
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_expect_eq(answered(&restart), SP_OK);
    news_expect(harness, "a", "start ready crash restart ready");
    harness_stop(harness);
}

Test(manage, stop_has_precedence_over_restart)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer restart, stop;

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "stuck", ""); /* it will not end by itself */
    ask_soon(harness, "{\"op\":\"restart\",\"id\":\"a\"}", &restart);
    cr_expect(harness_wait_log(harness, "terminate: recycle", WAIT_MS));
    ask_soon(harness, "{\"op\":\"stop\",\"id\":\"a\"}", &stop);
    cr_expect_eq(answered(&stop), SP_OK);
    cr_expect_eq(answered(&restart), SP_ENOENT);
    news_expect(harness, "a", "start ready stop");
    harness_stop(harness);
}

Test(manage, the_first_order_to_end_is_the_one_that_counts)
{
    struct harness *harness = harness_start(PROBE "stop_timeout = 500ms\n");
    struct raw_peer stop;
    char *log;

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "stuck", "");
    ask_soon(harness, "{\"op\":\"stop\",\"id\":\"a\"}", &stop);
    cr_expect(harness_wait_log(harness, "terminate: stop", WAIT_MS));
    harness_end_life(harness); /* a shutdown comes behind it */
    raw_peer_close(&stop);
    log = harness_log(harness);
    cr_expect_not_null(strstr(log, "gone: stopped on request"), "%s", log);
    free(log);
    harness_stop(harness);
}

/* ---- signals ---- */

Test(manage, a_signal_reaches_the_process)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;

    ask_started(harness, "a", "probe", NULL);
    answer = ask(harness,
                 "{\"op\":\"signal\",\"id\":\"a\",\"signal\":\"SIGUSR2\"}");
    cr_expect_eq(answer.error, SP_OK);
    answer_fini(&answer);
    news_expect_end(harness, "a", "crash", "signal", "SIGUSR2");
    harness_stop(harness);
}

Test(manage, a_session_without_a_process_cannot_be_signalled_or_paused)
{
    struct harness *harness =
        harness_start(PROBE "restart_delay = 1h\nmax_restart_delay = 1h\n");
    struct answer answer;

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_restarted(harness, "a", 1);
    session_end_by(harness, "a", "crash");
    news_expect(harness, "a", "start ready crash restart ready crash");
    answer = ask(harness,
                 "{\"op\":\"signal\",\"id\":\"a\",\"signal\":\"USR1\"}");
    cr_expect_eq(answer.error, SP_EAGAIN);
    answer_fini(&answer);
    cr_expect_eq(ask_error(harness, "pause", "a"), SP_EAGAIN);
    cr_expect_eq(ask_error(harness, "resume", "a"), SP_EAGAIN);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    harness_stop(harness);
}

Test(manage, a_paused_session_answers_when_it_goes_on)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_message reply;
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "echo x", &peer);
    raw_peer_recv_reply(&peer, 1, &reply);
    raw_message_fini(&reply);
    cr_expect_eq(ask_error(harness, "pause", "a"), SP_OK);
    raw_peer_send_request(&peer, 2, "echo y", 6);
    cr_expect(raw_peer_silent(&peer, 50));
    cr_expect_eq(ask_error(harness, "resume", "a"), SP_OK);
    raw_peer_recv_reply(&peer, 2, &reply);
    cr_expect_str_eq((char *)reply.bytes, "y");
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    harness_stop(harness);
}

/* ---- waiting ---- */

Test(manage, a_wait_is_over_when_it_is_so)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer ready, gone, restarted;

    ask_started(harness, "a", "probe", NULL);
    ask_soon(harness, "{\"op\":\"wait\",\"id\":\"a\"}", &ready);
    cr_expect_eq(answered(&ready), SP_OK);
    ask_soon(harness, "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"gone\"}", &gone);
    ask_soon(harness, "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"restarted\"}",
             &restarted);
    cr_expect(raw_peer_silent(&restarted, 0));
    session_end_by(harness, "a", "crash");
    cr_expect_eq(answered(&restarted), SP_OK);
    cr_expect(raw_peer_silent(&gone, 0));
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect_eq(answered(&gone), SP_OK);
    ask_soon(harness, "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"gone\"}", &gone);
    cr_expect_eq(answered(&gone), SP_OK);
    harness_stop(harness);
}

Test(manage, a_wait_for_what_cannot_come_any_more_says_so)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer restarted;

    ask_started(harness, "a", "probe", NULL);
    ask_soon(harness, "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"restarted\"}",
             &restarted);
    cr_expect(raw_peer_silent(&restarted, 0));
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect_eq(answered(&restarted), SP_ENOENT);
    cr_expect_eq(ask_error(harness, "wait", "a"), SP_ENOENT);
    harness_stop(harness);
}

Test(manage, a_wait_ends_with_its_time)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;

    ask_started(harness, "a", "probe", NULL);
    answer = ask(harness, "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"gone\","
                          "\"timeout_ms\":10}");
    cr_expect_eq(answer.error, SP_ETIMEDOUT);
    answer_fini(&answer);
    harness_stop(harness);
}

/* ---- every order ---- */

static bool is_legal(const char *op, int error)
{
    switch ((enum sp_error)error) {
    case SP_OK:
    case SP_ENOENT: /* it was gone already, or is going */
        return true;
    case SP_EALREADY:
        return strcmp(op, "start") == 0;
    case SP_EINIT: /* stopped while it started */
        return strcmp(op, "start") == 0;
    case SP_ELIMIT: /* stopped before it had a process */
        return strcmp(op, "start") == 0;
    case SP_EAGAIN: /* no process to be paused */
        return strcmp(op, "pause") == 0 || strcmp(op, "resume") == 0;
    default:
        return false;
    }
}

Test(manage, stops_starts_and_restarts_race_and_leave_nothing_over)
{
    static const char *const ops[] = {"start", "stop", "restart", "start",
                                      "pause", "resume", "stop"};
    enum { OPS = sizeof ops / sizeof ops[0], AT_ONCE = 12, ROUNDS = 60 };
    struct harness *harness = harness_start(PROBE "stop_timeout = 2s\n");
    unsigned seed = 1;

    for (int round = 0; round < ROUNDS; round++) {
        const char *asked[AT_ONCE];
        struct raw_peer peers[AT_ONCE];

        for (int i = 0; i < AT_ONCE; i++) {
            char json[128];

            asked[i] = ops[(unsigned)rand_r(&seed) % OPS];
            snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"s%d\"%s}",
                     asked[i], rand_r(&seed) % 2,
                     strcmp(asked[i], "start") == 0 ? ",\"module\":\"probe\""
                                                    : "");
            ask_soon(harness, json, &peers[i]);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            int error = answered(&peers[i]);

            cr_assert(is_legal(asked[i], error), "%s: %d", asked[i], error);
        }
    }
    for (int i = 0; i < 2; i++) {
        enum sp_error error = ask_stop(harness, i ? "s1" : "s0");

        cr_expect(error == SP_OK || error == SP_ENOENT);
    }
    cr_expect_eq(ask_count(harness), 0);
    harness_stop(harness); /* looks for what is left over */
}
