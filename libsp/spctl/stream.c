/* SPDX-License-Identifier: MIT */
/* How a stream ends.  Caller: cmd-events.c. */
#define _GNU_SOURCE
#include "stream.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* A line of this size is still one write. */
#define LINE_MAX_SIZE 65536

static const int ends[] = {SIGINT, SIGTERM};

static void end(int sig)
{
    (void)sig;
    _exit(0);
}

static sigset_t end_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        sigaddset(&set, ends[i]);
    return set;
}

void stream_begin(void)
{
    struct sigaction before, action = {.sa_handler = end};

    setvbuf(stdout, NULL, _IOLBF, LINE_MAX_SIZE);
    signal(SIGPIPE, SIG_DFL);
    /* whoever has it ignored (nohup, a job in the background) means it */
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (sigaction(ends[i], NULL, &before) == 0 &&
            before.sa_handler != SIG_IGN)
            sigaction(ends[i], &action, NULL);
}

void stream_hold(void)
{
    sigset_t set = end_signals();

    sigprocmask(SIG_BLOCK, &set, NULL);
}

void stream_release(void)
{
    sigset_t set = end_signals();

    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool stream_wanted(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR))
        raise(SIGPIPE);
    return !ferror(stdout);
}
