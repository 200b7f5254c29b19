/* SPDX-License-Identifier: MIT */
/* Waiting in tests: poll() on what the kernel can tell (descriptors, pidfds,
 * inotify), and short steps where it cannot.  Used by the harness and by every
 * integration test. */
#define _GNU_SOURCE
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"

#define STEP_MS 5

static bool wait_events(int fd, short events, int64_t deadline)
{
    struct pollfd pfd = {.fd = fd, .events = events};
    int ready;

    do
        ready = poll(&pfd, 1, deadline_left(deadline));
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool wait_readable(int fd, int timeout_ms)
{
    return wait_events(fd, POLLIN, deadline_after(timeout_ms));
}

bool wait_writable(int fd, int timeout_ms)
{
    return wait_events(fd, POLLOUT, deadline_after(timeout_ms));
}

bool wait_exit(int pidfd, int timeout_ms)
{
    return wait_readable(pidfd, timeout_ms);
}

bool wait_pid_gone(pid_t pid, int timeout_ms)
{
    int pidfd = pidfd_open(pid, 0);
    bool gone;

    if (pidfd < 0)
        return errno == ESRCH;
    gone = wait_exit(pidfd, timeout_ms);
    close(pidfd);
    return gone;
}

static bool path_exists(const char *path)
{
    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The watch is set before the first look, so that no change falls between. */
static bool wait_path_state(const char *path, bool wanted, int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);
    int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    char copy[4096], events[4096];
    bool reached = false;

    snprintf(copy, sizeof copy, "%s", path);
    if (notify < 0 ||
        inotify_add_watch(notify, dirname(copy),
                          IN_CREATE | IN_DELETE | IN_MOVE) < 0)
        goto out;
    while (!(reached = path_exists(path) == wanted) &&
           wait_events(notify, POLLIN, deadline))
        while (read(notify, events, sizeof events) > 0)
            continue;
out:
    if (notify >= 0)
        close(notify);
    return reached;
}

bool wait_path(const char *path, int timeout_ms)
{
    return wait_path_state(path, true, timeout_ms);
}

bool wait_path_gone(const char *path, int timeout_ms)
{
    return wait_path_state(path, false, timeout_ms);
}

bool wait_for(bool (*condition)(void *context), void *context, int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);

    while (!condition(context)) {
        if (deadline_left(deadline) == 0)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}
