/* SPDX-License-Identifier: MIT */
/* Hygiene: descriptors by explicit list, own process session, a death link, no
 * new privileges, no core files.  spd has already given the template an empty
 * environment and its descriptors; see wire/template.h. */
#define _GNU_SOURCE
#include "hygiene.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

void hygiene_loaded(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails where it cannot be changed anyway */
    signal(SIGPIPE, SIG_IGN);
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

/* Moves the three out of the way first, so that none is overwritten by
 * another's new number. */
static int arrange_fds(int *listener_fd, int *start_fd, int log_fd)
{
    int listener = fcntl(*listener_fd, F_DUPFD_CLOEXEC, SESSION_FDS);
    int start = fcntl(*start_fd, F_DUPFD_CLOEXEC, SESSION_FDS);
    int log = fcntl(log_fd, F_DUPFD_CLOEXEC, SESSION_FDS);

    if (listener < 0 || start < 0 || log < 0 ||
        dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
        dup3(listener, SESSION_LISTENER_FD, O_CLOEXEC) < 0 ||
        dup3(start, SESSION_START_FD, O_CLOEXEC) < 0 ||
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
