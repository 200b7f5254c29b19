/* SPDX-License-Identifier: MIT */
/* Compares what spd says of itself with what the kernel says of it. */
#define _GNU_SOURCE
#include "balance.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/asking.h"
#include "support/family.h"
#include "support/raw_peer.h"
#include "support/wait.h"
#include "wire/control.h"

/* wire/template.h and registry: listener and pidfd; control socket and pidfd */
enum { FDS_A_SESSION = 2, FDS_A_TEMPLATE = 2, FDS_A_POOLED = 3 };

/* For what malloc keeps, and events and ends that are remembered.  A sanitizer
 * keeps whatever was freed. */
#ifdef __SANITIZE_ADDRESS__
enum { MEMORY_KB = 1 << 20 };
#else
enum { MEMORY_KB = 8 << 10 };
#endif

/* ---- what there is ---- */

struct count {
    long sessions, processes, pooled, templates; /* spd's own count */
    long waiting; /* those pooled that say so */
    long sockets;
    long children, zombies;
    long fds;
    long memory_kb;
};

static void count_child(pid_t pid, void *context)
{
    struct count *count = context;

    count->children++;
    count->zombies += family_state(pid) == 'Z';
}

static long count_sockets(const struct harness *harness)
{
    char path[128];
    long found = 0;
    DIR *dir;

    snprintf(path, sizeof path, "%s/sessions", harness_runtime_dir(harness));
    dir = opendir(path);
    cr_assert_not_null(dir, "%s", path);
    for (const struct dirent *entry; (entry = readdir(dir));)
        found += entry->d_name[0] != '.';
    closedir(dir);
    return found;
}

static long memory_kb(pid_t pid)
{
    char path[64], line[128];
    long kb = 0;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    cr_assert_not_null(status);
    while (fgets(line, sizeof line, status) &&
           sscanf(line, "VmRSS: %ld", &kb) != 1)
        continue;
    fclose(status);
    return kb;
}

static long gauge(const json_t *stats, const char *name)
{
    const json_t *row;
    long value = -1;
    size_t i;

    json_array_foreach (stats, i, row)
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
            value = (long)json_integer_value(json_object_get(row, "value"));
    cr_assert_geq(value, 0, "no %s in stats", name);
    return value;
}

/* On a connection that is open while descriptors are counted: those that were
 * closed before it was opened are so in spd, too. */
static struct count take_count(const struct harness *harness)
{
    static const char question[] = "{\"op\":\"stats\"}";
    struct count count = {0};
    char path[RUNDIR_PATH_SIZE];
    struct raw_message reply;
    struct raw_peer peer;
    json_t *answer;
    const json_t *stats;

    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, question, strlen(question));
    raw_peer_recv_reply(&peer, 1, &reply);
    answer = json_loadb((const char *)reply.bytes, reply.size, 0, NULL);
    stats = json_object_get(answer, "stats");
    count.sessions = gauge(stats, "sessions");
    count.processes = gauge(stats, "processes");
    count.pooled = gauge(stats, "pooled");
    count.templates = gauge(stats, "templates");
    count.fds = gauge(stats, "descriptors") - 1;
    json_decref(answer);
    raw_message_fini(&reply);
    count.waiting = (long)family_count(harness, FAMILY_POOLED);
    family_each(harness, count_child, &count);
    count.sockets = count_sockets(harness);
    count.memory_kb = memory_kb(harness_spd(harness));
    raw_peer_close(&peer);
    return count;
}

static struct balance work_out(const struct count *count)
{
    return (struct balance){
        .fds = count->fds - FDS_A_SESSION * count->sessions -
               FDS_A_TEMPLATE * count->templates -
               FDS_A_POOLED * count->pooled,
        .children = count->children - count->sessions - count->templates -
                    count->pooled,
        .memory_kb = count->memory_kb};
}

/* ---- the balance ---- */

struct wanted {
    const struct harness *harness;
    const struct balance *balance; /* NULL: not known yet */
    struct balance before;         /* the last look */
    struct count count;
};

/* A pool that is being filled is counted in parts: not twice in the same
 * way. */
static bool is_steady(struct wanted *wanted, const struct balance *now)
{
    bool steady = now->fds == wanted->before.fds &&
                  now->children == wanted->before.children;

    wanted->before = *now;
    return steady;
}

static bool is_even(void *context)
{
    struct wanted *wanted = context;
    struct count *count = &wanted->count;
    struct balance now;

    *count = take_count(wanted->harness);
    now = work_out(count);
    if (count->sessions != count->processes ||
        count->sessions != count->sockets || count->zombies > 0 ||
        count->pooled != count->waiting)
        return false;
    if (!wanted->balance)
        return is_steady(wanted, &now);
    return now.fds == wanted->balance->fds &&
           now.children == wanted->balance->children &&
           now.memory_kb <= wanted->balance->memory_kb + MEMORY_KB;
}

static struct balance expect_even(const struct harness *harness,
                                  const struct balance *balance)
{
    struct wanted wanted = {.harness = harness, .balance = balance};
    bool even = wait_for(is_even, &wanted, WAIT_MS);
    const struct count *count = &wanted.count;
    struct balance now = work_out(count);

    cr_assert(even,
              "%ld sessions, %ld processes, %ld sockets, %ld templates; %ld "
              "children, %ld zombies; %ld descriptors, %ld too many; %ld KiB",
              count->sessions, count->processes, count->sockets,
              count->templates, count->children, count->zombies, count->fds,
              balance ? now.fds - balance->fds : 0, count->memory_kb);
    return now;
}

struct balance balance_note(const struct harness *harness)
{
    ask_started(harness, "balance", NULL, NULL);
    cr_assert_eq(ask_stop(harness, "balance"), SP_OK);
    return expect_even(harness, NULL);
}

void balance_check(const struct harness *harness,
                   const struct balance *balance)
{
    expect_even(harness, balance);
}
