/* SPDX-License-Identifier: MIT */
/* Amounts: escapes 49, 50 and 60, and the limits that are in force, as the
 * kernel tells them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "support/asking.h"
#include "support/family.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TIER_SUITE(amounts);

static const struct kept_off rows[] = {
    {"memory_bomb", "ENOMEM", true, NULL},
    {"heap_bomb", "ENOMEM", true, NULL},
    {"lock_memory", "EPERM", true, "EPERM"},
    {"timer_bomb", "EPERM", false, NULL},
    {"signal_bomb", "EAGAIN EPERM", false, NULL},
};

SCENE_KEPT_OFF(amounts, rows)

/* No answer is right but its end.  The system's own limit is somewhere, too:
 * without a sandbox it would be no other. */
Test(amounts, of_stack_end_who_wants_more)
{
    struct scene scene;

    scene_open(&scene, "");
    ask_started(scene.harness, "b", "hostile", NULL);
    session_end_by(scene.harness, "b", "stack_bomb");
    ask_until_gone(scene.harness, "b");
    news_expect_end(scene.harness, "b", "crash", "signal", "SIGSEGV");
    scene_check(&scene);
    scene_close(&scene);
}

/* ---- time ---- */

#define BUSY 100

Test(amounts, of_time_are_left_to_a_sibling_of_busy_loops)
{
    struct raw_peer peers[BUSY];
    struct scene scene;

    scene_open(&scene, "stop_timeout = 100ms\n");
    for (int i = 0; i < BUSY; i++) {
        char id[16];

        snprintf(id, sizeof id, "busy%d", i);
        ask_started(scene.harness, id, "hostile", NULL);
        session_send(scene.harness, id, "busy", &peers[i]);
    }
    /* WAIT_MS is the deadline of each */
    for (int i = 0; i < 20; i++)
        session_expect(scene.harness, "sibling", "answer", "done");
    for (int i = 0; i < BUSY; i++)
        raw_peer_close(&peers[i]);
    scene_close(&scene);
}

/* ---- in force ---- */

/* What is ordered, as worker/sandbox/rlimits.c has it: the name in
 * /proc/PID/limits, a template's, a session's.  NOWHERE: not compared. */
#define NOWHERE (-1)

static const struct ordered {
    const char *name;
    long template, session;
} ordered[] = {
    {"Max address space", 64 << 20, 64 << 20},
    {"Max open files", 40 + 1, 40},
    {"Max file size", 0, 0},
    {"Max core file size", 0, 0},
    {"Max locked memory", 0, 0},
    {"Max msgqueue size", 0, 0},
    {"Max stack size", 1 << 20, 1 << 20},
    {"Max pending signals", 64, 64},
    {"Max cpu time", NOWHERE, 5},
    {"Max processes", NOWHERE, 0},
};
enum { ORDERED = sizeof ordered / sizeof ordered[0] };

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "re");
    cr_assert_not_null(file, "%s", path);
    return file;
}

/* Soft and hard alike, but for processor time, which has a second more. */
static void expect_limits(pid_t pid, bool session)
{
    FILE *limits = open_proc(pid, "limits");
    int found = 0;
    char line[256];

    while (fgets(line, sizeof line, limits))
        for (int i = 0; i < ORDERED; i++) {
            const struct ordered *row = &ordered[i];
            long wanted = session ? row->session : row->template;
            size_t size = strlen(row->name);
            long soft, hard;

            if (strncmp(line, row->name, size) != 0)
                continue;
            found++;
            if (wanted == NOWHERE)
                continue;
            cr_assert_eq(sscanf(line + size, "%ld %ld", &soft, &hard), 2, "%s",
                         line);
            cr_expect_eq(soft, wanted, "%s", line);
            cr_expect_eq(hard, strstr(line, "cpu") ? wanted + 1 : wanted, "%s",
                         line);
        }
    fclose(limits);
    cr_expect_eq(found, ORDERED);
}

/* Of /proc/PID/status: what stands behind a name, in one number system. */
static unsigned long long status_of(pid_t pid, const char *name, int base)
{
    FILE *status = open_proc(pid, "status");
    size_t size = strlen(name);
    unsigned long long value = ~0ull;
    char line[256];

    while (fgets(line, sizeof line, status))
        if (strncmp(line, name, size) == 0 && line[size] == ':')
            value = strtoull(line + size + 1, NULL, base);
    fclose(status);
    return value;
}

static void expect_groups_are_none(pid_t pid)
{
    FILE *status = open_proc(pid, "status");
    char line[256];

    while (fgets(line, sizeof line, status))
        if (strncmp(line, "Groups:", 7) == 0)
            cr_expect_eq(line[7 + strspn(line + 7, "\t \n")], '\0', "%s", line);
    fclose(status);
}

static void expect_rights(pid_t pid)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};

    cr_expect_eq(status_of(pid, "Seccomp", 10), 2);
    cr_expect_eq(status_of(pid, "Seccomp_filters", 10), 2);
    cr_expect_eq(status_of(pid, "NoNewPrivs", 10), 1);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(status_of(pid, sets[i], 16), 0, "%s", sets[i]);
    if (geteuid() == 0) {
        cr_expect_geq(status_of(pid, "Uid", 10), 1900000000);
        cr_expect_eq(status_of(pid, "Uid", 10), status_of(pid, "Gid", 10));
        expect_groups_are_none(pid);
    } else {
        cr_expect_eq(status_of(pid, "Uid", 10), geteuid());
    }
}

Test(amounts, in_force_are_those_that_are_ordered)
{
    struct scene scene;
    struct session_facts own;
    pid_t template;

    scene_open(&scene, "memory = 64M\nopen_files = 40\ncpu_seconds = 5\n");
    cr_assert_eq(ask_info(scene.harness, "a", &own), SP_OK);
    template = family_template(scene.harness, "hostile");
    expect_limits(own.pid, true);
    expect_limits(template, false);
    expect_rights(own.pid);
    expect_rights(template);
    scene_close(&scene);
}

Test(amounts, in_force_are_none_without_a_sandbox)
{
    struct scene scene;
    struct session_facts own;

    scene_open(&scene, "sandbox = none\n");
    cr_assert_eq(ask_info(scene.harness, "a", &own), SP_OK);
    cr_expect_eq(status_of(own.pid, "Seccomp", 10), 0);
    cr_expect_eq(status_of(own.pid, "NoNewPrivs", 10), 1);
    cr_expect_eq(status_of(own.pid, "Uid", 10), geteuid());
    scene_close(&scene);
}
