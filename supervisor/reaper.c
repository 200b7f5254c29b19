/* SPDX-License-Identifier: MIT */
/* SIGCHLD and the sweep.  SIGCHLDs merge, so that none of them is counted:
 * each only says that it is worth looking.
 *
 * The end of a process that spd knows comes by its pidfd, and somebody waits
 * for what follows.  So the signal never interrupts that: it is blocked, and
 * stays pending, where others merge with it, until the next sweep begins. */
#define _GNU_SOURCE
#include "reaper.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "catalog.h"
#include "children.h"
#include "process.h"
#include "strangers.h"

#define SWEEP_PAUSE_MS 100
/* A sweep takes 30 ms with 9,000 children, and each child that ends asks for
 * one.  So a part of a sweep is followed by a rest that is longer than it by
 * this factor: few starts meet one, and none meets two. */
#define SWEEP_REST 50
/* Where there are strangers it must be faster than they are made. */
#define SWEEP_REST_STRANGERS 4
#define STRANGER_PAUSE_MS 1000 /* while one lives that may yet say hello */
#define SWEEP_A_TURN_MS 2

struct reaper {
    struct process_table *table; /* borrowed */
    struct strangers strangers;
    pid_t *inherited; /* owned; children that spd was started with */
    size_t inherited_count;
    struct children children; /* of the sweep that is going on */
    bool sweeping;
    bool stops;           /* this sweep is to look for stopped ones */
    int64_t rested_ms;    /* when the next one may begin */
    bool living;          /* this sweep has met a stranger that lives */
    bool reaped;          /* this sweep has reaped one, and so may have
                           * overlooked others (children.h) */
    bool found;           /* this part of it has convicted one */
    bool look_again;      /* there was a reason for another one meanwhile */
    int signal_fd;        /* owned; SIGCHLD is pending; -1 without one */
    struct event *signal; /* owned; that it has become pending */
    struct event *sweep;  /* owned */
};

/* ---- children ---- */

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

enum child { CHILD_LIVES, CHILD_HAS_ENDED, CHILD_OF_ANOTHER };

/* One that has ended is reaped, unless WNOWAIT is among options. */
static enum child check_child(pid_t pid, int options)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)pid, &info, WEXITED | options) < 0)
        return CHILD_OF_ANOTHER;
    return info.si_pid == pid ? CHILD_HAS_ENDED : CHILD_LIVES;
}

/* A child that has said hello, or that its template has told of, is to be known
 * as what it is. */
static enum stranger judge(struct reaper *reaper, pid_t pid, bool ended)
{
    enum stranger verdict;

    process_table_settle(reaper->table);
    catalog_settle(reaper->strangers.catalog);
    if (!is_stranger(reaper, pid))
        return STRANGER_WAITS;
    verdict = strangers_judge(&reaper->strangers, pid, ended);
    reaper->found |= verdict == STRANGER_CONVICTED;
    return verdict;
}

/* True: it lives, and is to be looked at again. */
static bool look_at(struct reaper *reaper, pid_t pid)
{
    switch (check_child(pid, WNOHANG | WNOWAIT)) {
    case CHILD_HAS_ENDED:
        if (!is_inherited(reaper, pid) &&
            judge(reaper, pid, true) == STRANGER_STILLBORN)
            log_debug("reaped child %d, which no session has", (int)pid);
        if (is_stranger(reaper, pid))
            reaper->reaped |= check_child(pid, WNOHANG) == CHILD_HAS_ENDED;
        return false;
    case CHILD_OF_ANOTHER: /* it was reaped since the list was made */
        return false;
    case CHILD_LIVES:
        break;
    }
    if (is_inherited(reaper, pid))
        return false;
    if (judge(reaper, pid, false) == STRANGER_CONVICTED) {
        kill(pid, SIGKILL); /* a child of ours, not reaped: its own pid */
        kill(-pid, SIGKILL); /* and its group, if it leads one */
    }
    return true;
}

/* ---- the sweep ---- */

static void sweep_timer(struct reaper *reaper, int64_t ms)
{
    struct timeval pause = {(time_t)(ms / 1000),
                            (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(reaper->sweep, &pause);
}

static void sweep_in(struct reaper *reaper, int64_t ms)
{
    int64_t rest_ms = reaper->rested_ms - clock_now_ms();

    if (reaper->sweeping)
        reaper->look_again = true;
    else if (!evtimer_pending(reaper->sweep, NULL))
        sweep_timer(reaper, rest_ms > ms ? rest_ms : ms);
}

/* A pidfd says nothing of a stop.  The kernel looks at one child after the
 * other to find one that has been stopped: once a sweep. */
static bool any_stopped(void)
{
    siginfo_t info = {0};

    return waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid > 0;
}

/* The kernel tells of each stop once.  A template that is stopped does not
 * answer in time, which is found out elsewhere. */
static void take_stop(const struct reaper *reaper, pid_t pid)
{
    struct process *process = process_find(reaper->table, pid);
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG) == 0 &&
        info.si_pid == pid && process)
        process_suspended(process);
}

/* What happens from here on makes it pending again. */
static void forget_signal(const struct reaper *reaper)
{
    struct signalfd_siginfo info;

    while (read(reaper->signal_fd, &info, sizeof info) > 0)
        continue;
}

static void sweep_begin(struct reaper *reaper)
{
    forget_signal(reaper);
    reaper->stops = any_stopped();
    reaper->living = reaper->reaped = reaper->look_again = false;
    reaper->sweeping = children_open(&reaper->children) == 0;
    if (!reaper->sweeping)
        log_warn("children that died before their hello stay: the kernel does "
                 "not list them: %s",
                 strerrordesc_np(errno));
}

static void sweep_end(struct reaper *reaper, int64_t rest_ms)
{
    children_close(&reaper->children);
    reaper->look_again |= strangers_swept(&reaper->strangers, reaper->reaped);
    reaper->sweeping = false;
    reaper->rested_ms = clock_now_ms() + rest_ms;
    if (reaper->look_again)
        sweep_in(reaper, SWEEP_PAUSE_MS);
    else if (reaper->living)
        sweep_in(reaper, STRANGER_PAUSE_MS);
}

/* False: there are no more children. */
static bool sweep_on(struct reaper *reaper)
{
    int64_t end_ms = clock_now_ms() + SWEEP_A_TURN_MS;

    reaper->found = false;
    do {
        pid_t pid = children_next(&reaper->children);

        if (pid == 0)
            return false;
        if (reaper->stops)
            take_stop(reaper, pid);
        if (is_stranger(reaper, pid) && look_at(reaper, pid))
            reaper->living = true;
    } while (clock_now_ms() < end_ms);
    return true;
}

/* CPU time, so that it is not the sweep's fault when others are busy. */
static int64_t spent_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A part of a sweep. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct reaper *reaper = arg;
    int64_t begun_us = spent_us();
    int64_t rest_ms;
    bool more;

    (void)fd;
    (void)what;
    if (!reaper->sweeping)
        sweep_begin(reaper);
    if (!reaper->sweeping)
        return;
    more = sweep_on(reaper);
    rest_ms = (spent_us() - begun_us) *
              (reaper->found ? SWEEP_REST_STRANGERS : SWEEP_REST) / 1000;
    if (more)
        sweep_timer(reaper, rest_ms);
    else
        sweep_end(reaper, rest_ms);
}

void reaper_look(struct reaper *reaper)
{
    if (!reaper->sweeping)
        event_del(reaper->sweep); /* it may be waiting for longer */
    sweep_in(reaper, SWEEP_PAUSE_MS);
}

static void on_sigchld(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    sweep_in(arg, SWEEP_PAUSE_MS);
}

/* ---- life ---- */

static sigset_t only_sigchld(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return set;
}

/* Edge-triggered: told once, though it stays pending.  -1 and errno. */
static int watch_sigchld(struct reaper *reaper, struct event_base *base)
{
    sigset_t child = only_sigchld();

    sigprocmask(SIG_BLOCK, &child, NULL);
    reaper->signal_fd = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
    if (reaper->signal_fd < 0)
        return -1;
    reaper->signal = event_new(base, reaper->signal_fd,
                               EV_READ | EV_PERSIST | EV_ET, on_sigchld,
                               reaper);
    return reaper->signal ? event_add(reaper->signal, NULL) : -1;
}

struct reaper *reaper_create(struct event_base *base,
                             struct process_table *table,
                             const struct catalog *catalog,
                             struct counters *counters)
{
    struct reaper *reaper = calloc(1, sizeof *reaper);

    if (!reaper)
        return NULL;
    reaper->table = table;
    reaper->strangers = (struct strangers){
        .catalog = catalog, .table = table, .counters = counters};
    reaper->inherited = children_list(&reaper->inherited_count);
    reaper->sweep = evtimer_new(base, on_sweep, reaper);
    if (watch_sigchld(reaper, base) < 0 || !reaper->sweep) {
        reaper_destroy(reaper);
        return NULL;
    }
    return reaper;
}

/* How many there are. */
static size_t kill_strangers(const struct reaper *reaper)
{
    size_t count, strangers = 0;
    pid_t *pids = children_list(&count);

    for (size_t i = 0; i < count; i++)
        if (is_stranger(reaper, pids[i]) && !is_inherited(reaper, pids[i])) {
            kill(pids[i], SIGKILL);
            strangers++;
        }
    free(pids);
    return strangers;
}

/* In the order in which they end: the holder of a pid namespace does so only
 * when all that are in it have been reaped.  They may make more meanwhile. */
static void end_strangers(const struct reaper *reaper)
{
    while (kill_strangers(reaper) > 0) {
        siginfo_t info = {0};

        if (waitid(P_ALL, 0, &info, WEXITED) < 0 && errno != EINTR)
            return;
        do
            info.si_pid = 0;
        while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 &&
               info.si_pid > 0);
    }
}

void reaper_destroy(struct reaper *reaper)
{
    sigset_t child = only_sigchld();

    if (!reaper)
        return;
    end_strangers(reaper);
    if (reaper->signal)
        event_free(reaper->signal);
    if (reaper->signal_fd >= 0)
        close(reaper->signal_fd);
    sigprocmask(SIG_UNBLOCK, &child, NULL);
    if (reaper->sweep)
        event_free(reaper->sweep);
    if (reaper->sweeping)
        children_close(&reaper->children);
    strangers_fini(&reaper->strangers);
    free(reaper->inherited);
    free(reaper);
}
