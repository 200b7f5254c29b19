/* SPDX-License-Identifier: MIT */
/* One process: start socket, hello, pidfd, reaping.  Contract: "Who is who" in
 * wire/template.h.  What comes on the start socket is hostile; the pid is
 * believed only from the kernel's stamp, and only if it is our child. */
#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uthash.h>

#include "base/fdpass.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/text.h"
#include "meter.h"
#include "module.h"
#include "wire/template.h"

#define PROCESS_MAGIC 0x53507072u

enum process_state {
    PROCESS_QUEUED,
    PROCESS_FORKING,
    PROCESS_BORN,
    PROCESS_READY,
    PROCESS_GONE
};

struct process {
    uint32_t magic;
    enum process_state state;
    struct process_table *table; /* borrowed */
    struct module *module;       /* borrowed */
    const struct process_events *events;
    void *owner; /* borrowed */
    struct process_plan plan;     /* borrowed, with all in it */
    int start_fd;                 /* owned; our end; -1 unless it is open */
    int pidfd;                    /* owned; before the hello a place is kept for
                                   * it, so that it can be had in any case */
    pid_t pid;                    /* 0 before the hello */
    struct module_request *request; /* the module's; NULL once forgotten */
    bool refused;
    bool kill_wanted;             /* before the hello */
    struct log_meter log_meter;   /* in a list of the module's log */
    TAILQ_ENTRY(process) unborn;  /* table.unborn */
    struct event start_event;
    struct event exit_event;
    struct event deadline;
    UT_hash_handle hh; /* table.by_pid */
};

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

const char *process_session_id(const struct process *process)
{
    return process->plan.id;
}

struct log_meter *process_log_meter(struct process *process)
{
    return &process->log_meter;
}

void *process_owner(const struct process *process)
{
    return process->owner;
}

struct process *process_find(const struct process_table *table, pid_t pid)
{
    struct process *process;

    HASH_FIND(hh, table->by_pid, &pid, sizeof pid, process);
    return process;
}

/* ---- the end ---- */

static void close_start(struct process *process)
{
    if (process->start_fd < 0)
        return;
    event_del(&process->start_event);
    close(process->start_fd);
    process->start_fd = -1;
}

static void leave_state(struct process *process)
{
    switch (process->state) {
    case PROCESS_QUEUED:
        module_forget(process->module, process->request);
        break;
    case PROCESS_FORKING:
        TAILQ_REMOVE(&process->table->unborn, process, unborn);
        module_forget(process->module, process->request);
        break;
    case PROCESS_BORN:
    case PROCESS_READY:
        module_end_log(process->module, &process->log_meter);
        HASH_DEL(process->table->by_pid, process);
        event_del(&process->exit_event);
        break;
    case PROCESS_GONE:
        break;
    }
}

static void process_gone(struct process *process, const struct end *end,
                         enum sp_error error, const char *text)
{
    leave_state(process);
    process->state = PROCESS_GONE;
    close_start(process);
    event_del(&process->deadline);
    if (process->pidfd >= 0)
        close(process->pidfd);
    process->events->on_gone(process->owner, end, error, text);
    process->magic = 0;
    free(process);
}

void process_unborn(struct process *process, enum sp_error error,
                    const char *text)
{
    const struct process_table *table = process->table;
    struct end end = {.kind = END_UNBORN};

    if (process->state == PROCESS_FORKING)
        table->on_stray(table->context);
    process_gone(process, &end, error, text);
}

void process_fork_failed(struct process *process, int error)
{
    char text[128];

    snprintf(text, sizeof text, "the template could not fork: %s",
             strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error");
    process_unborn(process, SP_ESYSTEM, text);
}

static struct end reap(struct process *process)
{
    struct end end = {.kind = END_EXITED};
    siginfo_t info = {0};

    /* What it forked and left in its group goes with it.  The group cannot be
     * anybody else's before its leader is reaped. */
    if (process->pid > 1)
        kill(-process->pid, SIGKILL);
    if (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG) < 0 ||
        info.si_pid == 0) {
        log_error("session %s (pid %d): cannot be waited for", process->plan.id,
                  (int)process->pid);
        return end;
    }
    end.code = info.si_status;
    if (info.si_code != CLD_EXITED) {
        end.kind = END_SIGNALED;
        end.core = info.si_code == CLD_DUMPED;
    }
    return end;
}

static void read_start(struct process *process);

static void on_exit_noticed(evutil_socket_t fd, short what, void *arg)
{
    struct process *process = MAGIC_CAST(process, PROCESS_MAGIC, arg);
    struct end end;

    (void)fd;
    (void)what;
    /* "ready" or the text of an error may still wait to be read */
    if (process->start_fd >= 0)
        read_start(process);
    module_drain_log(process->module);
    end = reap(process);
    process_gone(process, &end, SP_OK, "");
}

void process_signal(struct process *process, int signal_number)
{
    static const struct timeval at_once = {0, 0};

    switch (process->state) {
    case PROCESS_QUEUED: /* cancelled, though not from inside this call */
        process->kill_wanted = true;
        evtimer_add(&process->deadline, &at_once);
        break;
    case PROCESS_FORKING:
        process->kill_wanted = true;
        break;
    case PROCESS_BORN:
    case PROCESS_READY:
        pidfd_send_signal(process->pidfd, signal_number, NULL, 0);
        break;
    case PROCESS_GONE:
        break;
    }
}

/* ---- what is said on the start socket ---- */

/* The stamped pid is believed if it is a child of ours that nobody has yet.
 * WNOWAIT leaves it waitable; that it may have ended already is fine. */
static bool is_new_child(const struct process_table *table, pid_t pid)
{
    siginfo_t info = {0};

    return pid > 1 && !process_find(table, pid) &&
           !table->is_template(table->context, pid) &&
           waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Ends the sender.  False: that was the template, and the process is freed. */
static bool violation(struct process *process, const char *what, pid_t sender)
{
    if (process->state == PROCESS_FORKING) {
        log_warn("module %s: %s on a start socket; its template is killed",
                 module_name(process->module), what);
        if (is_new_child(process->table, sender))
            kill(sender, SIGKILL); /* a sweep reaps it */
        module_kill_template(process->module);
        process_unborn(process, SP_ESYSTEM, "its template broke the contract");
        return false;
    }
    log_warn("session %s (pid %d): %s on its start socket; killed", process->plan.id,
             (int)process->pid, what);
    close_start(process);
    process_signal(process, SIGKILL);
    return true;
}

/* False: it was a lie, and the process is freed. */
static bool become_born(struct process *process, pid_t pid)
{
    struct process_table *table = process->table;

    if (!is_new_child(table, pid))
        return violation(process, "a hello that is no new child's", pid);
    close(process->pidfd); /* the place that was kept */
    process->pidfd = pidfd_open(pid, 0);
    if (process->pidfd < 0) { /* no memory: a sweep reaps it */
        kill(pid, SIGKILL);
        process_unborn(process, SP_ESYSTEM, "its process cannot be watched");
        return false;
    }
    leave_state(process);
    process->state = PROCESS_BORN;
    process->pid = pid;
    HASH_ADD(hh, table->by_pid, pid, sizeof process->pid, process);
    event_assign(&process->exit_event, table->base, process->pidfd, EV_READ,
                 on_exit_noticed, process);
    if (event_add(&process->exit_event, NULL) < 0 || process->kill_wanted)
        process_signal(process, SIGKILL);
    return true;
}

static void become_ready(struct process *process)
{
    process->state = PROCESS_READY;
    close_start(process);
    event_del(&process->deadline);
    process->events->on_ready(process->owner);
}

static void refuse(struct process *process, enum sp_error error,
                   const char *text)
{
    if (process->refused)
        return;
    process->refused = true;
    close_start(process);
    process->events->on_refused(process->owner, error, text);
    process_signal(process, SIGKILL); /* it is about to exit anyway */
}

/* False: the process is freed. */
static bool take_record(struct process *process,
                        const struct hello_record *record, pid_t pid)
{
    if (process->state == PROCESS_FORKING) {
        if (record->type != HELLO_HELLO)
            return violation(process, "no hello", pid);
        return become_born(process, pid);
    }
    if (pid != process->pid)
        return violation(process, "another process's record", pid);
    switch ((enum hello_message)record->type) {
    case HELLO_HELLO:
        return violation(process, "a second hello", pid);
    case HELLO_READY:
        become_ready(process);
        break;
    case HELLO_IGNORED:
        refuse(process, SP_EIGNORED, sp_strerror(SP_EIGNORED));
        break;
    case HELLO_INIT_ERROR:
        refuse(process, SP_EINIT, record->text);
        break;
    }
    return true;
}

/* End of file, or an error: nobody has the other end any more. */
static void start_closed(struct process *process)
{
    if (process->state == PROCESS_FORKING)
        process_unborn(process, SP_EINIT, "the process died before its hello");
    else
        close_start(process); /* its exit is coming, or the deadline is */
}

/* May free the process if it is unborn. */
static void read_start(struct process *process)
{
    while (process->start_fd >= 0) { /* at most hello, outcome, end of file */
        struct hello_record record;
        pid_t pid;
        ssize_t got = fdpass_recv_stamped(process->start_fd, &record,
                                          sizeof record, &pid);
        bool alive;

        if (got < 0 && errno == EAGAIN)
            return;
        if (got < 0 && errno == ECONNRESET)
            continue; /* told once, before what it said: it left its start
                       * record unread */
        if (got == 0 || (got < 0 && errno != EPROTO)) {
            start_closed(process);
            return;
        }
        if (got < 0 || !hello_record_valid(&record, (size_t)got))
            alive = violation(process, "an unknown record", pid);
        else
            alive = take_record(process, &record, pid);
        if (!alive)
            return;
    }
}

static void on_start_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    read_start(MAGIC_CAST(process, PROCESS_MAGIC, arg));
}

void process_table_settle(struct process_table *table)
{
    struct process *process;
    struct process *next;

    for (process = TAILQ_FIRST(&table->unborn); process; process = next) {
        next = TAILQ_NEXT(process, unborn);
        if (process->start_fd >= 0)
            read_start(process);
    }
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct process *process = MAGIC_CAST(process, PROCESS_MAGIC, arg);
    char text[96];

    (void)fd;
    (void)what;
    snprintf(text, sizeof text, "init took longer than %llu ms",
             (unsigned long long)module_settings(process->module)
                 ->init_timeout);
    switch (process->state) {
    case PROCESS_QUEUED:
        process_unborn(process, SP_ELIMIT,
                       process->kill_wanted
                           ? "stopped before it had a process"
                           : "no process could be had for it in time");
        break;
    case PROCESS_FORKING:
        module_kill_template(process->module);
        process_unborn(process, SP_EINIT, "its template does not answer");
        break;
    case PROCESS_BORN:
        refuse(process, SP_EINIT, text);
        break;
    case PROCESS_READY:
    case PROCESS_GONE:
        break;
    }
}

/* ---- the start ---- */

static void start_deadline(struct process *process, unsigned times)
{
    uint64_t ms = module_settings(process->module)->init_timeout * times;
    struct timeval delay = {(time_t)(ms / 1000),
                            (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(&process->deadline, &delay);
}

struct process *process_start(struct process_table *table,
                              struct module *module,
                              const struct process_plan *plan,
                              const struct process_events *events, void *owner)
{
    struct process *process = calloc(1, sizeof *process);

    if (!process)
        return NULL;
    process->magic = PROCESS_MAGIC;
    process->table = table;
    process->module = module;
    process->plan = *plan;
    process->events = events;
    process->owner = owner;
    process->start_fd = process->pidfd = -1;
    evtimer_assign(&process->deadline, table->base, on_deadline, process);
    process->request = module_submit(module, process);
    if (!process->request) {
        free(process);
        return NULL;
    }
    /* a template that is ending and its successor's loading come first */
    start_deadline(process, 3);
    return process;
}

/* The record and its argument wait in the socket until the session reads. */
static int send_start_record(const struct process *process)
{
    const struct module_settings *settings = module_settings(process->module);
    const struct process_plan *plan = &process->plan;
    struct start_record record = {
        .arg_size = (uint32_t)plan->arg_size,
        .max_connections = (uint32_t)settings->max_connections,
        .max_message = settings->max_message};
    struct iovec iov[2] = {{&record, sizeof record},
                           {(void *)plan->arg, plan->arg_size}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

    snprintf(record.id, sizeof record.id, "%s", plan->id);
    return sendmsg(process->start_fd, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* SO_PASSCRED is set before the other end is handed over: every record that
 * comes is stamped. */
static int open_start_socket(struct process *process, int *out_session_end)
{
    int on = 1;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    process->start_fd = ends[0];
    *out_session_end = ends[1];
    event_assign(&process->start_event, process->table->base, ends[0],
                 EV_READ | EV_PERSIST, on_start_readable, process);
    if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -1;
    process->pidfd = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
    return process->pidfd < 0 ? -1 : event_add(&process->start_event, NULL);
}

static int hand_over(struct process *process, int control_fd, uint32_t serial,
                     int session_end)
{
    struct fork_record record = {.serial = serial};
    int fds[FORK_FDS];
    int sent;
    int saved;

    fds[FORK_FD_LISTENER] = process->plan.listener_fd;
    fds[FORK_FD_START] = session_end;
    fds[FORK_FD_LOG] = module_open_log(process->module);
    if (fds[FORK_FD_LOG] < 0)
        return -1;
    sent = fdpass_send(control_fd, &record, sizeof record, fds, FORK_FDS);
    saved = errno;
    close(fds[FORK_FD_LOG]);
    errno = saved;
    return sent;
}

/* What was opened is closed again when it could not be sent: a process that
 * waits holds no descriptors. */
int process_send(struct process *process, int control_fd, uint32_t serial)
{
    int session_end = -1;
    int sent = -1;
    int saved;

    if (open_start_socket(process, &session_end) == 0 &&
        send_start_record(process) == 0)
        sent = hand_over(process, control_fd, serial, session_end);
    saved = errno;
    if (session_end >= 0)
        close(session_end);
    if (sent < 0) {
        close_start(process);
        if (process->pidfd >= 0)
            close(process->pidfd);
        process->pidfd = -1;
        errno = saved;
        return -1;
    }
    process->state = PROCESS_FORKING;
    TAILQ_INSERT_TAIL(&process->table->unborn, process, unborn);
    start_deadline(process, 1);
    return 0;
}
