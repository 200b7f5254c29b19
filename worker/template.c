/* SPDX-License-Identifier: MIT */
/* The template's loop: one request in, one clone.  It blocks where it likes: it
 * has nothing else to do.  The contract with spd is wire/template.h; what
 * happens in the fork is session.c. */
#define _GNU_SOURCE
#include "template.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fdpass.h"
#include "command.h"
#include "hygiene.h"
#include "inherit.h"
#include "module.h"
#include "sandbox/sandbox.h"
#include "session.h"
#include "wire/template.h"

struct template {
    pid_t supervisor;
    int control_fd;
    struct sandbox sandbox;
    const struct sp_module *module; /* for good; NULL until it is loaded */
};

static int say(const struct template *template,
               const struct template_record *record)
{
    ssize_t sent;

    do
        sent = send(template->control_fd, record, sizeof *record, MSG_NOSIGNAL);
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
static pid_t fork_session(struct template *template, const int fds[FORK_FDS],
                          uint32_t page)
{
    sigset_t all;
    sigset_t before;
    pid_t pid;
    int saved;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork_for_supervisor();
    if (pid == 0)
        session_run(template->supervisor, template->module, &template->sandbox,
                    fds, page);
    saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return pid;
}

/* Forks; the descriptors are the session's alone.  0, or an errno. */
static int take_start(struct template *template, uint32_t page,
                      const int fds[FORK_FDS])
{
    int error = fork_session(template, fds, page) < 0 ? errno : 0;

    for (int i = 0; i < FORK_FDS; i++)
        close(fds[i]);
    return error;
}

/* That it could not fork, or, if it is asked, that it has: else the session's
 * hello says so. */
static int answer(const struct template *template, uint32_t serial, int error)
{
    struct template_record record = {
        .type = error == 0 ? TEMPLATE_FORKED : TEMPLATE_FORK_FAILED,
        .serial = serial,
        .value = error};

    return say(template, &record);
}

static int serve(struct template *template)
{
    for (;;) {
        struct fork_record request;
        int fds[FORK_FDS];
        ssize_t got = fdpass_recv(template->control_fd, &request,
                                  sizeof request, fds, FORK_FDS);
        bool asked = false;
        int error;

        if (got == 0)
            return WORKER_EXIT_NORMAL;
        if (got == (ssize_t)sizeof request) {
            asked = fds[0] < 0;
            error = asked ? 0 : take_start(template, request.slot, fds);
        } else if (got < 0 && errno == EMFILE) {
            error = EMFILE; /* its module has taken them */
        } else {
            return WORKER_EXIT_RUNTIME;
        }
        if ((asked || error != 0) &&
            answer(template, request.serial, error) < 0)
            return WORKER_EXIT_RUNTIME;
    }
}

/* How it is to be confined; kept for good.  With MSG_PEEK it can be received
 * again.  NULL: spd has ended, or is not of this build. */
static const struct sandbox_record *receive_orders(int control_fd, int flags)
{
    static union {
        struct sandbox_record record;
        char bytes[sizeof(struct sandbox_record) + SANDBOX_PATHS_MAX];
    } orders;
    ssize_t got;

    do
        got = recv(control_fd, &orders, sizeof orders, flags);
    while (got < 0 && errno == EINTR);
    if (got < 0 || !sandbox_record_valid(&orders.record, (size_t)got))
        return NULL;
    return &orders.record;
}

static int explain(const struct sandbox_record *orders,
                   const struct fault *fault, char *out_text, size_t text_size)
{
    snprintf(out_text, text_size, "sandbox = %s: %s",
             sandbox_tier_name((enum sandbox_tier)orders->tier), fault->text);
    return -1;
}

/* What is to be loaded: a module's file, or sp-worker's own module for a
 * program, whose files are then those that are needed. */
static int find_files(struct template *template, bool command,
                      char *const argv[], const char *const **out_files,
                      char *out_text, size_t text_size)
{
    static const char *module[] = {NULL, NULL};

    module[0] = argv[WORKER_ARG_PATH];
    *out_files = module;
    if (!command)
        return 0;
    *out_files = command_files()->files;
    return command_prepare(argv + WORKER_ARG_FRAMING, &template->sandbox,
                           out_text, text_size);
}

/* The module is loaded inside the sandbox, or not at all. */
static int load(struct template *template, const struct sandbox_record *orders,
                char *const argv[], char *out_text, size_t text_size)
{
    bool command = orders->allow & SANDBOX_ALLOW_COMMAND;
    const char *const *files;
    struct fault fault;

    if (find_files(template, command, argv, &files, out_text, text_size) < 0)
        return -1;
    if (sandbox_prepare(&template->sandbox, orders, files,
                        template->supervisor, &template->control_fd,
                        &fault) == 0) {
        template->module =
            command ? &command_module
                    : module_load(files[0], out_text, text_size);
        if (!template->module)
            return -1;
        if (sandbox_seal(&template->sandbox, &fault) == 0)
            return 0;
    }
    return explain(orders, &fault, out_text, text_size);
}

/* Returns only if it fails. */
static int run_anew(const struct sandbox_record *orders, char *const argv[],
                    char *out_text, size_t text_size)
{
    struct fault fault;

    if (sandbox_compile(orders, &fault) == 0) {
        execv("/proc/self/exe", argv);
        fault_errno(&fault, "running sp-worker anew");
    }
    return explain(orders, &fault, out_text, text_size);
}

int template_run(pid_t supervisor, char *const argv[])
{
    struct template_record first = {.type = TEMPLATE_LOADED};
    static struct template template;
    const struct sandbox_record *orders =
        receive_orders(WORKER_CONTROL_FD, MSG_PEEK);
    int loaded = 0;

    if (!orders)
        return WORKER_EXIT_RUNTIME;
    template.supervisor = supervisor;
    template.control_fd = WORKER_CONTROL_FD;
    session_set_comm("spt:", argv[WORKER_ARG_NAME]);
    if (orders->tier != SANDBOX_NONE && !sandbox_compiled())
        loaded = run_anew(orders, argv, first.text, sizeof first.text);
    inherit_code();
    receive_orders(WORKER_CONTROL_FD, 0); /* the same: no more has come yet */
    if (loaded == 0)
        loaded =
            load(&template, orders, argv, first.text, sizeof first.text);
    if (loaded < 0)
        first.type = TEMPLATE_FAILED;
    hygiene_loaded();
    if (say(&template, &first) < 0 || loaded < 0)
        return WORKER_EXIT_RUNTIME;
    return serve(&template);
}
