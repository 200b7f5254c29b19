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

#include "endpoint/endpoint.h"
#include "timer.h"
#include "wire/template.h"

struct sp_session {
    const struct sp_module *module; /* borrowed, for good */
    void *state;                    /* the module's */
    char id[SP_ID_MAX + 1];
    struct event_base *base;    /* owned */
    struct endpoint *endpoint;  /* owned; NULL until init has succeeded */
    struct session_timers timers;
    char text[SP_TEXT_MAX + 1]; /* init's error, or the reason of the end */
    bool ending;
    enum sp_end end; /* valid once ending */
};

/* A call as a module sees it is one of the endpoint's. */
static inline struct endpoint_call *session_call(struct sp_call *call)
{
    return (struct endpoint_call *)call;
}

/* Lives the life of a session and exits.  Called in the fork, signals still
 * blocked; the descriptors are the FORK record's. */
_Noreturn void session_run(pid_t supervisor, const struct sp_module *module,
                           int listener_fd, int start_fd, int log_fd);

/* The session ends after what is running now.  The first call counts. */
void session_end(struct sp_session *session, enum sp_end end, const char *text);

/* The process's name in ps and top: prefix and name, cut to 15 bytes. */
void session_set_comm(const char *prefix, const char *name);

#endif
