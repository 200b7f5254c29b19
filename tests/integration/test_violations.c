/* SPDX-License-Identifier: MIT */
/* What is only ever an attack ends who did it, the session's process or the
 * template, is counted once and is an event: of the session, or of no session
 * but of the module whose template it was.  The contract is broken by
 * support/odd_worker.c; forbidden system calls are tests/confinement's. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/asking.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/wait.h"

TestSuite(violations, .fini = leaks_check, .timeout = 120);

static struct harness *start_with(const char *oddity)
{
    char config[512];

    snprintf(config, sizeof config,
             "[supervisor]\nworker = " SP_TEST_ODD_WORKER "\n"
             "[module %s]\npath = " SP_TEST_ODD_WORKER "\n"
             "init_timeout = 1s\nstop_timeout = 200ms\nmax_restarts = 0\n",
             oddity);
    return harness_start(config);
}

static void expect_field(const json_t *event, const char *key,
                         const char *wanted)
{
    cr_expect_str_eq(json_string_value(json_object_get(event, key)), wanted,
                     "%s", key);
}

/* The latest of this session, or of a template. */
static void expect_violation(const struct harness *harness, const char *id,
                             const char *module, const char *kind,
                             const char *text)
{
    json_t *event = news_latest(harness, id, "violation");

    expect_field(event, "id", id);
    expect_field(event, "module", module);
    expect_field(event, "violation", kind);
    expect_field(event, "text", text);
    cr_expect_gt(json_integer_value(json_object_get(event, "pid")), 1);
    json_decref(event);
    cr_expect(harness_wait_log(harness, text, WAIT_MS));
}

/* ---- of sessions ---- */

Test(violations, of_a_session_on_its_start_socket_is_one_event_of_it)
{
    struct harness *harness = start_with("two-hellos");

    cr_expect_neq(ask_start(harness, "a", "two-hellos", NULL), SP_OK);
    expect_violation(harness, "a", "two-hellos", "contract",
                     "broke its contract with spd (a second hello): killed by "
                     "SIGKILL");
    news_expect(harness, "a", "start violation refusal");
    news_expect(harness, "", "");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    harness_stop(harness);
}

Test(violations, of_a_session_with_its_listener_is_one_event_of_it)
{
    struct harness *harness = harness_start(HARNESS_PROBE_CONFIG);

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "deafen");
    news_expect(harness, "a", "start ready violation crash restart ready");
    expect_violation(harness, "a", "probe", "listener",
                     "shut its listener down: killed by SIGKILL");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    cr_expect_eq(ask_counter(harness, "listeners_shut"), 1);
    harness_stop(harness);
}

Test(violations, of_a_session_that_suspends_itself_is_one_event_of_it)
{
    struct harness *harness = harness_start(HARNESS_FREE_CONFIG);

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    session_end_by(harness, "a", "freeze");
    expect_violation(harness, "a", "probe", "suspended",
                     "suspended itself: killed by SIGKILL");
    news_expect(harness, "b", "start ready");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    cr_expect_eq(ask_counter(harness, "suspended"), 1);
    harness_stop(harness);
}

/* ---- of templates ---- */

Test(violations, of_a_template_is_one_event_of_its_module_and_no_session_s)
{
    struct harness *harness = start_with("load-garbage");

    cr_expect_neq(ask_start(harness, "a", "load-garbage", NULL), SP_OK);
    expect_violation(harness, "", "load-garbage", "contract",
                     "broke its contract with spd (a malformed record): "
                     "killed");
    news_expect(harness, "", "violation");
    news_expect(harness, "a", "start refusal");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    harness_stop(harness);
}

Test(violations, of_a_template_on_a_start_socket_is_its_own)
{
    struct harness *harness = start_with("hello-itself");

    cr_expect_neq(ask_start(harness, "a", "hello-itself", NULL), SP_OK);
    expect_violation(harness, "", "hello-itself", "contract",
                     "broke its contract with spd (a hello that is no new "
                     "child's): killed");
    news_expect(harness, "", "violation");
    cr_expect_eq(ask_counter(harness, "violations"), 1);
    harness_stop(harness);
}
