/* SPDX-License-Identifier: MIT */
/* PR_SET_PDEATHSIG, without the gap before it. */
#define _GNU_SOURCE
#include "death.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int death_link(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -1;
    if (getppid() != parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

int death_link_unseen(int pidfd)
{
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -1;
    if (poll(&ended, 1, 0) != 0) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}
