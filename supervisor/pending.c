/* SPDX-License-Identifier: MIT */
/* The operations that are answered when something has happened, or when their
 * time is up: wait, cause, events. */
#define _GNU_SOURCE
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "control_own.h"
#include "describe.h"
#include "supervisor.h"

/* A client that has gone leaves its answer pending until its time is up. */
#define PENDING_MAX 16384
#define EVENTS_AN_ANSWER 1000
/* From the end of a session's connections to that of its process. */
#define CAUSE_WAIT_MS 200
/* An end that was noticed a little earlier than its client noticed its own. */
#define CAUSE_SLACK_MS 100

enum pending_kind { PENDING_WAIT, PENDING_CAUSE, PENDING_EVENTS };

struct pending {
    enum pending_kind kind;
    struct control *control;    /* borrowed */
    struct endpoint_call *call; /* to be answered */
    struct session *session;    /* borrowed; tells the waiter before it goes */
    struct waiter *waiter;      /* NULL: told, or none */
    uint64_t after;             /* of PENDING_EVENTS */
    char id[SP_ID_MAX + 1];     /* "": any, of PENDING_EVENTS */
    struct event timer;
    TAILQ_ENTRY(pending) link;
};

static void pending_free(struct pending *pending)
{
    struct control *control = pending->control;

    if (pending->waiter)
        session_cancel(pending->session, pending->waiter);
    event_del(&pending->timer);
    TAILQ_REMOVE(&control->pending, pending, link);
    control->pending_count--;
    free(pending);
}

/* ---- causes ---- */

static void answer_cause(struct endpoint_call *call, const struct end *end)
{
    json_t *object = control_answer_ok();
    char text[END_TEXT_MAX];

    if (object && end) {
        end_describe(end, text);
        json_object_set_new(object, "text", json_string(text));
        json_object_set_new(object, "end", describe_end(end, clock_now_ms()));
    }
    answer(call, object);
}

/* The last end of a session, if it was within the last since_ms. */
static const struct end *recent_end(struct supervisor *supervisor,
                                    const char *id, int64_t since_ms)
{
    const struct session *session = registry_find(&supervisor->registry, id);
    int64_t now_ms = clock_now_ms();
    const struct session_facts *facts;
    const struct end *end = NULL;

    if (session) {
        end = session_last_end(session);
    } else {
        facts = tombstones_find(&supervisor->tombstones, id, now_ms);
        if (facts && facts->end.kind != END_NONE)
            end = &facts->end;
    }
    if (since_ms > INT64_MAX / 2)
        since_ms = INT64_MAX / 2;
    return end && now_ms - end->at_ms <= since_ms + CAUSE_SLACK_MS ? end : NULL;
}

/* ---- events ---- */

static void answer_events(struct control *control, struct endpoint_call *call,
                          uint64_t after, const char *id)
{
    uint64_t next;
    json_t *array = events_after(&control->supervisor->events, after,
                                 *id ? id : NULL, EVENTS_AN_ANSWER, &next);
    json_t *object = array ? control_answer_ok() : NULL;

    if (object) {
        json_object_set_new(object, "events", array);
        json_object_set_new(object, "next", json_integer((json_int_t)next));
    } else {
        json_decref(array);
    }
    answer(call, object);
}

static bool has_events(struct control *control, uint64_t after, const char *id)
{
    uint64_t next;
    json_t *array = events_after(&control->supervisor->events, after,
                                 *id ? id : NULL, 1, &next);
    bool some = json_array_size(array) > 0;

    json_decref(array);
    return some;
}

/* From the loop, not from inside of what happened: answering may end a
 * connection. */
static void on_events_due(evutil_socket_t fd, short what, void *arg)
{
    struct control *control = arg;
    struct pending *pending;
    struct pending *next;

    (void)fd;
    (void)what;
    for (pending = TAILQ_FIRST(&control->pending); pending; pending = next) {
        next = TAILQ_NEXT(pending, link);
        if (pending->kind != PENDING_EVENTS ||
            !has_events(control, pending->after, pending->id))
            continue;
        answer_events(control, pending->call, pending->after, pending->id);
        pending_free(pending);
    }
}

void pending_events(struct control *control)
{
    static const struct timeval at_once = {0, 0};

    if (control->pending_count > 0 &&
        !evtimer_pending(&control->events_due, NULL))
        evtimer_add(&control->events_due, &at_once);
}

/* ---- what is pending ---- */

static void told(void *context, enum sp_error error, const char *text,
                 pid_t pid)
{
    struct pending *pending = context;

    pending->waiter = NULL; /* it is freed by whoever tells */
    if (pending->kind == PENDING_CAUSE)
        answer_cause(pending->call,
                     recent_end(pending->control->supervisor, pending->id, 0));
    else if (error == SP_OK)
        answer_pid(pending->call, pid);
    else
        answer_error(pending->call, error, text);
    pending_free(pending);
}

static void on_time_up(evutil_socket_t fd, short what, void *arg)
{
    struct pending *pending = arg;

    (void)fd;
    (void)what;
    switch (pending->kind) {
    case PENDING_WAIT:
        answer_error(pending->call, SP_ETIMEDOUT, NULL);
        break;
    case PENDING_CAUSE:
        answer_cause(pending->call, NULL);
        break;
    case PENDING_EVENTS:
        answer_events(pending->control, pending->call, pending->after,
                      pending->id);
        break;
    }
    pending_free(pending);
}

/* NULL: it has been answered. */
static struct pending *pending_add(const struct question *question,
                                   enum pending_kind kind, int64_t timeout_ms)
{
    struct control *control = question->control;
    struct timeval delay = {(time_t)(timeout_ms / 1000),
                            (suseconds_t)(timeout_ms % 1000 * 1000)};
    struct pending *pending = NULL;

    if (control->pending_count < PENDING_MAX)
        pending = calloc(1, sizeof *pending);
    if (!pending) {
        answer_error(question->call, SP_ELIMIT, "too many wait already");
        return NULL;
    }
    pending->kind = kind;
    pending->control = control;
    pending->call = question->call;
    pending->after = (uint64_t)question->request->after;
    strcpy(pending->id, question->request->id);
    evtimer_assign(&pending->timer, question->supervisor->base, on_time_up,
                   pending);
    evtimer_add(&pending->timer, &delay);
    TAILQ_INSERT_TAIL(&control->pending, pending, link);
    control->pending_count++;
    return pending;
}

static void wait_for(const struct question *question, enum pending_kind kind,
                     struct session *session, enum wait_for what,
                     int64_t timeout_ms)
{
    struct pending *pending = pending_add(question, kind, timeout_ms);

    if (!pending)
        return;
    pending->session = session;
    pending->waiter = session_wait(session, what, told, pending);
    if (!pending->waiter) {
        answer_error(question->call, SP_ENOMEM, NULL);
        pending_free(pending);
    }
}

/* ---- operations ---- */

/* Whether what is waited for is there already. */
static bool is_so(const struct control_request *request,
                  const struct session *session)
{
    if (session_state(session) != SESSION_RUNNING)
        return false;
    return request->wait == CONTROL_WAIT_READY ||
           (request->wait == CONTROL_WAIT_RESTARTED &&
            (request->keys & CONTROL_KEY_PID) &&
            request->pid != session_pid(session));
}

void op_wait(const struct question *question)
{
    const struct control_request *request = question->request;
    struct session *session =
        registry_find(&question->supervisor->registry, request->id);

    if (!session && request->wait == CONTROL_WAIT_GONE)
        answer_pid(question->call, 0);
    else if (!session)
        answer_absent(question);
    else if (is_so(request, session))
        answer_pid(question->call, session_pid(session));
    else
        wait_for(question, PENDING_WAIT, session,
                 request->wait == CONTROL_WAIT_GONE ? WAIT_GONE : WAIT_READY,
                 request->timeout_ms);
}

void op_cause(const struct question *question)
{
    struct supervisor *supervisor = question->supervisor;
    const char *id = question->request->id;
    struct session *session = registry_find(&supervisor->registry, id);
    const struct end *end;

    if (session && session_settle(session))
        session = registry_find(&supervisor->registry, id);
    end = recent_end(supervisor, id, question->request->since_ms);
    if (end || !session)
        answer_cause(question->call, end);
    else
        wait_for(question, PENDING_CAUSE, session, WAIT_ENDED, CAUSE_WAIT_MS);
}

void op_events(const struct question *question)
{
    const struct control_request *request = question->request;
    struct control *control = question->control;
    uint64_t after = (uint64_t)request->after;

    if (!(request->keys & CONTROL_KEY_TIMEOUT) ||
        has_events(control, after, request->id))
        answer_events(control, question->call, after, request->id);
    else
        pending_add(question, PENDING_EVENTS, request->timeout_ms);
}

/* ---- life ---- */

void pending_init(struct control *control)
{
    TAILQ_INIT(&control->pending);
    evtimer_assign(&control->events_due, control->supervisor->base,
                   on_events_due, control);
}

void pending_fini(struct control *control)
{
    struct pending *pending;

    event_del(&control->events_due);
    while ((pending = TAILQ_FIRST(&control->pending))) {
        answer_error(pending->call, SP_ENOSUP, "the supervisor has stopped");
        pending_free(pending);
    }
}
