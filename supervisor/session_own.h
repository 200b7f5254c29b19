/* SPDX-License-Identifier: MIT */
/* supervisor/session_own.h - a session from inside: for session.c, which lives
 * its life, session_process.c, which gets it its processes, session_expiry.c,
 * which looks when it is over, session_orders.c, which takes orders,
 * session_ends.c, which accounts for ends, and session_facts.c, which tells of
 * it. */
#ifndef SUPERVISOR_SESSION_OWN_H
#define SUPERVISOR_SESSION_OWN_H

#include <event2/event_struct.h>

#include "listener.h"
#include "policy.h"
#include "session.h"
#include "wire/template.h"

#define SESSION_MAGIC 0x53507365u

/* X(NAME, name): what changes a session's state; see session.h. */
#define SESSION_INPUT_TABLE(X)                                                 \
    X(READY, "ready")                                                          \
    X(ENDED, "process ended")                                                  \
    X(STOP, "stop")                                                            \
    X(RESTART, "restart")                                                      \
    X(DEADLINE, "deadline")                                                    \
    X(GIVE_UP, "give up")

enum session_input {
#define SESSION_INPUT_ENUM_(NAME, name) INPUT_##NAME,
    SESSION_INPUT_TABLE(SESSION_INPUT_ENUM_)
#undef SESSION_INPUT_ENUM_
};

/* What its earlier processes leave behind. */
struct session_past {
    struct end end; /* of the last one */
    const char *unreported; /* static: what comes next; NULL: it was told */
    struct slot_request ended[START_ENDED_MAX]; /* latest first */
    struct policy_history history;
};

struct session {
    uint32_t magic;
    enum session_state state; /* written by session_apply() alone */
    bool was_ready;
    bool draining; /* until its deadline */
    bool given_up; /* its budget is spent */
    uid_t uid;
    const struct session_world *world; /* borrowed */
    struct module *module;             /* borrowed */
    struct registry_entry *entry;      /* owned */
    struct process *process;           /* NULL without one; frees itself */
    const char *id; /* the entry's */
    void *arg; /* owned */
    size_t arg_size;
    struct listener listener;
    struct session_order order; /* to end; its process alone if it restarts */
    int64_t started_ms;
    int64_t ready_ms;   /* of its process; 0 before */
    int64_t touched_ms;
    unsigned restarts;
    enum sp_error error; /* why its start failed, for those who wait for it */
    char *text;          /* owned; NULL: nothing to add */
    struct session_past *past; /* owned; see session_past() */
    struct event timer; /* the deadline of its state; while it runs, expiry */
    struct waiters waiters;
};

extern const struct session_past session_no_past; /* all zeros */

/* Most sessions have one process, and so none: it is there when a process has
 * ended, and there was memory to remember that by. */
static inline const struct session_past *
session_past(const struct session *session)
{
    return session->past ? session->past : &session_no_past;
}

/* May free the session. */
void session_apply(struct session *session, enum session_input input);

/* ---- session_process.c ---- */

/* Why the start fails; the first one counts. */
void session_remember_error(struct session *session, enum sp_error error,
                            const char *text);
/* Its process has ended, or there never was one. */
void session_remember_end(struct session *session, const struct end *end);
void session_kill_for(struct session *session, enum end_limit limit);

/* Its first listener.  *out_pooled: a pooled process with which it has come, or
 * NULL; the session's once it was launched with it.  -1 and errno. */
int session_open_listener(struct session *session, struct process **out_pooled);
/* Its first process: this one, or another if there is none.  -1 and errno. */
int session_launch(struct session *session, struct process *pooled);
/* A successor, on the same listener unless that is dead.  -1 and errno. */
int session_relaunch(struct session *session);

/* ---- session_expiry.c ---- */

/* Stops it if it is time, or looks again when it may be.  While it runs. */
void session_look_for_expiry(struct session *session);
void session_start_timer(struct session *session, int64_t ms);

/* ---- session_ends.c ---- */

void session_tell(const struct session *session, enum event_kind kind,
                  const char *text);
/* The limit that its last process has hit, if any. */
void session_count_limit(const struct session *session);
/* Its last process has ended unasked, and this comes next: a crash, unless it
 * ended normally or for a fresh process. */
void session_report_end(const struct session *session, const char *next);
/* The same by session_report_due(), which does nothing unless there is one.
 * next: static. */
void session_report_later(struct session *session, const char *next);
void session_report_due(struct session *session);
/* What its own end is. */
enum event_kind session_fate_event(const struct session *session);
void session_count_fate(const struct session *session);

/* ---- session_facts.c ---- */

/* Does something now, or has somebody who listens. */
bool session_busy(const struct slot_view *told);
/* When it last did something, or was touched. */
int64_t session_active_ms(const struct session *session,
                          const struct slot_view *told);

#endif
