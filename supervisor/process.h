/* SPDX-License-Identifier: MIT */
/* supervisor/process.h - one OS process of a session, from the request to fork
 * it until it is reaped.  Mechanism only: when to start, restart or stop is
 * session.c's business.
 *
 *   state    | input                          | next
 *   QUEUED   | sent to the template           | FORKING
 *            | cancelled, template cannot load| gone
 *   FORKING  | hello, stamped by the kernel   | BORN; POOLED if it is to wait
 *            | hello and ready in one         | READY; one that is to wait:
 *            |                                | gone, with its template
 *            | start socket EOF               | FORKING; its template is asked
 *            | fork failed, that answer,      | gone
 *            | time is up (its template is    |
 *            | killed, if it is still there)  |
 *   POOLED   | handed over                    | BORN
 *   BORN     | ready                          | READY
 *            | ignored, init error, time is up| BORN, and killed
 *            | exit of one that was handed    | QUEUED, once
 *            | over and did not begin its init|
 *   POOLED,  | exit, noticed by the pidfd     | gone
 *   BORN,    | anything else on the socket    | killed
 *   READY    |                                |
 *
 * The exit may come before, between or after what was said on the start
 * socket: that is read to its end before an exit is believed.
 *
 * However many are born or end at once, they are seen to in turns of a few
 * milliseconds, oldest first, between which everything else has its turn. */
#ifndef SUPERVISOR_PROCESS_H
#define SUPERVISOR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>

#include <sp/error.h>

#include "end.h"

struct event;
struct cgroup;
struct event_base;
struct log_meter;
struct module;
struct process;

TAILQ_HEAD(process_list, process);

/* All processes of all modules.  Owned by the supervisor. */
struct process_table {
    struct event_base *base;      /* borrowed */
    struct process *by_pid;       /* uthash; those POOLED, BORN or READY */
    size_t pooled;                /* of these */
    rlim_t descriptors;           /* that spd can have */
    struct process_list unborn;   /* those FORKING */
    struct process_list news;     /* those that have something to tell */
    struct event *turn;           /* owned; sees to a share of them */
    struct timeval tick;          /* of the loop's clock */
    unsigned at_once;             /* so many were seen to at once within it */
    struct cgroup *cgroup;        /* borrowed; where modules have theirs */
    /* Whether a child of ours is a template, or holds a pid namespace: it is
     * nobody's session. */
    bool (*is_template)(void *context, pid_t pid);
    /* Whether there may be one more that is no session's. */
    bool (*may_pool)(void *context);
    /* No more processes may be made: ends one that is no session's.  False:
     * there is none. */
    bool (*give_back)(void *context);
    /* A start was given up, or a module has been loaded: there may be a child
     * that nobody will announce. */
    void (*on_stray)(void *context);
    /* A template broke its contract, and has been ended. */
    void (*on_violation)(void *context, const char *module, pid_t pid,
                         enum end_limit kind, const char *text);
    void *context; /* borrowed */
};

/* What a process tells its owner.  on_gone is the last, comes exactly once, and
 * never from inside process_start(). */
struct process_events {
    void (*on_ready)(void *owner);
    /* Its init did not succeed: SP_EIGNORED, or SP_EINIT and the text.  The
     * process is being killed; on_gone follows. */
    void (*on_refused)(void *owner, enum sp_error error, const char *text);
    /* Of one that is to wait: it does; another one owns it from now on. */
    void (*on_pooled)(void *owner);
    void (*on_handed_over)(void *owner);
    /* error and text explain an UNBORN end, else SP_OK and "".  end->asked and
     * end->by are the owner's to fill in. */
    void (*on_gone)(void *owner, const struct end *end, enum sp_error error,
                    const char *text);
};

/* Instead of a session's. */
#define PROCESS_POOLED_ID "(pooled)"

/* What the session is to be; borrowed as long as the process lives.  One that
 * is to wait has this ID and a listener. */
struct process_plan {
    const char *id;
    const void *arg;
    size_t arg_size;
    int listener_fd;
    const struct slot_request *ended; /* START_ENDED_MAX of them */
};

/* The table's base is set already.  -1: no memory. */
int process_table_init(struct process_table *table);
void process_table_fini(struct process_table *table);

/* NULL and errno: it could not even be asked for. */
struct process *process_start(struct process_table *table,
                              struct module *module,
                              const struct process_plan *plan,
                              const struct process_events *events,
                              void *owner);

/* A POOLED one becomes a session's, which is what plan says, with the listener
 * that it has; events and owner are that of process_start().  -1: it is
 * killed, and still its owner's. */
int process_hand_over(struct process *process, const struct process_plan *plan,
                      const struct process_events *events, void *owner);
/* Whether it waits, or is to. */
bool process_pooled(const struct process *process);
/* Ends such a one, and waits for its end. */
void process_end(struct process *process);

/* Whether there may be one more that is to wait. */
bool process_may_pool(const struct process_table *table);
/* Whether this descriptor, which is the lowest that was free, can be spared for
 * one. */
bool process_spares(const struct process_table *table, int fd);
/* Whether a fork is waited for. */
bool process_table_busy(const struct process_table *table);

/* 0 while it is not known. */
pid_t process_pid(const struct process *process);
const char *process_session_id(const struct process *process);

/* Of what it writes to standard output and error. */
struct log_meter *process_log_meter(struct process *process);

/* Sends a signal, by pidfd.  Before the hello, SIGKILL is remembered until
 * then, and every other signal counts as SIGKILL: there is nothing to save. */
void process_signal(struct process *process, int signal_number);

/* Kills it for a limit that it has hit, which its end then names. */
void process_kill(struct process *process, enum end_limit limit);
/* Stops it where it is, and lets it go on. */
void process_pause(struct process *process);
void process_resume(struct process *process);
bool process_paused(const struct process *process);
/* It was seen stopped by a signal: unless it was paused, that is its own doing,
 * and it is killed. */
void process_suspended(struct process *process);
/* Ends it if it has been in one handler for longer than limit_ms: with SIGABRT
 * and then SIGKILL, or with SIGKILL at once. */
void process_check_hang(struct process *process, int64_t now_ms,
                        int64_t limit_ms, bool abort_first);

/* What it tells of itself now; all zeros before it is born. */
void process_look(const struct process *process, struct slot_view *out_view);
/* Wants something of it: the order in its slot, and the signal to look.  Before
 * its hello that counts as SIGKILL. */
void process_order(struct process *process, enum slot_command command,
                   enum sp_end end, const char *text);

/* Reaps it now if it has ended: true, and the owner has been told. */
bool process_settle(struct process *process);

/* NULL: no session's process has this pid. */
struct process *process_find(const struct process_table *table, pid_t pid);
/* Those BORN or READY: of sessions. */
size_t process_count(const struct process_table *table);
/* The owner that it was started with. */
void *process_owner(const struct process *process);

/* Reads what unborn processes have said, so that a child that has said hello
 * is known before a sweep looks at all children. */
void process_table_settle(struct process_table *table);

/* ---- for module.c ---- */

/* A stamped pid is believed if it is a child of ours that nobody has yet. */
bool process_is_new_child(const struct process_table *table, pid_t pid);

/* The next request of a template's queue: sends it.  0; -1 and errno (EAGAIN:
 * the socket is full; EMFILE and the like: later), and it is still queued. */
int process_send(struct process *process, int control_fd, uint32_t serial);
/* What became of the request: it was forked, could not be, or the template
 * ended without a word.  Each may free the process. */
void process_forked(struct process *process);
void process_fork_failed(struct process *process, int error);
void process_orphaned(struct process *process);
/* It will never be forked. */
void process_unborn(struct process *process, enum sp_error error,
                    const char *text);

#endif
