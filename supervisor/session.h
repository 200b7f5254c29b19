/* SPDX-License-Identifier: MIT */
/* supervisor/session.h - one registered session: its life from start to gone,
 * over any number of processes.
 *
 *   state      | input    | next       | what happens
 *   STARTING   | READY    | RUNNING    | those who wait for the start are told
 *              | STOP     | STOPPING   | its process is ended
 *              | ENDED    | BACKOFF    | the policy decides: a delay, GIVE_UP
 *   RUNNING    | STOP     | STOPPING   | its process is asked to end, or drain
 *              | RESTART  | RESTARTING | its process is asked to end
 *              | ENDED    | BACKOFF    | the policy decides
 *   BACKOFF    | DEADLINE,| STARTING   | a new process, the same argument
 *              | RESTART  |            |
 *              | GIVE_UP  | GONE       | unregistered, those who wait are told
 *              | STOP     | GONE       |
 *   RESTARTING | STOP     | STOPPING   | it is not started again
 *              | DEADLINE | RESTARTING | its process is killed
 *              | ENDED    | STARTING   | a new process, the policy is not asked
 *   STOPPING   | STOP     | STOPPING   | one that drains is asked to end
 *              | DEADLINE | STOPPING   | likewise, or its process is killed
 *              | ENDED    | GONE       |
 *
 * A session keeps its listening socket and its argument in every state.  A
 * session whose first init does not succeed is not restarted. */
#ifndef SUPERVISOR_SESSION_H
#define SUPERVISOR_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/error.h>

#include "end.h"
#include "events.h"
#include "facts.h"
#include "waiters.h"

struct counters;
struct event_base;
struct listener;
struct listeners;
struct module;
struct process_table;
struct registry;
struct session;

/* X(NAME, name): the states, and what `info` calls them. */
#define SESSION_STATE_TABLE(X)                                                 \
    X(STARTING, "starting")                                                    \
    X(RUNNING, "running")                                                      \
    X(BACKOFF, "backoff")                                                      \
    X(RESTARTING, "restarting")                                                \
    X(STOPPING, "stopping")                                                    \
    X(GONE, "gone")

enum session_state {
#define SESSION_STATE_ENUM_(NAME, name) SESSION_##NAME,
    SESSION_STATE_TABLE(SESSION_STATE_ENUM_)
#undef SESSION_STATE_ENUM_
};

/* What sessions live in; all borrowed. */
struct session_world {
    struct event_base *base;
    struct process_table *processes;
    struct registry *registry;
    struct listeners *listeners; /* open with session_listener_shut() */
    struct counters *counters;
    /* Something has happened to it, which text tells. */
    void (*on_event)(void *context, enum event_kind kind,
                     const struct session *session, const char *text);
    /* It has gone, after it had been ready, or before. */
    void (*on_gone)(void *context, const struct session_facts *facts,
                    bool was_ready);
    /* The last session has gone. */
    void (*on_empty)(void *context);
    void *context;
};

struct session_plan {
    const char *id;        /* valid */
    struct module *module; /* borrowed as long as the session lives */
    uid_t uid;             /* who starts it */
    void *arg;             /* taken; NULL without one */
    size_t arg_size;
};

/* Registers a session and asks for its first process.  SP_OK: *out_session,
 * and a WAIT_STARTED waiter is told the rest.  Else out_text says why, and
 * plan->arg is freed. */
enum sp_error session_start(const struct session_world *world,
                            const struct session_plan *plan,
                            struct session **out_session, char *out_text,
                            size_t text_size);

/* For listeners_open(). */
void session_listener_shut(struct listener *listener);

/* Why and how a session is to end. */
struct session_order {
    enum end_asked asked;
    bool drain; /* after it has handled what has arrived */
    struct asker by;
};

/* Ends it for good.  It may be gone, and freed, when this returns. */
void session_stop(struct session *session, const struct session_order *order);
/* Kills its process, without a deadline; to be called after session_stop(). */
void session_kill(struct session *session);
/* A fresh process in place of the one that it has; a session that is about to
 * have one gets that at once. */
void session_restart(struct session *session, struct asker by);

/* Stops its process where it is (SIGSTOP), and lets it go on.  SP_EAGAIN: it
 * has none that could be. */
enum sp_error session_pause(struct session *session);
enum sp_error session_resume(struct session *session);
/* SP_EAGAIN: it has no process. */
enum sp_error session_signal(struct session *session, int number);
/* Its idle time begins anew. */
void session_touch(struct session *session);
/* An exit that has not been noticed yet is taken now.  True: there was one, and
 * the session may be gone, and freed. */
bool session_settle(struct session *session);

/* NULL: no memory. */
struct waiter *session_wait(struct session *session, enum wait_for what,
                            waiter_told_fn *told, void *context);
void session_cancel(struct session *session, struct waiter *waiter);

/* ---- what there is to know ---- */

const char *session_id(const struct session *session);
const char *session_module_name(const struct session *session);
enum session_state session_state(const struct session *session);
/* Whether its first start has succeeded. */
bool session_was_ready(const struct session *session);
bool session_paused(const struct session *session);
const char *session_state_name(enum session_state state);
pid_t session_pid(const struct session *session); /* 0 without a process */
uid_t session_uid(const struct session *session);
unsigned session_restarts(const struct session *session);
/* Since its start. */
int64_t session_age_ms(const struct session *session, int64_t now_ms);
/* Why its first start did not succeed; SP_OK if it did. */
enum sp_error session_error(const struct session *session);
/* Of its last process; NULL before one has ended. */
const struct end *session_last_end(const struct session *session);
void session_facts(const struct session *session, struct session_facts *out);

#endif
