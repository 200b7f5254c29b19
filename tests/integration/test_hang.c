/* SPDX-License-Identifier: MIT */
/* Sessions that hang, stand still, or do not listen. */
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

TestSuite(hang, .fini = leaks_check);

#define LIMIT HARNESS_PROBE_CONFIG "call_limit = 200ms\n"

Test(hang, beyond_call_limit_ends_the_process_and_the_policy_decides)
{
    struct harness *harness = harness_start(LIMIT);

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "spin");
    news_expect(harness, "a", "start ready crash restart ready");
    news_expect_end(harness, "a", "crash", "limit", "call_limit");
    news_expect_end(harness, "a", "crash", "signal", "SIGKILL");
    news_expect_end(harness, "a", "crash", "doing", "a call");
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(hang, in_a_cast_or_a_timer_is_one_too)
{
    struct harness *harness = harness_start(LIMIT);

    ask_started(harness, "a", "probe", NULL);
    session_cast(harness, "a", "spin");
    news_expect(harness, "a", "start ready crash restart ready");
    news_expect_end(harness, "a", "crash", "doing", "a cast");
    ask_started(harness, "b", "probe", NULL);
    session_expect(harness, "b", "timer-block 100000", "");
    news_expect(harness, "b", "start ready crash restart ready");
    news_expect_end(harness, "b", "crash", "doing", "a timer");
    harness_stop(harness);
}

Test(hang, ends_by_sigabrt_where_that_is_configured)
{
    struct harness *harness = harness_start(LIMIT "call_limit_ends = abort\n");

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "spin");
    news_expect_end(harness, "a", "crash", "signal", "SIGABRT");
    news_expect_end(harness, "a", "crash", "limit", "call_limit");
    harness_stop(harness);
}

Test(hang, that_blocks_sigabrt_ends_by_sigkill)
{
    struct harness *harness = harness_start(LIMIT "call_limit_ends = abort\n");

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "deaf", "");
    session_end_by(harness, "a", "spin");
    news_expect_end(harness, "a", "crash", "signal", "SIGKILL");
    news_expect_end(harness, "a", "crash", "limit", "call_limit");
    harness_stop(harness);
}

Test(hang, is_none_where_no_limit_is_configured)
{
    struct harness *harness = harness_start(LIMIT "[module kv]\n[module slow]\n"
                                                  "path = @PROBE@\n");
    struct raw_peer peer;
    struct raw_message reply;

    ask_started(harness, "a", "slow", NULL);
    session_send(harness, "a", "block 1000", &peer);
    ask_started(harness, "b", "probe", NULL);
    session_end_by(harness, "b", "spin");
    raw_peer_recv_reply(&peer, 1, &reply);
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    news_expect(harness, "a", "start ready");
    harness_stop(harness);
}

Test(hang, is_not_what_many_short_calls_are)
{
    struct harness *harness = harness_start(LIMIT);

    ask_started(harness, "a", "probe", NULL);
    for (int i = 0; i < 12; i++)
        session_expect(harness, "a", "block 50", "");
    news_expect(harness, "a", "start ready");
    harness_stop(harness);
}

Test(hang, of_one_session_is_not_felt_by_another)
{
    struct harness *harness = harness_start(LIMIT);
    char pid[16];

    ask_started(harness, "a", "probe", NULL);
    snprintf(pid, sizeof pid, "%d",
             (int)ask_started(harness, "b", "probe", NULL));
    session_end_by(harness, "a", "spin");
    session_expect(harness, "b", "pid", pid);
    news_expect(harness, "b", "start ready");
    harness_stop(harness);
}

/* ---- standing still ---- */

Test(hang, a_session_that_suspends_itself_is_ended)
{
    struct harness *harness = harness_start(HARNESS_FREE_CONFIG);

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "freeze");
    news_expect(harness, "a", "start ready violation crash restart ready");
    news_expect_end(harness, "a", "crash", "limit", "suspended");
    harness_stop(harness);
}

Test(hang, a_session_that_blocks_all_signals_is_ended_by_a_stop)
{
    struct harness *harness =
        harness_start(HARNESS_PROBE_CONFIG "stop_timeout = 100ms\n");

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "deaf", "");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    news_expect(harness, "a", "start ready stop");
    news_expect_end(harness, "a", "stop", "limit", "stop_timeout");
    harness_stop(harness);
}

static bool is_in_a_call(void *context)
{
    struct answer answer = ask(context, "{\"op\":\"info\",\"id\":\"a\"}");
    const json_t *session = json_object_get(answer.object, "session");
    const char *doing = json_string_value(json_object_get(session, "doing"));
    bool is = doing && strcmp(doing, "a call") == 0;

    answer_fini(&answer);
    return is;
}

Test(hang, a_paused_session_is_none_and_goes_on)
{
    struct harness *harness =
        harness_start(HARNESS_PROBE_CONFIG "call_limit = 2s\n");
    struct raw_peer peer;
    struct raw_message reply;

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    session_send(harness, "a", "block 3000", &peer);
    cr_assert(wait_for(is_in_a_call, harness, WAIT_MS));
    ask_ok(harness, "{\"op\":\"pause\",\"id\":\"a\"}");
    session_end_by(harness, "b", "spin"); /* the watchdog has looked */
    news_expect(harness, "a", "start ready");
    ask_ok(harness, "{\"op\":\"resume\",\"id\":\"a\"}");
    raw_peer_recv_reply(&peer, 1, &reply);
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    news_expect(harness, "a", "start ready");
    harness_stop(harness);
}

Test(hang, a_paused_session_can_be_stopped_in_order)
{
    struct harness *harness = harness_start(HARNESS_PROBE_CONFIG);

    ask_started(harness, "a", "probe", NULL);
    ask_ok(harness, "{\"op\":\"pause\",\"id\":\"a\"}");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    news_expect_end(harness, "a", "stop", "limit", "");
    cr_expect(harness_wait_log(harness, "terminate: stop", WAIT_MS));
    harness_stop(harness);
}
