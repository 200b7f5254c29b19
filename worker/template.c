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

/* Forks; the descriptors are the session's alone.  The answer for spd. */
static struct template_record answer_request(pid_t supervisor,
                                             const struct sp_module *module,
                                             const struct fork_record *request,
                                             const int fds[FORK_FDS])
{
    struct template_record answer = {.type = TEMPLATE_FORKED,
                                     .serial = request->serial};

    answer.value = fork_session(supervisor, module, fds, request->slot);
    if (answer.value < 0) {
        answer.type = TEMPLATE_FORK_FAILED;
        answer.value = errno;
    }
    for (int i = 0; i < FORK_FDS; i++)
        close(fds[i]);
    return answer;
}

static int serve(pid_t supervisor, const struct sp_module *module)
{
    for (;;) {
        struct template_record answer;
        struct fork_record request;
        int fds[FORK_FDS];
        ssize_t got = fdpass_recv(WORKER_CONTROL_FD, &request, sizeof request,
                                  fds, FORK_FDS);

        if (got == 0)
            return WORKER_EXIT_NORMAL;
        if (got == (ssize_t)sizeof request)
            answer = answer_request(supervisor, module, &request, fds);
        else if (got < 0 && errno == EMFILE) /* its module has taken them */
            answer = (struct template_record){.type = TEMPLATE_FORK_FAILED,
                                              .serial = request.serial,
                                              .value = EMFILE};
        else
            return WORKER_EXIT_RUNTIME;
        if (say(&answer) < 0)
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
