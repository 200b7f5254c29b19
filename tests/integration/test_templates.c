/* SPDX-License-Identifier: MIT */
/* How long a template serves: until so many forks, so old, a crash of one of
 * its sessions, or for one session alone.  What is replaced is the template;
 * sessions that it has made go on. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(templates, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

/* ---- what sessions have in common ---- */

static bool tell_the_same(const struct harness *harness, const char *request,
                          const char *one, const char *other)
{
    char *first = session_call(harness, one, request);
    char *second = session_call(harness, other, request);
    bool same = strcmp(first, second) == 0;

    free(first);
    free(second);
    return same;
}

static void expect_addresses(const struct harness *harness, const char *one,
                             const char *other, bool same)
{
    cr_expect_eq(tell_the_same(harness, "address", one, other), same,
                 "addresses of %s and %s", one, other);
}

Test(templates, give_their_sessions_addresses_but_no_canary_in_common)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    expect_addresses(harness, "a", "b", true);
    /* 56 random bits each */
    cr_expect_not(tell_the_same(harness, "canary", "a", "b"));
    harness_stop(harness);
}

/* ---- a crash ---- */

static pid_t pid_of(const struct harness *harness, const char *id)
{
    struct session_facts facts;

    cr_assert_eq(ask_info(harness, id, &facts), SP_OK);
    return facts.pid;
}

Test(templates, are_replaced_when_a_session_crashes)
{
    struct harness *harness = harness_start(PROBE);
    pid_t sibling;

    ask_started(harness, "a", "probe", NULL);
    sibling = ask_started(harness, "b", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_restarted(harness, "a", 1);
    expect_addresses(harness, "a", "b", false);
    ask_started(harness, "c", "probe", NULL);
    expect_addresses(harness, "a", "c", true);
    cr_expect_eq(pid_of(harness, "b"), sibling);
    harness_stop(harness);
}

Test(templates, stay_when_a_crash_says_nothing_of_memory_or_is_not_to_count)
{
    struct harness *harness =
        harness_start(PROBE "[module lasting]\npath = @PROBE@\n"
                            "template_crash = no\n");
    pid_t template, lasting, session;

    session = ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "lasting", NULL);
    template = family_template(harness, "probe");
    lasting = family_template(harness, "lasting");
    kill(session, SIGKILL);
    ask_until_restarted(harness, "a", 1);
    session_end_by(harness, "a", "exit 7");
    ask_until_restarted(harness, "a", 2);
    session_end_by(harness, "b", "crash");
    ask_until_restarted(harness, "b", 1);
    cr_expect_eq(family_template(harness, "probe"), template);
    cr_expect_eq(family_template(harness, "lasting"), lasting);
    harness_stop(harness);
}

/* Of a generation that is no longer served: the next one has addresses of its
 * own already. */
Test(templates, are_not_replaced_for_a_crash_of_an_earlier_ones_session)
{
    struct harness *harness = harness_start(PROBE "restart = temporary\n");
    pid_t template;

    ask_started(harness, "old", "probe", NULL);
    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    ask_until_gone(harness, "a");
    ask_started(harness, "a", "probe", NULL);
    template = family_template(harness, "probe");
    session_end_by(harness, "old", "crash");
    ask_until_gone(harness, "old");
    ask_started(harness, "b", "probe", NULL);
    cr_expect_eq(family_template(harness, "probe"), template);
    harness_stop(harness);
}

/* ---- forks and time ---- */

static void start_some(const struct harness *harness, int from, int to)
{
    for (int i = from; i < to; i++) {
        char id[16];

        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, "probe", NULL);
    }
}

Test(templates, are_replaced_after_so_many_forks)
{
    struct harness *harness = harness_start(PROBE "template_forks = 3\n");
    struct balance balance;

    start_some(harness, 0, 3); /* its user takes a descriptor, for good */
    balance = balance_note(harness);
    start_some(harness, 3, 7);
    expect_addresses(harness, "s0", "s2", true);
    expect_addresses(harness, "s2", "s3", false);
    expect_addresses(harness, "s3", "s5", true);
    expect_addresses(harness, "s5", "s6", false);
    for (int i = 0; i < 7; i++) {
        char id[16];

        snprintf(id, sizeof id, "s%d", i);
        cr_expect_eq(ask_stop(harness, id), SP_OK);
    }
    balance_check(harness, &balance);
    harness_stop(harness);
}

struct aging {
    const struct harness *harness;
    pid_t first;
};

static bool another_serves(void *context)
{
    const struct aging *aging = context;

    ask_started(aging->harness, "a", "probe", NULL);
    ask_stop(aging->harness, "a");
    return family_template(aging->harness, "probe") != aging->first;
}

Test(templates, are_replaced_when_they_are_old)
{
    struct harness *harness = harness_start(PROBE "template_time = 1s\n");
    struct aging aging = {harness, 0};

    ask_started(harness, "a", "probe", NULL);
    aging.first = family_template(harness, "probe");
    ask_stop(harness, "a");
    cr_expect(wait_for(another_serves, &aging, WAIT_MS));
    harness_stop(harness);
}

/* ---- none ---- */

/* It is killed once it has forked, and counts until it is reaped. */
static bool no_template_is_left(void *context)
{
    return ask_counter(context, "templates") == 0;
}

Test(templates, none_give_each_session_its_own_addresses)
{
    struct harness *harness = harness_start(PROBE "template = none\n");

    start_some(harness, 0, 3);
    expect_addresses(harness, "s0", "s1", false);
    expect_addresses(harness, "s1", "s2", false);
    cr_expect(wait_for(no_template_is_left, harness, WAIT_MS));
    session_end_by(harness, "s1", "crash");
    ask_until_restarted(harness, "s1", 1);
    expect_addresses(harness, "s1", "s2", false);
    harness_stop(harness);
}

enum { AT_ONCE = 20 };

Test(templates, none_serve_starts_that_come_at_once)
{
    struct harness *harness = harness_start(PROBE "template = none\n");
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;

    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        char request[96];

        snprintf(request, sizeof request,
                 "{\"op\":\"start\",\"id\":\"s%u\",\"module\":\"probe\"}", i);
        raw_peer_send_request(&peer, i + 1, request, strlen(request));
    }
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        struct raw_message reply; /* in any order */
        const char *body;

        raw_peer_recv(&peer, &reply);
        body = (char *)reply.bytes + sizeof(uint32_t);
        cr_expect_not_null(strstr(body, "\"ok\":true"), "%s", body);
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
    cr_expect_eq(ask_counter(harness, "templates_started"), AT_ONCE);
    harness_stop(harness);
}
