/* SPDX-License-Identifier: MIT */
/* Finds out who made a child that nobody has announced.  Called by reaper.c,
 * which finds the children; what follows for a template is module_brood.c's
 * business. */
#define _GNU_SOURCE
#include "strangers.h"

#include <stdint.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/log.h"
#include "catalog.h"
#include "counters.h"
#include "module.h"
#include "process.h"
#include "procfs.h"

/* So many sweeps, of which there are at most ten a second, may go by before a
 * flood is told of. */
#define REPORT_SWEEPS 20

/* What a start takes beside init_timeout, at most. */
#define START_MS 1000

/* The module that passes the test; NULL: none, or more than one. */
static struct module *only(const struct catalog *catalog,
                           bool (*passes)(const struct module *module, id_t id),
                           id_t id)
{
    struct module *found = NULL;
    struct module *module;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++) {
        if (!passes(module, id))
            continue;
        if (found)
            return NULL;
        found = module;
    }
    return found;
}

/* Several modules can be of one file. */
static struct module *only_mapped(const struct catalog *catalog, pid_t pid)
{
    static char maps[PROCFS_MAPS_MAX];
    size_t size = procfs_maps(pid, maps);
    struct module *found = NULL;
    struct module *module;

    for (size_t i = 0; (module = catalog_nth(catalog, i)); i++) {
        if (!module_is_mapped(module, maps, size))
            continue;
        if (found)
            return NULL;
        found = module;
    }
    return found;
}

/* *out_in_session: its process session has told. */
static struct module *find_module(const struct strangers *strangers, pid_t pid,
                                  pid_t session, bool *out_in_session)
{
    const struct catalog *catalog = strangers->catalog;
    struct module *module = only(catalog, module_leads_session, (id_t)session);

    *out_in_session = module != NULL;
    if (!module)
        module = only(catalog, module_has_uid, procfs_uid(pid));
    if (!module)
        module = only_mapped(catalog, pid);
    return module;
}

/* A session can have made it where it may fork.  Then it is in its process
 * session, which no template's child can be in. */
static enum stranger judge_session(struct process *process)
{
    process_kill(process, END_LIMIT_CHILD);
    return STRANGER_CONVICTED;
}

static enum stranger judge_module(struct module *module,
                                  const struct brood_child *child)
{
    switch (module_judge(module, child)) {
    case BROOD_AWAITED:
    case BROOD_OTHER:
        return STRANGER_WAITS;
    case BROOD_STILLBORN:
        return STRANGER_STILLBORN;
    case BROOD_STRANGER:
    case BROOD_CONDEMNED:
    case BROOD_LOST:
        break;
    }
    return STRANGER_CONVICTED;
}

/* Of a template that is no more, or of nobody knows whom. */
static enum stranger judge_untold(struct strangers *strangers,
                                  const struct brood_child *child)
{
    if (child->ended)
        return STRANGER_STILLBORN;
    if (!child->overdue)
        return STRANGER_WAITS;
    strangers->untold++;
    return STRANGER_CONVICTED;
}

/* Nobody waits for its hello any more.  By the modules that there are now: each
 * reload, and each end of a retired module, can change it. */
static bool is_overdue(const struct strangers *strangers,
                       const struct procfs_stat *stat)
{
    return procfs_age_ms(stat) >
           (int64_t)catalog_longest_init(strangers->catalog) + START_MS;
}

static enum stranger judge(struct strangers *strangers, pid_t pid,
                           const struct procfs_stat *stat, bool ended)
{
    struct process *process = process_find(strangers->table, stat->session);
    struct brood_child child = {
        .start_ticks = stat->start_ticks,
        .leads = stat->session == pid,
        .ended = ended,
        .overdue = is_overdue(strangers, stat)};
    enum stranger verdict = STRANGER_WAITS;
    struct module *module;

    if (process)
        return judge_session(process);
    module = find_module(strangers, pid, stat->session, &child.in_session);
    if (module)
        verdict = judge_module(module, &child);
    return verdict == STRANGER_WAITS ? judge_untold(strangers, &child)
                                     : verdict;
}

/* ---- those that are to be reaped yet ---- */

/* Else the next sweep would count it once more.  What it is known by: a number
 * alone can be another one's by then. */
struct doomed_child {
    pid_t pid;
    uint64_t start_ticks;
    bool seen; /* by this sweep */
    UT_hash_handle hh;
};

static void doom(struct strangers *strangers, pid_t pid, uint64_t start_ticks)
{
    struct doomed_child *child = calloc(1, sizeof *child);

    strangers->counters->strangers++;
    strangers->convicted++;
    if (!child)
        return; /* it is counted twice */
    child->pid = pid;
    child->start_ticks = start_ticks;
    child->seen = true;
    HASH_ADD(hh, strangers->doomed, pid, sizeof child->pid, child);
}

static void forget(struct strangers *strangers, struct doomed_child *child)
{
    HASH_DEL(strangers->doomed, child);
    free(child);
}

static bool is_doomed(struct strangers *strangers, pid_t pid,
                      uint64_t start_ticks)
{
    struct doomed_child *child;

    HASH_FIND(hh, strangers->doomed, &pid, sizeof pid, child);
    if (child && child->start_ticks != start_ticks) {
        forget(strangers, child);
        return false;
    }
    if (child)
        child->seen = true;
    return child != NULL;
}

/* keep: those that this sweep may have overlooked. */
static void forget_unseen(struct strangers *strangers, bool keep)
{
    struct doomed_child *child;
    struct doomed_child *next;

    HASH_ITER(hh, strangers->doomed, child, next)
    {
        if (!child->seen && !keep)
            forget(strangers, child);
        else
            child->seen = false;
    }
}

/* ---- all of it ---- */

enum stranger strangers_judge(struct strangers *strangers, pid_t pid,
                              bool ended)
{
    enum stranger verdict;
    struct procfs_stat stat;

    if (!procfs_stat(pid, &stat)) /* no descriptor is left, or no memory */
        return ended ? STRANGER_STILLBORN : STRANGER_WAITS;
    if (is_doomed(strangers, pid, stat.start_ticks))
        return STRANGER_CONVICTED;
    verdict = judge(strangers, pid, &stat, ended);
    if (verdict == STRANGER_CONVICTED)
        doom(strangers, pid, stat.start_ticks);
    return verdict;
}

static void report(struct strangers *strangers)
{
    struct module *module;

    for (size_t i = 0; (module = catalog_nth(strangers->catalog, i)); i++)
        module_report_strangers(module);
    if (strangers->untold > 0)
        log_warn("killed %u process%s which nobody has announced; who made %s "
                 "cannot be told",
                 strangers->untold, strangers->untold == 1 ? "" : "es",
                 strangers->untold == 1 ? "it" : "them");
    strangers->untold = strangers->loud = 0;
}

bool strangers_swept(struct strangers *strangers, bool reaped)
{
    bool again = strangers->convicted > 0 || reaped;

    if (strangers->convicted == 0 || ++strangers->loud >= REPORT_SWEEPS)
        report(strangers);
    forget_unseen(strangers, again);
    strangers->convicted = 0;
    return again;
}

void strangers_fini(struct strangers *strangers)
{
    struct doomed_child *child;
    struct doomed_child *next;

    HASH_ITER(hh, strangers->doomed, child, next)
        forget(strangers, child);
}
