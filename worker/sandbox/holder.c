/* SPDX-License-Identifier: MIT */
/* The holder is forked before the module is loaded and runs our code alone.  It
 * is a child of spd, as sessions are: a death link does not reach from the
 * signal scope of a dying template to a process outside of it. */
#define _GNU_SOURCE
#include "holder.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fdkeep.h"
#include "death.h"
#include "wire/template.h"

/* ---- in the holder ---- */

/* Nothing may end it but SIGKILL; what orphans leave needs no reaping. */
static void set_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGCHLD, SIG_IGN);
}

/* The kernel's stamp on it is what counts. */
static int announce(int control_fd)
{
    struct template_record record = {.type = TEMPLATE_HOLDER};
    ssize_t sent = send(control_fd, &record, sizeof record, MSG_NOSIGNAL);

    close(control_fd);
    return sent == (ssize_t)sizeof record ? 0 : -1;
}

static int stand(const struct holder_orders *orders, int link,
                 struct fault *fault)
{
    int kept[] = {orders->control_fd, orders->supervisor_fd, link};

    prctl(PR_SET_NAME, "sp-holder", 0, 0, 0);
    set_signals();
    if (setsid() < 0 || fdkeep(kept, sizeof kept / sizeof kept[0]) < 0)
        return fault_errno(fault, "pid namespace (its holder)");
    if (death_link_unseen(orders->supervisor_fd) < 0)
        return fault_errno(fault, "PR_SET_PDEATHSIG");
    close(orders->supervisor_fd);
    if (announce(orders->control_fd) < 0)
        return fault_errno(fault, "pid namespace (announcing its holder)");
    return 0;
}

/* fault is "" where all went well. */
static void tell(int link, const struct fault *fault)
{
    if (send(link, fault, sizeof *fault, MSG_NOSIGNAL) < 0)
        _exit(WORKER_EXIT_RUNTIME); /* the template has ended */
}

static void await_loaded(int link)
{
    char byte;

    if (recv(link, &byte, sizeof byte, 0) <= 0)
        _exit(WORKER_EXIT_NORMAL);
}

static _Noreturn void hold(const struct holder_orders *orders, int link)
{
    struct fault fault = {""};
    int stands = stand(orders, link, &fault);

    tell(link, &fault);
    if (stands < 0)
        _exit(WORKER_EXIT_RUNTIME);
    await_loaded(link);
    orders->on_loaded(orders->context, &fault);
    tell(link, &fault);
    close(link);
    for (;;)
        pause();
}

/* ---- in the template ---- */

/* What the holder has to say. */
static int listen_to(int link, struct fault *fault)
{
    ssize_t got;

    do
        got = recv(link, fault, sizeof *fault, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *fault)
        return fault_text(fault, "pid namespace: its holder has ended");
    return fault->text[0] ? -1 : 0;
}

int holder_start(struct holder *holder, const struct holder_orders *orders,
                 struct fault *fault)
{
    int ends[2];
    long pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fault_errno(fault, "socketpair");
    pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        hold(orders, ends[1]);
    if (pid < 0)
        fault_errno(fault, "pid namespace (its holder)");
    close(ends[1]);
    holder->link = ends[0];
    return pid < 0 ? -1 : listen_to(holder->link, fault);
}

int holder_tell_loaded(struct holder *holder, struct fault *fault)
{
    int done = -1;

    if (send(holder->link, "", 1, MSG_NOSIGNAL) < 0)
        fault_errno(fault, "pid namespace (its holder)");
    else
        done = listen_to(holder->link, fault);
    close(holder->link);
    holder->link = -1;
    return done;
}
