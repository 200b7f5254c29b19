/* SPDX-License-Identifier: MIT */
/* SIGCHLD and the sweep.  SIGCHLDs merge, so that none of them is counted:
 * each only says that it is worth looking. */
#define _GNU_SOURCE
#include "reaper.h"

#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "process.h"

#define SWEEP_PAUSE_MS 100
#define STRANGER_PAUSE_MS 1000 /* while one lives that may yet say hello */
#define SWEEP_A_TURN_MS 2

struct reaper {
    struct process_table *table; /* borrowed */
    int64_t patience_ms;
    pid_t *inherited; /* owned; children that spd was started with */
    size_t inherited_count;
    pid_t *pids; /* owned; of the sweep that is going on; NULL between two */
    size_t pid_count;
    size_t next;          /* in pids */
    bool strangers;       /* this sweep has met one that lives */
    bool look_again;      /* there was a reason for another one meanwhile */
    struct event *signal; /* owned */
    struct event *sweep;  /* owned */
};

/* ---- children ---- */

/* Our children, in an array that the caller frees.  NULL: none, or the kernel
 * does not tell. */
static pid_t *list_children(size_t *out_count)
{
    pid_t *pids = NULL;
    size_t room = 0;
    char path[64];
    FILE *children;
    int pid;

    *out_count = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    children = fopen(path, "re");
    if (!children) {
        log_warn("%s cannot be read: children that died before their hello "
                 "stay",
                 path);
        return NULL;
    }
    while (fscanf(children, "%d", &pid) == 1) {
        if (*out_count == room) {
            size_t more = room ? room * 2 : 64;
            pid_t *grown = realloc(pids, more * sizeof *pids);

            if (!grown)
                break;
            pids = grown;
            room = more;
        }
        pids[(*out_count)++] = (pid_t)pid;
    }
    fclose(children);
    return pids;
}

static bool is_stranger(const struct reaper *reaper, pid_t pid)
{
    const struct process_table *table = reaper->table;

    return pid > 1 && !process_find(table, pid) &&
           !table->is_template(table->context, pid);
}

static bool is_inherited(const struct reaper *reaper, pid_t pid)
{
    for (size_t i = 0; i < reaper->inherited_count; i++)
        if (reaper->inherited[i] == pid)
            return true;
    return false;
}

/* Since its start, as the kernel counts it; 0 if it does not tell. */
static int64_t age_ms(pid_t pid)
{
    unsigned long long start = 0; /* in ticks since the machine's start */
    int64_t tick_ms = 1000 / sysconf(_SC_CLK_TCK);
    struct timespec now;
    char line[1024];
    char path[32];
    const char *rest;
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stat = fopen(path, "re");
    if (!stat)
        return 0;
    rest = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
    fclose(stat);
    /* starttime is field 22; the name in brackets is field 2 */
    if (!rest ||
        sscanf(rest + 1,
               " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
               "%*s %*s %*s %*s %llu",
               &start) != 1)
        return 0;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 -
           (int64_t)start * tick_ms;
}

enum child { CHILD_LIVES, CHILD_HAS_ENDED, CHILD_OF_ANOTHER };

/* One that has ended is reaped, unless WNOWAIT is among options. */
static enum child check_child(pid_t pid, int options)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | options) < 0)
        return CHILD_OF_ANOTHER;
    return info.si_pid == pid ? CHILD_HAS_ENDED : CHILD_LIVES;
}

/* A child that has ended and has said hello before is to be known as what it
 * is. */
static void take_ended(const struct reaper *reaper, pid_t pid)
{
    process_table_settle(reaper->table);
    if (is_stranger(reaper, pid) &&
        check_child(pid, WNOHANG) == CHILD_HAS_ENDED)
        log_info("reaped child %d, which no session has", (int)pid);
}

/* True: it lives, and is to be looked at again. */
static bool look_at(const struct reaper *reaper, pid_t pid)
{
    switch (check_child(pid, WNOHANG | WNOWAIT)) {
    case CHILD_HAS_ENDED:
        take_ended(reaper, pid);
        return false;
    case CHILD_OF_ANOTHER: /* it was reaped since the list was made */
        return false;
    case CHILD_LIVES:
        break;
    }
    if (is_inherited(reaper, pid))
        return false;
    if (age_ms(pid) > reaper->patience_ms) {
        log_warn("killed child %d, which nobody has announced", (int)pid);
        kill(pid, SIGKILL); /* a child of ours, not reaped: its own pid */
    }
    return true;
}

/* ---- the sweep ---- */

static void sweep_in(struct reaper *reaper, int ms)
{
    struct timeval pause = {ms / 1000, ms % 1000 * 1000};

    if (reaper->pids)
        reaper->look_again = true;
    else if (!evtimer_pending(reaper->sweep, NULL))
        evtimer_add(reaper->sweep, &pause);
}

/* A pidfd says nothing of a stop; the kernel tells of each once.  A template
 * that is stopped does not answer in time, which is found out elsewhere. */
static void look_for_stopped(const struct reaper *reaper)
{
    siginfo_t info = {0};

    while (waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG) == 0 &&
           info.si_pid > 0) {
        struct process *process = process_find(reaper->table, info.si_pid);

        if (process)
            process_suspended(process);
        info.si_pid = 0;
    }
}

static void sweep_begin(struct reaper *reaper)
{
    look_for_stopped(reaper);
    reaper->pids = list_children(&reaper->pid_count);
    reaper->next = 0;
    reaper->strangers = reaper->look_again = false;
}

static void sweep_end(struct reaper *reaper)
{
    free(reaper->pids);
    reaper->pids = NULL;
    if (reaper->look_again)
        sweep_in(reaper, SWEEP_PAUSE_MS);
    else if (reaper->strangers)
        sweep_in(reaper, STRANGER_PAUSE_MS);
}

/* A part of a sweep. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval at_once = {0, 0};
    struct reaper *reaper = arg;
    int64_t end_ms = clock_now_ms() + SWEEP_A_TURN_MS;

    (void)fd;
    (void)what;
    if (!reaper->pids)
        sweep_begin(reaper);
    while (reaper->pids && reaper->next < reaper->pid_count) {
        pid_t pid = reaper->pids[reaper->next++];

        if (is_stranger(reaper, pid) && look_at(reaper, pid))
            reaper->strangers = true;
        if (clock_now_ms() >= end_ms) {
            evtimer_add(reaper->sweep, &at_once);
            return;
        }
    }
    sweep_end(reaper);
}

void reaper_set_patience(struct reaper *reaper, int64_t patience_ms)
{
    reaper->patience_ms = patience_ms;
}

void reaper_look(struct reaper *reaper)
{
    if (!reaper->pids)
        event_del(reaper->sweep); /* it may be waiting for longer */
    sweep_in(reaper, SWEEP_PAUSE_MS);
}

static void on_sigchld(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    sweep_in(arg, SWEEP_PAUSE_MS);
}

/* ---- life ---- */

struct reaper *reaper_create(struct event_base *base,
                             struct process_table *table, int64_t patience_ms)
{
    struct reaper *reaper = calloc(1, sizeof *reaper);

    if (!reaper)
        return NULL;
    reaper->table = table;
    reaper->patience_ms = patience_ms;
    reaper->inherited = list_children(&reaper->inherited_count);
    reaper->signal = evsignal_new(base, SIGCHLD, on_sigchld, reaper);
    reaper->sweep = evtimer_new(base, on_sweep, reaper);
    if (!reaper->signal || !reaper->sweep ||
        evsignal_add(reaper->signal, NULL) < 0) {
        reaper_destroy(reaper);
        return NULL;
    }
    return reaper;
}

void reaper_destroy(struct reaper *reaper)
{
    size_t count;
    pid_t *pids;

    if (!reaper)
        return;
    pids = list_children(&count);
    for (size_t i = 0; i < count; i++)
        if (is_stranger(reaper, pids[i]) && !is_inherited(reaper, pids[i])) {
            kill(pids[i], SIGKILL);
            check_child(pids[i], 0);
        }
    free(pids);
    if (reaper->signal)
        event_free(reaper->signal);
    if (reaper->sweep)
        event_free(reaper->sweep);
    free(reaper->pids);
    free(reaper->inherited);
    free(reaper);
}
