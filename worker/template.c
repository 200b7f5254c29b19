/* SPDX-License-Identifier: MIT */
/* The template's loop: one request in, one clone, one hint back.  It blocks
 * where it likes: it has nothing else to do.  The contract with spd is
 * wire/template.h; what happens in the fork is session.c. */
#define _GNU_SOURCE
#include "template.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fdpass.h"
#include "module.h"
#include "session.h"
#include "wire/template.h"

static int say(const struct template_record *record)
{
    ssize_t sent;

    do
        sent = send(WORKER_CONTROL_FD, record, sizeof *record, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof *record ? 0 : -1;
}

/* The raw call, as glibc has no fork with CLONE_PARENT: spd becomes the parent,
 * gets SIGCHLD and can wait.  No pthread_atfork handler runs; this process has
 * one thread, which spd has checked. */
static pid_t fork_for_supervisor(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

/* Signals are blocked around the fork, so that none reaches the child while it
 * still has the template's handlers; session_run() unblocks them. */
static pid_t fork_session(pid_t supervisor, const struct sp_module *module,
                          const int fds[FORK_FDS], uint32_t page)
{
    sigset_t all;
    sigset_t before;
    pid_t pid;
    int saved;

    fflush(NULL); /* or the session would write it a second time */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork_for_supervisor();
    if (pid == 0)
        session_run(supervisor, module, fds, page);
    saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return pid;
}

static int serve(pid_t supervisor, const struct sp_module *module)
{
    for (;;) {
        struct template_record hint = {.type = TEMPLATE_FORKED};
        struct fork_record request;
        int fds[FORK_FDS];
        ssize_t got = fdpass_recv(WORKER_CONTROL_FD, &request, sizeof request,
                                  fds, FORK_FDS);

        if (got == 0)
            return WORKER_EXIT_NORMAL;
        if (got != (ssize_t)sizeof request)
            return WORKER_EXIT_RUNTIME;
        hint.serial = request.serial;
        hint.value = fork_session(supervisor, module, fds, request.slot);
        if (hint.value < 0) {
            hint.type = TEMPLATE_FORK_FAILED;
            hint.value = errno;
        }
        for (int i = 0; i < FORK_FDS; i++)
            close(fds[i]);
        if (say(&hint) < 0)
            return WORKER_EXIT_RUNTIME;
    }
}

int template_run(pid_t supervisor, const char *name, const char *path)
{
    struct template_record first = {.type = TEMPLATE_LOADED};
    const struct sp_module *module;

    session_set_comm("spt:", name);
    module = module_load(path, first.text, sizeof first.text);
    if (!module)
        first.type = TEMPLATE_FAILED;
    if (say(&first) < 0 || !module)
        return WORKER_EXIT_RUNTIME;
    return serve(supervisor, module);
}
