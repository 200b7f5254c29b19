/* SPDX-License-Identifier: MIT */
/* SIGCHLD and the sweep.  SIGCHLDs merge, so that none of them is counted:
 * each only says that it is worth looking. */
#define _GNU_SOURCE
#include "reaper.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "process.h"

#define SWEEP_PAUSE_MS 100

struct reaper {
    struct process_table *table; /* borrowed */
    reaper_known_fn *known;
    void *context;
    struct event *signal; /* owned */
    struct event *sweep;  /* owned */
};

static void reap_stranger(pid_t pid)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid == pid)
        log_info("reaped child %d, which no session has", (int)pid);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct reaper *reaper = arg;
    FILE *children;
    char path[64];
    int pid;

    (void)fd;
    (void)what;
    /* a child that has said hello is to be known as what it is */
    process_table_settle(reaper->table);
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    children = fopen(path, "re");
    if (!children) {
        log_warn("%s cannot be read: children that died before their hello "
                 "stay",
                 path);
        return;
    }
    while (fscanf(children, "%d", &pid) == 1)
        if (pid > 1 && !process_find(reaper->table, pid) &&
            !reaper->known(reaper->context, pid))
            reap_stranger(pid);
    fclose(children);
}

static void on_sigchld(evutil_socket_t number, short what, void *arg)
{
    static const struct timeval pause = {0, SWEEP_PAUSE_MS * 1000};
    struct reaper *reaper = arg;

    (void)number;
    (void)what;
    if (!evtimer_pending(reaper->sweep, NULL))
        evtimer_add(reaper->sweep, &pause);
}

struct reaper *reaper_create(struct event_base *base,
                             struct process_table *table,
                             reaper_known_fn *known, void *context)
{
    struct reaper *reaper = calloc(1, sizeof *reaper);

    if (!reaper)
        return NULL;
    reaper->table = table;
    reaper->known = known;
    reaper->context = context;
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
    if (!reaper)
        return;
    if (reaper->signal)
        event_free(reaper->signal);
    if (reaper->sweep)
        event_free(reaper->sweep);
    free(reaper);
}
