/* SPDX-License-Identifier: MIT */
/* One process from its hello to its end: hello, pidfd, reaping.  Contract: "Who
 * is who" in wire/template.h.  What comes on the start socket is hostile; the
 * pid is believed only from the kernel's stamp, and only if it is our child. */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/magic.h"
#include "process_own.h"
#include "wire/template.h"

/* Descriptors that are left to sessions. */
#define POOL_RESERVE 128

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

size_t process_count(const struct process_table *table)
{
    return HASH_COUNT(table->by_pid) - table->pooled;
}

/* ---- the end ---- */

void process_close_start(struct process *process)
{
    if (process->start_fd < 0)
        return;
    event_del(&process->birth->start_event);
    close(process->start_fd);
    process->start_fd = -1;
}

void process_leave_unborn(struct process *process)
{
    TAILQ_REMOVE(&process->table->unborn, process, birth->unborn);
}

/* Its start socket is closed. */
static void end_birth(struct process *process)
{
    if (!process->birth)
        return;
    event_del(&process->birth->deadline);
    free(process->birth);
    process->birth = NULL;
}

void process_leave_state(struct process *process)
{
    switch (process->state) {
    case PROCESS_QUEUED:
        if (process->request) /* else it could not be asked for */
            module_forget(process->module, process->request);
        break;
    case PROCESS_FORKING:
        process_leave_unborn(process);
        module_forget(process->module, process->request);
        break;
    case PROCESS_POOLED:
        process->table->pooled--;
        /* fall through */
    case PROCESS_BORN:
    case PROCESS_READY:
        module_unwatch(process->module, process);
        module_end_log(process->module, &process->log_meter);
        HASH_DEL(process->table->by_pid, process);
        event_del(&process->exit_event);
        break;
    case PROCESS_GONE:
        break;
    }
}

/* Its owner is told before what it had is given back: somebody may wait for
 * that. */
static void process_gone(struct process *process, const struct end *end,
                         enum sp_error error, const char *text)
{
    process_leave_state(process);
    process->state = PROCESS_GONE;
    process_forget_news(process);
    process_close_start(process);
    end_birth(process);
    process->events->on_gone(process->owner, end, error, text);
    if (process->pidfd >= 0)
        close(process->pidfd);
    process_give_slot(process);
    process->magic = 0;
    free(process);
}

void process_unborn(struct process *process, enum sp_error error,
                    const char *text)
{
    const struct process_table *table = process->table;
    struct end end = {.kind = END_UNBORN, .at_ms = clock_now_ms()};

    if (process->state == PROCESS_FORKING)
        table->on_stray(table->context);
    process_gone(process, &end, error, text);
}

static void died_before_hello(struct process *process)
{
    process_unborn(process, SP_EINIT, "the process died before its hello");
}

void process_forked(struct process *process)
{
    if (process->start_fd < 0)
        died_before_hello(process);
}

/* Processes of a pool count towards the limits of their user, too: none of them
 * keeps a session from its own. */
static bool may_retry(const struct process *process, int error)
{
    const struct process_table *table = process->table;

    return (error == EAGAIN || error == ENOMEM) && !process->pooled &&
           !process->kill_wanted && table->give_back(table->context);
}

void process_fork_failed(struct process *process, int error)
{
    char text[128];

    module_child_known(process->module, process->template);
    if (may_retry(process, error)) {
        process_retry(process);
        return;
    }
    snprintf(text, sizeof text, "the template could not fork: %s",
             strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error");
    process_unborn(process, SP_ESYSTEM, text);
}

/* waitid() as the kernel has it: with what the process has used.  (glibc's
 * leaves that out.) */
static int wait_for(int pidfd, siginfo_t *info, struct rusage *usage)
{
    return (int)syscall(SYS_waitid, P_PIDFD, pidfd, info, WEXITED | WNOHANG,
                        usage);
}

static int64_t to_ms(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

static enum end_limit limit_of_signal(int number)
{
    return number == SIGXCPU   ? END_LIMIT_CPU
           : number == SIGXFSZ ? END_LIMIT_OUTPUT
           : number == SIGSYS  ? END_LIMIT_SANDBOX
                               : END_LIMIT_NONE;
}

static struct end reap(struct process *process)
{
    struct end end = {.kind = END_EXITED,
                      .limit = process->limit,
                      .breach = process->breach,
                      .pid = process->pid,
                      .at_ms = clock_now_ms()};
    struct rusage usage = {0};
    siginfo_t info = {0};

    end.lived_ms = end.at_ms - process->born_ms;
    process_look(process, &end.told);
    if (end.told.doing != SLOT_NOTHING && end.told.doing_since_ms > 0)
        end.doing_ms = end.at_ms - end.told.doing_since_ms;

    /* What it forked and left in its group goes with it.  The group cannot be
     * anybody else's before its leader is reaped. */
    if (process->pid > 1)
        kill(-process->pid, SIGKILL);
    if (wait_for(process->pidfd, &info, &usage) < 0 || info.si_pid == 0) {
        log_error("session %s (pid %d): cannot be waited for", process->plan.id,
                  (int)process->pid);
        return end;
    }
    end.cpu_ms = to_ms(usage.ru_utime) + to_ms(usage.ru_stime);
    end.peak_kb = (uint64_t)usage.ru_maxrss;
    end.code = info.si_status;
    if (info.si_code != CLD_EXITED) {
        end.kind = END_SIGNALED;
        end.core = info.si_code == CLD_DUMPED;
        end.limit = end_limit_first(end.limit, limit_of_signal(end.code));
    }
    return end;
}

/* It was handed over as it ended: its owner has done nothing to it, and nothing
 * of the module has run. */
static bool never_began(const struct process *process, const struct end *end)
{
    return process->handed_over && process->state == PROCESS_BORN &&
           !process->refused && !process->signalled &&
           (end->limit == END_LIMIT_NONE ||
            end->limit == END_LIMIT_SUSPENDED) &&
           end->told.doing_since_ms == 0;
}

void process_end(struct process *process)
{
    siginfo_t info;

    if (process->state != PROCESS_POOLED) {
        process_unborn(process, SP_OK, "");
        return;
    }
    process_signal(process, SIGKILL);
    while (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOWAIT) <
               0 &&
           errno == EINTR)
        continue;
    process_take_exit(process);
}

void process_take_exit(struct process *process)
{
    struct end end;

    /* "ready" or the text of an error may still wait to be read */
    if (process->start_fd >= 0)
        process_read_start(process);
    module_drain_log(process->module);
    end = reap(process);
    if (module_settings(process->module)->allow_fork)
        generation_kill_orphans(process->generation);
    if (never_began(process, &end)) {
        process_again(process);
        return;
    }
    if (end_fault(&end) && process->state != PROCESS_POOLED)
        module_note_crash(process->module, process->generation);
    process_gone(process, &end, SP_OK, "");
}

static void on_exit_noticed(evutil_socket_t fd, short what, void *arg)
{
    struct process *process = MAGIC_CAST(process, PROCESS_MAGIC, arg);

    (void)fd;
    (void)what;
    process->ended = true;
    process_take_news(process);
}

bool process_settle(struct process *process)
{
    struct pollfd exited = {.fd = process->pidfd, .events = POLLIN};

    if (process->pid == 0 || poll(&exited, 1, 0) <= 0)
        return false;
    process_take_exit(process);
    return true;
}

/* ---- what is said on the start socket ---- */

/* WNOWAIT leaves it waitable; that it may have ended already is fine. */
bool process_is_new_child(const struct process_table *table, pid_t pid)
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
        if (process_is_new_child(process->table, sender))
            kill(sender, SIGKILL); /* a sweep reaps it */
        module_violation(process->module, process->template, what);
        process_unborn(process, SP_ESYSTEM, "its template broke the contract");
        return false;
    }
    process_close_start(process);
    process->breach = what;
    process_kill(process, END_LIMIT_CONTRACT);
    return true;
}

/* From here on it may take as long as it likes. */
static void become_pooled(struct process *process)
{
    process->table->pooled++;
    event_del(&process->birth->deadline);
    process->events->on_pooled(process->owner);
}

/* False: it was a lie, and the process is freed. */
static bool become_born(struct process *process, pid_t pid)
{
    struct process_table *table = process->table;

    if (!process_is_new_child(table, pid))
        return violation(process, "a hello that is no new child's", pid);
    close(process->pidfd); /* the place that was kept */
    process->pidfd = pidfd_open(pid, 0);
    if (process->pidfd < 0) { /* no memory: a sweep reaps it */
        kill(pid, SIGKILL);
        process_unborn(process, SP_ESYSTEM, "its process cannot be watched");
        return false;
    }
    process_leave_state(process);
    module_child_known(process->module, process->template);
    process->state = process->pooled ? PROCESS_POOLED : PROCESS_BORN;
    process->pid = pid;
    process->born_ms = clock_now_ms();
    HASH_ADD(hh, table->by_pid, pid, sizeof process->pid, process);
    event_assign(&process->exit_event, table->base, process->pidfd, EV_READ,
                 on_exit_noticed, process);
    if (event_add(&process->exit_event, NULL) < 0 || process->kill_wanted)
        process_signal(process, SIGKILL);
    if (process->pooled)
        become_pooled(process);
    return true;
}

static void become_ready(struct process *process)
{
    process->state = PROCESS_READY;
    module_watch(process->module, process);
    process_close_start(process);
    end_birth(process);
    process->events->on_ready(process->owner);
}

static void refuse(struct process *process, enum sp_error error,
                   const char *text)
{
    if (process->refused)
        return;
    process->refused = true;
    process_close_start(process);
    process->events->on_refused(process->owner, error, text);
    process_signal(process, SIGKILL); /* it is about to exit anyway */
}

/* False: the process is freed. */
static bool take_first(struct process *process,
                       const struct hello_record *record, pid_t pid)
{
    bool at_once = record->type == HELLO_AT_ONCE && !process->pooled;

    if (record->type != HELLO_HELLO && !at_once)
        return violation(process, "no hello", pid);
    if (!become_born(process, pid))
        return false;
    if (at_once)
        become_ready(process);
    return true;
}

/* False: the process is freed. */
static bool take_record(struct process *process,
                        const struct hello_record *record, pid_t pid)
{
    if (process->state == PROCESS_FORKING)
        return take_first(process, record, pid);
    if (pid != process->pid)
        return violation(process, "another process's record", pid);
    if (process->state == PROCESS_POOLED)
        return violation(process, "a record of one that is to wait", pid);
    switch ((enum hello_message)record->type) {
    case HELLO_HELLO:
    case HELLO_AT_ONCE:
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

/* End of file, or an error: nobody has the other end any more.  Before the
 * hello its template is asked why: there may never have been a process. */
static void start_closed(struct process *process)
{
    process_close_start(process); /* its exit is coming, or the deadline is */
    if (process->state == PROCESS_POOLED)
        process_kill(process, END_LIMIT_NONE);
    if (process->state != PROCESS_FORKING)
        return;
    if (module_owes_answer(process->request))
        module_ask(process->module, process->request);
    else if (process->orphaned)
        process_orphaned(process);
    else
        died_before_hello(process);
}

/* May free the process if it is unborn. */
void process_read_start(struct process *process)
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

/* ---- whether there may be more ---- */

bool process_may_pool(const struct process_table *table)
{
    return table->may_pool(table->context);
}

bool process_spares(const struct process_table *table, int fd)
{
    return (rlim_t)fd + POOL_RESERVE < table->descriptors;
}

bool process_table_busy(const struct process_table *table)
{
    return !TAILQ_EMPTY(&table->unborn) || !TAILQ_EMPTY(&table->news);
}

void process_table_settle(struct process_table *table)
{
    struct process *process;
    struct process *next;

    for (process = TAILQ_FIRST(&table->unborn); process; process = next) {
        next = TAILQ_NEXT(process, birth->unborn);
        if (process->start_fd >= 0)
            process_read_start(process);
    }
}

/* Which of the two it is cannot be told while its template lives; that of an
 * earlier one is found by a sweep. */
static void fork_is_late(struct process *process)
{
    bool killed = module_kill_silent(process->module, process->template);

    process_unborn(process, SP_EINIT,
                   killed ? "its template does not answer"
                          : "it has not said hello, and its template is gone");
}

void process_late(struct process *process)
{
    char text[96];

    snprintf(text, sizeof text, "init took longer than %llu ms",
             (unsigned long long)module_settings(process->module)
                 ->init_timeout);
    switch (process->state) {
    case PROCESS_QUEUED:
        process_unborn(process, SP_ELIMIT,
                       "no process could be had for it in time");
        break;
    case PROCESS_FORKING:
        fork_is_late(process);
        break;
    case PROCESS_BORN:
        process->limit = END_LIMIT_INIT;
        refuse(process, SP_EINIT, text);
        break;
    case PROCESS_POOLED:
    case PROCESS_READY:
    case PROCESS_GONE:
        break;
    }
}
