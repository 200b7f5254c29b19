/* SPDX-License-Identifier: MIT */
/* The holder reaps what it gets without being told, so that a number may be
 * another process's a moment later: each is killed by a pidfd, behind which it
 * was still seen to be a child of the holder. */
#define _GNU_SOURCE
#include "orphans.h"

#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "children.h"
#include "procfs.h"

#define ORPHANS_A_TURN 256
#define LOOK_AGAIN_MS 5

static void kill_orphan(pid_t holder, pid_t pid)
{
    struct procfs_stat stat;
    int pidfd = pidfd_open(pid, 0);

    if (pidfd < 0)
        return;
    if (procfs_stat(pid, &stat) && stat.parent == holder)
        pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    close(pidfd);
}

/* Whether there were any. */
static bool kill_some(pid_t holder)
{
    struct children children;
    unsigned count = 0;
    pid_t pid;

    if (children_open_of(&children, holder) < 0)
        return false;
    while (count < ORPHANS_A_TURN && (pid = children_next(&children)) > 0) {
        kill_orphan(holder, pid);
        count++;
    }
    children_close(&children);
    return count > 0;
}

void orphans_kill(struct orphans *orphans)
{
    static const struct timeval soon = {0, LOOK_AGAIN_MS * 1000};

    if (kill_some(orphans->holder))
        evtimer_add(&orphans->look_again, &soon);
}

static void on_look_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    orphans_kill(arg);
}

void orphans_init(struct orphans *orphans, struct event_base *base,
                  pid_t holder)
{
    orphans->holder = holder;
    evtimer_assign(&orphans->look_again, base, on_look_again, orphans);
}

void orphans_fini(struct orphans *orphans)
{
    event_del(&orphans->look_again);
}
