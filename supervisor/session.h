/* SPDX-License-Identifier: MIT */
/* supervisor/session.h - one registered session: its life from start to gone,
 * over any number of processes.
 *
 *   state    | event    | next     | what happens
 *   STARTING | READY    | RUNNING  | those who wait for the start are told
 *            | STOP     | STOPPING | its process is ended
 *            | GONE     | BACKOFF  | the policy decides: a delay, or GIVE_UP
 *   RUNNING  | STOP     | STOPPING | its process is asked to end
 *            | GONE     | BACKOFF  | the policy decides
 *   BACKOFF  | DEADLINE | STARTING | a new process, the same argument
 *            | GIVE_UP  | GONE     | unregistered, those who wait are told
 *            | STOP     | GONE     |
 *   STOPPING | DEADLINE | STOPPING | its process is killed
 *            | GONE     | GONE     |
 *
 * A session keeps its listening socket and its argument in every state.  A
 * session whose first init does not succeed is not restarted. */
#ifndef SUPERVISOR_SESSION_H
#define SUPERVISOR_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/error.h>

#include "end.h"

struct event_base;
struct module;
struct process_table;
struct registry;
struct runtime;
struct session;

/* X(NAME, name): the states, and what `info` calls them. */
#define SESSION_STATE_TABLE(X)                                                 \
    X(STARTING, "starting")                                                    \
    X(RUNNING, "running")                                                      \
    X(BACKOFF, "backoff")                                                      \
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
    const struct runtime *runtime;
    /* A session that had been ready has gone, and how it ended. */
    void (*on_gone)(void *context, const char *id, const char *fate);
    /* The last session has gone. */
    void (*on_empty)(void *context);
    void *context;
};

struct session_plan {
    const char *id;        /* valid */
    struct module *module; /* borrowed as long as the session lives */
    void *arg;             /* taken; NULL without one */
    size_t arg_size;
};

/* Registers a session and asks for its first process.  SP_OK: *out_session,
 * and session_wait_started() tells the rest.  Else out_text says why, and
 * plan->arg is freed. */
enum sp_error session_start(const struct session_world *world,
                            const struct session_plan *plan,
                            struct session **out_session, char *out_text,
                            size_t text_size);

/* Why a session is to end; its module is told. */
enum session_stop_reason { SESSION_STOP_ASKED, SESSION_STOP_SHUTDOWN };

/* Ends it for good.  It may be gone, and freed, when this returns. */
void session_stop(struct session *session, enum session_stop_reason reason);
/* Kills its process, without a deadline; to be called after session_stop(). */
void session_kill(struct session *session);

/* Is told once: SP_OK and the pid, or why not. */
typedef void session_told_fn(void *context, enum sp_error error,
                             const char *text, pid_t pid);

/* When the first start has succeeded or failed.  SP_ENOMEM: will not be told. */
enum sp_error session_wait_started(struct session *session,
                                   session_told_fn *told, void *context);
/* When it is gone. */
enum sp_error session_wait_gone(struct session *session, session_told_fn *told,
                                void *context);

/* ---- what there is to know ---- */

const char *session_id(const struct session *session);
const char *session_module_name(const struct session *session);
enum session_state session_state(const struct session *session);
const char *session_state_name(enum session_state state);
/* Whether its first start has succeeded. */
int session_was_ready(const struct session *session);
pid_t session_pid(const struct session *session); /* 0 without a process */
unsigned session_restarts(const struct session *session);
int64_t session_age_ms(const struct session *session);
const struct end *session_last_end(const struct session *session);

#endif
