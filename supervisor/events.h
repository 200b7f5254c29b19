/* SPDX-License-Identifier: MIT */
/* supervisor/events.h - what happens to sessions, and violations of templates,
 * as JSON for whoever wants to know: PROTOCOL.md, "An event".  Each is numbered,
 * told at once, and the latest are kept for those who ask later.  No sockets.
 *
 * An event for which there is no memory is lost, and its number with it: the
 * gap says so. */
#ifndef SUPERVISOR_EVENTS_H
#define SUPERVISOR_EVENTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <sp/error.h>

/* What an event tells besides the keys that all have. */
enum event_extra {
    EVENT_EXTRA_NONE,
    EVENT_EXTRA_UID,
    EVENT_EXTRA_ERROR,
    EVENT_EXTRA_VIOLATION,
    EVENT_EXTRA_END,
};

/* X(NAME, name, EXTRA) */
#define EVENT_TABLE(X)                                                         \
    X(START, "start", UID)                                                     \
    X(READY, "ready", NONE)                                                    \
    X(CRASH, "crash", END)                                                     \
    X(RESTART, "restart", NONE)                                                \
    X(STOP, "stop", END)                                                       \
    X(EXPIRY, "expiry", END)                                                   \
    X(GIVE_UP, "give_up", NONE)                                                \
    X(REFUSAL, "refusal", ERROR)                                               \
    X(VIOLATION, "violation", VIOLATION)

enum event_kind {
#define EVENT_ENUM_(NAME, name, EXTRA) EVENT_##NAME,
    EVENT_TABLE(EVENT_ENUM_)
#undef EVENT_ENUM_
        EVENT_KINDS
};

const char *event_name(enum event_kind kind);

/* One that has happened; everything is borrowed for the call. */
struct lifecycle_event {
    enum event_kind kind;
    const char *id;      /* a valid session ID; "": of a template */
    const char *module;  /* [A-Za-z0-9_-] */
    pid_t pid;           /* 0: none */
    const char *text;    /* any bytes; made printable and cut to SP_TEXT_MAX */
    uid_t uid;           /* of START */
    enum sp_error error; /* of REFUSAL */
    const char *violation; /* of VIOLATION: its name (end.h) */
    json_t *end;         /* of CRASH, STOP and EXPIRY; NULL: not known */
};

/* The largest event, as bytes of JSON; a larger one is lost. */
#define EVENTS_ITEM_MAX 16384
/* An answer of events_after() holds no more, save for the first event. */
#define EVENTS_ANSWER_BYTES ((size_t)256 * 1024)

/* Gets each event when it has been kept: JSON without a NUL, valid for the
 * call.  It must not emit another. */
typedef void events_sink_fn(void *context, const char *data, size_t size);

struct kept_event;

STAILQ_HEAD(kept_event_list, kept_event);

struct events {
    events_sink_fn *sink;
    void *context; /* borrowed */
    struct kept_event_list kept; /* oldest first */
    size_t count;
    size_t max;
    uint64_t seq;  /* of the latest; 0: none yet */
    uint64_t lost;
};

/* max: how many are kept, 0 or more.  sink may be NULL. */
void events_init(struct events *events, size_t max, events_sink_fn *sink,
                 void *context);
void events_fini(struct events *events);
/* Keeps so many from now on. */
void events_limit(struct events *events, size_t max);

void events_emit(struct events *events, const struct lifecycle_event *event);

/* The number of the latest event, 0 before the first. */
uint64_t events_last(const struct events *events);

/* The events that are kept and have a higher number than `after`, and if id is
 * given are of this session: a new array, the caller's to json_decref(), oldest
 * first, of at most max and EVENTS_ANSWER_BYTES.  *out_next is the `after` to
 * go on with.  An `after` above events_last() is of an spd that is no more, and
 * counts as 0.  NULL: no memory. */
json_t *events_after(const struct events *events, uint64_t after,
                     const char *id, size_t max, uint64_t *out_next);

#endif
