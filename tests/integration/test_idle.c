/* SPDX-License-Identifier: MIT */
/* Sessions that are idle, or live, for as long as they may. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(idle, .fini = leaks_check);

#define IDLE HARNESS_PROBE_CONFIG "idle_timeout = 1s\n"

/* Waits until `other`, which has nothing to do, has expired: so long that a
 * session that counts as idle must have, too. */
static void outlast(const struct harness *harness, const char *other)
{
    ask_started(harness, other, "probe", NULL);
    ask_until_gone(harness, other);
}

Test(idle, an_idle_session_ends_with_its_reason_and_one_event)
{
    struct harness *harness = harness_start(IDLE);
    int64_t started = clock_now_ms();

    ask_started(harness, "a", "probe", NULL);
    ask_until_gone(harness, "a");
    cr_expect_geq(clock_now_ms() - started, 1000);
    news_expect(harness, "a", "start ready expiry");
    news_expect_end(harness, "a", "expiry", "asked", "idle_timeout");
    cr_expect(harness_wait_log(harness, "terminate: expired: idle_timeout",
                               WAIT_MS));
    harness_stop(harness);
}

Test(idle, a_session_that_expired_is_not_just_not_found)
{
    struct harness *harness = harness_start(IDLE);
    struct answer answer;

    ask_started(harness, "a", "probe", NULL);
    ask_until_gone(harness, "a");
    answer = ask(harness, "{\"op\":\"touch\",\"id\":\"a\"}");
    cr_expect_eq(answer.error, SP_ENOENT);
    cr_expect_not_null(strstr(answer.text, "(expired: idle_timeout, "), "%s",
                       answer.text);
    answer_fini(&answer);
    harness_stop(harness);
}

Test(idle, a_busy_session_is_not_idle)
{
    struct harness *harness = harness_start(IDLE);
    struct raw_peer peer;
    struct raw_message reply;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "block 2600", &peer);
    outlast(harness, "b");
    raw_peer_recv_reply(&peer, 1, &reply);
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

Test(idle, a_session_that_owes_a_reply_is_not_idle)
{
    struct harness *harness = harness_start(IDLE);
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "never", &peer);
    outlast(harness, "b");
    session_expect(harness, "a", "echo x", "x");
    raw_peer_close(&peer); /* nobody waits for it any more */
    ask_until_gone(harness, "a");
    harness_stop(harness);
}

Test(idle, a_session_with_a_subscriber_is_not_idle_until_that_leaves)
{
    struct harness *harness = harness_start(IDLE);
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer subscriber;

    ask_started(harness, "a", "probe", NULL);
    harness_session_path(harness, "a", path);
    raw_peer_open(&subscriber, path, WIRE_SUB);
    outlast(harness, "b");
    session_expect(harness, "a", "echo x", "x");
    raw_peer_close(&subscriber);
    ask_until_gone(harness, "a");
    harness_stop(harness);
}

Test(idle, a_session_whose_own_timers_run_is_idle)
{
    struct harness *harness = harness_start(IDLE);

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "tick 100", "");
    ask_until_gone(harness, "a");
    news_expect(harness, "a", "start ready expiry");
    harness_stop(harness);
}

Test(idle, a_touch_or_a_call_begins_the_idle_time_anew)
{
    struct harness *harness = harness_start(IDLE);
    int64_t last;

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "c", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    do { /* for longer than b lives */
        last = clock_now_ms();
        ask_ok(harness, "{\"op\":\"touch\",\"id\":\"a\"}");
        session_expect(harness, "c", "echo x", "x");
    } while (ask_count(harness) == 3);
    ask_until_gone(harness, "a");
    cr_expect_geq(clock_now_ms() - last, 1000);
    ask_until_gone(harness, "c");
    harness_stop(harness);
}

Test(idle, a_session_ends_after_its_lifetime_whatever_it_does)
{
    struct harness *harness =
        harness_start(HARNESS_PROBE_CONFIG "max_lifetime = 1s\n");
    int64_t started = clock_now_ms();
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "never", &peer);
    ask_until_gone(harness, "a");
    cr_expect_geq(clock_now_ms() - started, 1000);
    raw_peer_close(&peer);
    news_expect(harness, "a", "start ready expiry");
    news_expect_end(harness, "a", "expiry", "asked", "max_lifetime");
    harness_stop(harness);
}

Test(idle, a_restart_does_not_begin_the_lifetime_anew)
{
    struct harness *harness =
        harness_start(HARNESS_PROBE_CONFIG "max_lifetime = 2s\n");
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "a", "crash", &peer);
    raw_peer_close(&peer);
    news_expect(harness, "a", "start ready crash restart ready expiry");
    harness_stop(harness);
}

Test(idle, is_off_unless_it_is_configured)
{
    struct harness *harness =
        harness_start(IDLE "[module kv]\n");

    ask_started(harness, "a", "kv", NULL);
    outlast(harness, "b");
    session_expect(harness, "a", "keys", "");
    harness_stop(harness);
}
