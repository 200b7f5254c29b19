/* SPDX-License-Identifier: MIT */
/* What is known of an end: how, why, who asked, how long it lived, what it used
 * and what it was in the middle of. */
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

TestSuite(causes, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

/* A number of the end that this event tells. */
static json_int_t number(const struct harness *harness, const char *id,
                         const char *kind, const char *key)
{
    json_t *event = news_latest(harness, id, kind);
    const json_t *value = json_object_get(json_object_get(event, "end"), key);
    json_int_t result = json_integer_value(value);

    cr_expect(json_is_integer(value), "no %s", key);
    json_decref(event);
    return result;
}

Test(causes, of_a_crash_in_a_call_are_its_signal_and_the_call)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    session_expect(harness, "a", "echo x", "x");
    session_cast(harness, "a", "one");
    session_expect(harness, "a", "count", "1");
    session_end_by(harness, "a", "crash");
    news_expect_end(harness, "a", "crash", "signal", "SIGSEGV");
    news_expect_end(harness, "a", "crash", "doing", "a call");
    news_expect_end(harness, "a", "crash", "limit", "");
    news_expect_end(harness, "a", "crash", "asked", "");
    cr_expect_eq(number(harness, "a", "crash", "pid"), pid);
    cr_expect_eq(number(harness, "a", "crash", "code"), SIGSEGV);
    cr_expect_eq(number(harness, "a", "crash", "calls"), 3);
    cr_expect_eq(number(harness, "a", "crash", "casts"), 1);
    cr_expect_eq(number(harness, "a", "crash", "by_uid"), -1);
    harness_stop(harness);
}

Test(causes, of_a_kill_between_two_calls_are_no_call)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);

    session_expect(harness, "a", "echo x", "x");
    cr_assert_eq(kill(pid, SIGKILL), 0);
    news_expect_end(harness, "a", "crash", "signal", "SIGKILL");
    news_expect_end(harness, "a", "crash", "doing", "");
    news_expect_end(harness, "a", "crash", "text", "killed by SIGKILL");
    harness_stop(harness);
}

Test(causes, hold_what_the_process_has_used)
{
    struct harness *harness = harness_start(PROBE "call_limit = 300ms\n");

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "grow 24", "");
    session_end_by(harness, "a", "spin");
    cr_expect_geq(number(harness, "a", "crash", "peak_kb"), 24 * 1024);
    cr_expect_geq(number(harness, "a", "crash", "cpu_ms"), 10);
    cr_expect_geq(number(harness, "a", "crash", "lived_ms"), 300);
    cr_expect_geq(number(harness, "a", "crash", "doing_ms"), 300);
    cr_expect_lt(number(harness, "a", "crash", "doing_ms"), WAIT_MS);
    harness_stop(harness);
}

Test(causes, of_an_end_by_the_module_are_its_own_words)
{
    struct harness *harness = harness_start(PROBE "restart = temporary\n");

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "fail");
    news_expect_end(harness, "a", "crash", "reason", "asked to");
    harness_stop(harness);
}

Test(causes, are_told_of_a_session_that_is_gone)
{
    struct harness *harness = harness_start(PROBE "max_restarts = 0\n");
    struct answer answer;
    const json_t *session;

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_gone(harness, "a");
    answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    session = json_object_get(answer.object, "session");
    cr_expect_str_eq(json_string_value(json_object_get(session, "state")),
                     "gone");
    cr_expect_eq(json_integer_value(json_object_get(session, "pid")), 0);
    cr_expect_eq(
        strncmp(json_string_value(json_object_get(session, "fate")),
                "given up after 0 restarts; last: killed by SIGSEGV", 50),
        0);
    cr_expect(json_is_object(json_object_get(session, "end")));
    answer_fini(&answer);
    harness_stop(harness);
}

Test(causes, are_waited_for_by_who_has_seen_his_connection_end)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    answer = ask(harness, "{\"op\":\"cause\",\"id\":\"a\",\"since_ms\":60000}");
    cr_expect_eq(answer.error, SP_OK);
    cr_expect_eq(strncmp(json_string_value(
                             json_object_get(answer.object, "text")),
                         "killed by SIGSEGV in a call", 27),
                 0);
    answer_fini(&answer);
    harness_stop(harness);
}

Test(causes, of_a_session_that_lives_are_none)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;

    ask_started(harness, "a", "probe", NULL);
    answer = ask(harness, "{\"op\":\"cause\",\"id\":\"a\"}");
    cr_expect_eq(answer.error, SP_OK);
    cr_expect_null(json_object_get(answer.object, "end"));
    answer_fini(&answer);
    answer = ask(harness, "{\"op\":\"cause\",\"id\":\"nobody\"}");
    cr_expect_eq(answer.error, SP_OK);
    cr_expect_null(json_object_get(answer.object, "end"));
    answer_fini(&answer);
    harness_stop(harness);
}
