/* SPDX-License-Identifier: MIT */
/* A process is asked for: what it is to be, its start socket, its slot and log.
 * Whatever was opened is closed again when it could not be sent, or when the
 * template that it was sent to has ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/magic.h"
#include "process_own.h"
#include "wire/template.h"

static void on_start_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    process_take_news(MAGIC_CAST(process, PROCESS_MAGIC, arg));
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    process_late(MAGIC_CAST(process, PROCESS_MAGIC, arg));
}

void process_start_deadline(struct process *process, unsigned times)
{
    uint64_t ms = module_settings(process->module)->init_timeout * times;
    struct timeval delay = {(time_t)(ms / 1000),
                            (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(&process->birth->deadline, &delay);
}

/* Of zeros, with its birth.  NULL: no memory. */
static struct process *create(void)
{
    struct process *process = calloc(1, sizeof *process);
    struct process_birth *birth = malloc(sizeof *birth);

    if (process && birth) {
        process->birth = birth;
        return process;
    }
    free(process);
    free(birth);
    return NULL;
}

struct process *process_start(struct process_table *table,
                              struct module *module,
                              const struct process_plan *plan,
                              const struct process_events *events, void *owner)
{
    struct process *process = create();

    if (!process)
        return NULL;
    process->magic = PROCESS_MAGIC;
    process->table = table;
    process->module = module;
    process->plan = *plan;
    process->events = events;
    process->owner = owner;
    process->start_fd = process->pidfd = -1;
    process->pooled = strcmp(plan->id, PROCESS_POOLED_ID) == 0;
    evtimer_assign(&process->birth->deadline, table->base, on_deadline,
                   process);
    /* a template that is ending and its successor's loading come first */
    process_start_deadline(process, 3);
    process->request = module_submit(module, process);
    if (!process->request) {
        event_del(&process->birth->deadline);
        free(process->birth);
        free(process);
        return NULL;
    }
    return process;
}

/* The record and its argument wait in the socket until the session reads, or a
 * pooled process waits for them. */
static int send_start_record(const struct process *process)
{
    const struct module_settings *settings = module_settings(process->module);
    const struct process_plan *plan = &process->plan;
    struct start_record record = {
        .arg_size = (uint32_t)plan->arg_size,
        .max_connections = (uint32_t)settings->max_connections,
        .max_message = settings->max_message,
        .max_calls = settings->max_calls,
        .max_memory = settings->max_memory_recycle,
        .slow_call = settings->slow_call};
    struct iovec iov[2] = {{&record, sizeof record},
                           {(void *)plan->arg, plan->arg_size}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    ssize_t sent;

    memcpy(record.ended, plan->ended, sizeof record.ended);
    snprintf(record.id, sizeof record.id, "%s", plan->id);
    do
        sent = sendmsg(process->start_fd, &msg, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
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
    event_assign(&process->birth->start_event, process->table->base, ends[0],
                 EV_READ | EV_PERSIST, on_start_readable, process);
    if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return -1;
    return event_add(&process->birth->start_event, NULL);
}

static int send_request(struct process *process, int control_fd,
                        uint32_t serial, int session_end)
{
    struct fork_record record = {.serial = serial,
                                 .slot = process->slot.index};
    int fds[FORK_FDS];

    process->pidfd = module_open_log(process->module);
    if (process->pidfd < 0)
        return -1;
    fds[FORK_FD_LISTENER] = process->plan.listener_fd;
    fds[FORK_FD_START] = session_end;
    fds[FORK_FD_LOG] = process->pidfd;
    return fdpass_send(control_fd, &record, sizeof record, fds, FORK_FDS);
}

static int take_slot(struct process *process)
{
    struct generation *generation = module_generation(process->module);

    if (generation_take(generation, &process->slot) < 0)
        return -1;
    process->generation = generation;
    return 0;
}

void process_give_slot(struct process *process)
{
    if (process->generation)
        generation_give(process->generation, &process->slot);
    process->generation = NULL;
}

/* What was opened is closed again when it could not be sent: a process that
 * waits holds no descriptors. */
int process_send(struct process *process, int control_fd, uint32_t serial)
{
    int session_end = -1;
    int sent = -1;
    int saved;

    if (take_slot(process) == 0 &&
        open_start_socket(process, &session_end) == 0 &&
        (process->pooled || send_start_record(process) == 0))
        sent = send_request(process, control_fd, serial, session_end);
    saved = errno;
    if (session_end >= 0)
        close(session_end);
    if (sent < 0) {
        process_close_start(process);
        if (process->pidfd >= 0)
            close(process->pidfd);
        process->pidfd = -1;
        process_give_slot(process);
        errno = saved;
        return -1;
    }
    process->template = module_child_asked(process->module);
    process->state = PROCESS_FORKING;
    TAILQ_INSERT_TAIL(&process->table->unborn, process, birth->unborn);
    process_start_deadline(process, 1);
    return 0;
}

/* ---- from the pool ---- */

bool process_pooled(const struct process *process)
{
    return process->pooled;
}

int process_hand_over(struct process *process, const struct process_plan *plan,
                      const struct process_events *events, void *owner)
{
    struct process_plan before = process->plan;

    process->plan = *plan;
    if (process->state != PROCESS_POOLED || send_start_record(process) < 0) {
        process->plan = before;
        process_kill(process, END_LIMIT_NONE);
        return -1;
    }
    process->events->on_handed_over(process->owner);
    process->events = events;
    process->owner = owner;
    process->pooled = process->signalled = false;
    process->handed_over = true;
    process->table->pooled--;
    process->state = PROCESS_BORN;
    process->born_ms = clock_now_ms();
    process_start_deadline(process, 1);
    return 0;
}

void process_again(struct process *process)
{
    log_debug("session %s: its process (pid %d) had ended in the pool",
              process->plan.id, (int)process->pid);
    process_leave_state(process);
    process_forget_news(process);
    process_close_start(process);
    close(process->pidfd);
    process->pidfd = -1;
    process->pid = 0;
    process_give_slot(process);
    process->state = PROCESS_QUEUED;
    process->handed_over = process->ended = false;
    process->limit = END_LIMIT_NONE;
    process_start_deadline(process, 3);
    process->request = module_submit(process->module, process);
    if (!process->request)
        process_unborn(process, SP_ESYSTEM, "its template cannot be started");
}

/* ---- once more ---- */

void process_retry(struct process *process)
{
    process_leave_unborn(process);
    process_close_start(process);
    close(process->pidfd);
    process->pidfd = -1;
    process_give_slot(process);
    process->state = PROCESS_QUEUED;
    process_start_deadline(process, 3);
    if (module_resubmit(process->module, process->request) < 0)
        process_unborn(process, SP_ESYSTEM, "its template cannot be started");
}

/* Nobody has the other end of the start socket: no process was made, or one
 * that had not yet done a thing.  The next template is asked, but only that
 * one: it may be the request that ends them. */
void process_orphaned(struct process *process)
{
    process->orphaned = true;
    if (process->start_fd >= 0)
        return; /* a hello, or its end, is on its way */
    if (process->kill_wanted || process->asked_again) {
        process_unborn(process, SP_EINIT, "the process died before its hello");
        return;
    }
    process->orphaned = false;
    process->asked_again = true;
    process_retry(process);
}
