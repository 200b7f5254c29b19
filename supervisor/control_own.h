/* SPDX-License-Identifier: MIT */
/* supervisor/control_own.h - the control socket from inside: for control.c,
 * which takes questions and sends answers, operations.c, which acts, queries.c,
 * which tells, and pending.c, which answers when something has happened. */
#ifndef SUPERVISOR_CONTROL_OWN_H
#define SUPERVISOR_CONTROL_OWN_H

#include <event2/event_struct.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "control.h"
#include "doctor.h"
#include "end.h"
#include "endpoint/endpoint.h"
#include "lister.h"
#include "wire/control.h"

struct pending;

TAILQ_HEAD(pending_list, pending);

struct control {
    struct supervisor *supervisor; /* borrowed */
    struct endpoint *endpoint;     /* owned */
    struct pending_list pending;   /* answers that are not due yet */
    size_t pending_count;
    struct event events_due; /* some of them wait for events */
    struct lister lister;
    struct doctor doctor;
};

/* One request, while it is looked at. */
struct question {
    struct control *control;
    struct supervisor *supervisor;
    struct endpoint_call *call; /* to be answered once, now or later */
    struct control_request *request;
    struct asker by;
    bool admin; /* root, or spd's own user */
};

/* ---- control.c ---- */

/* Takes the object; NULL stands for no memory. */
void answer(struct endpoint_call *call, json_t *object);
/* text may be NULL: the error's own. */
void answer_error(struct endpoint_call *call, enum sp_error error,
                  const char *text);
/* {"ok": true} */
void answer_done(struct endpoint_call *call);
void answer_pid(struct endpoint_call *call, pid_t pid);
/* "no such session", and how it ended if that is known. */
void answer_absent(const struct question *question);
/* The session that the request names; NULL: it has been answered. */
struct session *wanted_session(const struct question *question);

/* ---- operations ---- */

#define CONTROL_OPERATION_(op, NAME, one_of, optional)                         \
    void op_##op(const struct question *question);
CONTROL_OP_TABLE(CONTROL_OPERATION_)
#undef CONTROL_OPERATION_

/* ---- pending.c ---- */

void pending_init(struct control *control);
/* Answers all that is pending: spd is at its end. */
void pending_fini(struct control *control);
/* There is a new event. */
void pending_events(struct control *control);

#endif
