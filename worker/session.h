/* SPDX-License-Identifier: MIT */
/* worker/session.h - the session process: its one object, its life.
 *
 * struct sp_session is opaque to modules; api.c and timer.c, which give
 * modules their functions, see inside. */
#ifndef WORKER_SESSION_H
#define WORKER_SESSION_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/module.h>

#include "base/patience.h"
#include "endpoint/endpoint.h"
#include "timer.h"
#include "wire/template.h"

struct sandbox;

struct sp_session {
    const struct sp_module *module; /* borrowed, for good */
    void *state;                    /* the module's */
    char id[SP_ID_MAX + 1];
    pid_t pid;
    struct event_base *base;    /* owned */
    struct endpoint *endpoint;  /* owned; NULL until init has succeeded */
    struct session_timers timers;
    char text[SP_TEXT_MAX + 1]; /* init's error, or the reason of the end */
    bool ending;
    enum sp_end end; /* valid once ending */

    /* ends once all that has arrived is answered */
    bool draining;
    enum endpoint_backlog drain_backlog;
    enum sp_end drain_end;
    char drain_text[SLOT_TEXT_SIZE];

    /* serve.c's */
    struct slot *slot; /* mapped, for good */
    struct slot_request request; /* that is being served; id 0: by PUSH */
    bool serving;                /* a call or cast is in its handler */
    unsigned waiting;            /* calls without a reply */
    unsigned batch; /* messages that were handled in one go, just now */
    struct patience patience;
    /* of the start record: see there */
    uint64_t max_message;
    uint64_t max_calls;
    uint64_t max_memory;
    uint64_t slow_call;
    struct slot_request ended[START_ENDED_MAX];
};

/* A call as a module sees it is one of the endpoint's. */
static inline struct endpoint_call *session_call(struct sp_call *call)
{
    return (struct endpoint_call *)call;
}

/* Lives the life of a session and exits.  Called in the fork, signals still
 * blocked; the descriptors and the page of its slot are the FORK record's. */
_Noreturn void session_run(pid_t supervisor, const struct sp_module *module,
                           struct sandbox *sandbox, const int fds[FORK_FDS],
                           uint32_t page);

/* The session ends after what is running now.  The first call counts. */
void session_end(struct sp_session *session, enum sp_end end, const char *text);

/* It ends like that once all that has arrived is answered.  The last call
 * counts; session_end() still ends it at once. */
void session_drain(struct sp_session *session, enum endpoint_backlog backlog,
                   enum sp_end end, const char *text);

/* It drains, and leaves who waits to be accepted to its successor. */
void session_recycle(struct sp_session *session, const char *text);

/* The process's name in ps and top: prefix and name, cut to 15 bytes. */
void session_set_comm(const char *prefix, const char *name);

#endif
