/* SPDX-License-Identifier: MIT */
/* How many sessions there may be, whose, and how fast they may be started. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/unprivileged.h"
#include "wire/control.h"

TestSuite(limits, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

/* A group has to have a name: one that Debian has, and nobody is in. */
#define GROUP "nogroup"
#define SHARED "[supervisor]\ngroup = " GROUP "\n"
#define USER "user " UNPRIVILEGED_TEXT

/* Connects as one of that group, who is neither root nor spd's user.  The
 * runtime directory lies in one that he may not search: it is entered first. */
static void open_as_other(const struct harness *harness,
                          struct raw_peer *out_peer)
{
    const struct group *group = getgrnam(GROUP);

    cr_assert_not_null(group);
    cr_assert_eq(chdir(harness_runtime_dir(harness)), 0);
    cr_assert_eq(setegid(group->gr_gid), 0);
    cr_assert_eq(seteuid(UNPRIVILEGED_ID), 0);
    raw_peer_open(out_peer, "control", WIRE_REQ);
    cr_assert_eq(seteuid(0), 0);
    cr_assert_eq(setegid(0), 0);
    cr_assert_eq(chdir("/"), 0);
}

static enum sp_error start_on(struct raw_peer *peer, const char *id,
                              char text[256])
{
    static uint32_t number;
    struct raw_message reply;
    enum sp_error error;
    json_t *object;
    char json[160];

    snprintf(json, sizeof json,
             "{\"op\":\"start\",\"id\":\"%s\",\"module\":\"probe\"}", id);
    raw_peer_send_request(peer, ++number, json, strlen(json));
    raw_peer_recv_reply(peer, number, &reply);
    text[0] = '\0';
    error = control_answer_decode(reply.bytes, reply.size, &object, text, 256);
    json_decref(object);
    raw_message_fini(&reply);
    return error;
}

static void expect_refused(struct raw_peer *peer, const char *id,
                           const char *why)
{
    char text[256];

    cr_expect_eq(start_on(peer, id, text), SP_ELIMIT, "%s: %s", id, text);
    cr_expect_not_null(strstr(text, why), "'%s' holds no '%s'", text, why);
}

static void expect_started(struct raw_peer *peer, const char *id)
{
    char text[256];

    cr_expect_eq(start_on(peer, id, text), SP_OK, "%s: %s", id, text);
}

/* ---- a module ---- */

Test(limits, of_a_module_hold_its_sessions_alone)
{
    struct harness *harness = harness_start(PROBE "max_sessions = 2\n");

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    ask_refused(harness, "c", "probe", NULL, SP_ELIMIT,
                "max_sessions = 2 of module probe are running");
    ask_started(harness, "d", "kv", NULL);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    ask_started(harness, "c", "probe", NULL);
    harness_stop(harness);
}

Test(limits, are_not_spent_by_a_double_start)
{
    struct harness *harness = harness_start(PROBE "max_sessions = 2\n");

    ask_started(harness, "a", "probe", NULL);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(ask_start(harness, "a", "probe", NULL), SP_EALREADY);
    ask_started(harness, "b", "probe", NULL);
    harness_stop(harness);
}

/* 200 at once passed a cap of 5 where the count is taken after the start. */
Test(limits, hold_two_hundred_starts_at_once)
{
    struct harness *harness = harness_start(
        "[supervisor]\nmax_sessions = 5\n" PROBE);
    struct raw_peer peer;
    char path[RUNDIR_PATH_SIZE];
    int started = 0;

    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    for (uint32_t i = 1; i <= 200; i++) {
        char json[160];

        snprintf(json, sizeof json,
                 "{\"op\":\"start\",\"id\":\"s%u\",\"module\":\"probe\"}", i);
        raw_peer_send_request(&peer, i, json, strlen(json));
    }
    for (int i = 0; i < 200; i++) {
        struct raw_message reply;

        raw_peer_recv(&peer, &reply);
        started += memmem(reply.bytes, reply.size, "\"ok\":true", 9) != NULL;
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
    cr_expect_eq(started, 5);
    cr_expect_eq(ask_count(harness), 5);
    harness_stop(harness);
}

/* ---- a module that never worked ---- */

Test(limits, slow_a_module_down_whose_sessions_all_fail)
{
    struct harness *harness = harness_start(
        PROBE "restart_delay = 1h\nmax_restart_delay = 1h\n");

    for (int i = 0; i < 4; i++)
        ask_refused(harness, "a", "probe", "crash", SP_EINIT, "SIGSEGV");
    ask_refused(harness, "a", "probe", NULL, SP_ELIMIT,
                "none of its sessions has ever worked (4 starts failed");
    ask_started(harness, "b", "kv", NULL); /* no other module is held */
    harness_stop(harness);
}

Test(limits, do_not_slow_a_module_down_that_has_worked)
{
    struct harness *harness = harness_start(
        PROBE "restart_delay = 1h\nmax_restart_delay = 1h\n");

    ask_started(harness, "b", "probe", NULL);
    for (int i = 0; i < 10; i++)
        ask_refused(harness, "a", "probe", "crash", SP_EINIT, "SIGSEGV");
    ask_started(harness, "a", "probe", NULL);
    harness_stop(harness);
}

/* ---- users ---- */

Test(limits, of_a_user_hold_his_sessions_and_not_the_administrators)
{
    struct harness *harness;
    struct raw_peer peer;

    if (geteuid() != 0)
        cr_skip("only root can play another user");
    harness = harness_start(SHARED "max_sessions_uid = 2\n" PROBE);
    open_as_other(harness, &peer);
    expect_started(&peer, "a");
    expect_started(&peer, "b");
    expect_refused(&peer, "c", "max_sessions_uid = 2 sessions of " USER);
    for (int i = 0; i < 4; i++)
        ask_started(harness, (char[]){'r', (char)('0' + i), 0}, "probe", NULL);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    expect_started(&peer, "c");
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(limits, of_a_users_rate_say_when_to_come_again)
{
    struct harness *harness;
    struct raw_peer peer;
    char text[256];
    int refused = 0;

    if (geteuid() != 0)
        cr_skip("only root can play another user");
    harness = harness_start(SHARED "start_rate = 2\n" PROBE);
    open_as_other(harness, &peer);
    for (int i = 0; i < 100 && refused == 0; i++) {
        char id[8];

        snprintf(id, sizeof id, "s%d", i);
        refused = start_on(&peer, id, text) == SP_ELIMIT;
    }
    cr_assert_eq(refused, 1);
    cr_expect_not_null(strstr(text, "start_rate = 2: " USER), "%s", text);
    ask_started(harness, "root", "probe", NULL);
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(limits, leave_a_reserve_of_sessions_for_the_administrator)
{
    struct harness *harness;
    struct raw_peer peer;

    if (geteuid() != 0)
        cr_skip("only root can play another user");
    harness = harness_start(
        SHARED "max_sessions = 4\nadmin_reserve = 2\n" PROBE);
    open_as_other(harness, &peer);
    expect_started(&peer, "a");
    expect_started(&peer, "b");
    expect_refused(&peer, "c", "less admin_reserve = 2");
    ask_started(harness, "r1", "probe", NULL);
    ask_started(harness, "r2", "probe", NULL);
    ask_refused(harness, "r3", "probe", NULL, SP_ELIMIT, "max_sessions = 4");
    raw_peer_close(&peer);
    harness_stop(harness);
}

/* Connections with something outstanding make no room for others. */
Test(limits, leave_a_reserve_of_connections_for_the_administrator)
{
    static const char wait[] =
        "{\"op\":\"events\",\"id\":\"nobody\",\"timeout_ms\":60000}";
    struct harness *harness;
    struct raw_peer waiting[4];

    if (geteuid() != 0)
        cr_skip("only root can play another user");
    harness = harness_start(
        SHARED "control_connections = 4\nadmin_reserve = 2\n" PROBE);
    for (int i = 0; i < 4; i++) {
        open_as_other(harness, &waiting[i]);
        raw_peer_send_request(&waiting[i], 1, wait, strlen(wait));
    }
    for (int i = 0; i < 4; i++)
        cr_expect(raw_peer_silent(&waiting[i], 0));
    ask_started(harness, "a", "probe", NULL);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    for (int i = 0; i < 4; i++)
        raw_peer_close(&waiting[i]);
    harness_stop(harness);
}
