/* SPDX-License-Identifier: MIT */
/* Hygiene: descriptors by explicit list, own process session, a death link, no
 * new privileges, no core files.  spd has already given the template an empty
 * environment and its descriptors; see wire/template.h. */
#define _GNU_SOURCE
#include "hygiene.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/death.h"
#include "wire/template.h"

int hygiene_template(pid_t parent)
{
    struct rlimit no_core = {0, 0};

    if (death_link(parent) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || chdir("/") < 0 ||
        close_range(WORKER_FILTERS_FD + 1, ~0U, 0) < 0)
        return -1;
    umask(077);
    return setsid() < 0 && errno != EPERM ? -1 : 0;
}

/* The kernel writes to this memory whenever it lets a process run again, which
 * after a fork is a page to copy.  glibc asks it to for sched_getcpu() alone,
 * which then asks the kernel instead.  Where it is not registered, or another
 * way, nothing changes. */
static void rseq_leave(void)
{
    char *area = (char *)__builtin_thread_pointer() + __rseq_offset;

    syscall(SYS_rseq, area, sizeof(struct rseq), RSEQ_FLAG_UNREGISTER,
            RSEQ_SIG);
}

void hygiene_loaded(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails where it cannot be changed anyway */
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    fflush(NULL); /* or each session would write it again */
    rseq_leave();
}

/* The mask that was in force around the fork.  spd's signal stays blocked until
 * there is a handler for it: it would end a session that is not yet one. */
static int unblock_signals(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SESSION_SIGNAL_LOOK);
    return sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* The descriptors of a session: 0, 1, 2, listener, start. */
enum { SESSION_LISTENER_FD = 3, SESSION_START_FD, SESSION_FDS };

/* Out of the way of those that get the first numbers, unless it has its own.
 * Most have it, or are behind them all. */
static int fd_aside(int fd, int own)
{
    return fd >= SESSION_FDS || fd == own
               ? fd
               : fcntl(fd, F_DUPFD_CLOEXEC, SESSION_FDS);
}

/* All of them came close-on-exec. */
static int fd_place(int fd, int number)
{
    return fd == number ? 0 : dup3(fd, number, O_CLOEXEC);
}

static int arrange_fds(int *listener_fd, int *start_fd, int log_fd)
{
    int listener = fd_aside(*listener_fd, SESSION_LISTENER_FD);
    int start = fd_aside(*start_fd, SESSION_START_FD);
    int log = fd_aside(log_fd, -1);

    if (listener < 0 || start < 0 || log < 0 ||
        dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
        fd_place(listener, SESSION_LISTENER_FD) < 0 ||
        fd_place(start, SESSION_START_FD) < 0 ||
        close_range(SESSION_FDS, ~0U, 0) < 0)
        return -1;
    *listener_fd = SESSION_LISTENER_FD;
    *start_fd = SESSION_START_FD;
    return 0;
}

int hygiene_session(pid_t parent, int *listener_fd, int *start_fd, int log_fd)
{
    if (arrange_fds(listener_fd, start_fd, log_fd) < 0 ||
        death_link(parent) < 0 || setsid() < 0)
        return -1;
    return unblock_signals();
}
