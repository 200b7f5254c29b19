/* SPDX-License-Identifier: MIT */
/* What has happened to sessions, as spd says it: out of its memory in an answer
 * (history.c asks), or as it happens, one at a time (feed.c hears). */
#include "events.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "wire/control.h"

/* The keys that every event has; fields and accessors derive from here. */
#define EVENT_TEXTS(X)                                                         \
    X(id, id)                                                                  \
    X(event, name)                                                             \
    X(module, module)                                                          \
    X(text, text)

/* X(type, key, high) */
#define EVENT_NUMBERS(X)                                                       \
    X(unsigned long long, seq, LLONG_MAX)                                      \
    X(unsigned long long, time_ms, LLONG_MAX)                                  \
    X(pid_t, pid, INT_MAX)

/* Strings, and the object, are borrowed from the answer; the object is owned by
 * an event that is none of a list. */
struct sp_event {
#define TEXT(key, name) const char *name;
    EVENT_TEXTS(TEXT)
#undef TEXT
#define NUMBER(type, key, high) type key;
    EVENT_NUMBERS(NUMBER)
#undef NUMBER
    const json_t *object;
};

struct sp_event_list {
    json_t *answer; /* owned */
    unsigned long long next;
    size_t count;
    struct sp_event events[];
};

static enum sp_error event_decode(const json_t *object, struct sp_event *event)
{
    static const char *const required[] = {"id", "event", "seq", "time_ms",
                                           NULL};
    bool good = fields_present(object, required);

    event->object = object;
#define TEXT(key, name)                                                        \
    event->name = "";                                                          \
    good = good && field_text(object, #key, &event->name);
    EVENT_TEXTS(TEXT)
#undef TEXT
#define NUMBER(type, key, high)                                                \
    {                                                                          \
        long long number = 0;                                                  \
                                                                               \
        good = good && field_number(object, #key, 0, (high), &number);         \
        event->key = (type)number;                                             \
    }
    EVENT_NUMBERS(NUMBER)
#undef NUMBER
    return good && (!*event->id || sp_id_valid(event->id, strlen(event->id)))
               ? SP_OK
               : SP_EPROTO;
}

enum sp_error event_read(const void *json, size_t size,
                         struct sp_event **out_event)
{
    json_t *object = control_told(json, size);
    struct sp_event *event = malloc(sizeof *event);
    enum sp_error error = SP_ENOMEM;

    if (event)
        error = event_decode(object, event);
    if (error == SP_OK) {
        *out_event = event;
        return SP_OK;
    }
    free(event);
    json_decref(object);
    return error;
}

struct sp_event *event_copy(const struct sp_event *event)
{
    struct sp_event *copy = malloc(sizeof *copy);

    if (!copy)
        return NULL;
    *copy = *event;
    json_incref((json_t *)copy->object);
    return copy;
}

void event_free(struct sp_event *event)
{
    if (!event)
        return;
    json_decref((json_t *)event->object);
    free(event);
}

/* Numbers rise, so that who asks with the last one, or with `next`, does not
 * run in a circle. */
static enum sp_error events_fill(struct sp_event_list *events,
                                 const json_t *array, unsigned long long after)
{
    unsigned long long last = after;

    for (size_t i = 0; i < events->count; i++) {
        struct sp_event *event = &events->events[i];

        if (event_decode(json_array_get(array, i), event) != SP_OK ||
            event->seq <= last || event->seq > events->next)
            return SP_EPROTO;
        last = event->seq;
    }
    return SP_OK;
}

/* The end of the answer: from where to go on. */
static bool take_next(const json_t *answer, unsigned long long *out_next)
{
    long long next = -1;

    if (!field_number(answer, "next", 0, LLONG_MAX, &next))
        return false;
    *out_next = (unsigned long long)next;
    return next >= 0;
}

enum sp_error events_take(json_t *answer, unsigned long long after,
                          struct sp_event_list **out_events)
{
    struct sp_event_list *events = NULL;
    unsigned long long next;
    const json_t *array;
    size_t count;
    bool good = field_list(answer, "events", &array, &count) &&
                take_next(answer, &next);
    enum sp_error error;

    if (good)
        events = malloc(sizeof *events + count * sizeof *events->events);
    if (!events) {
        json_decref(answer);
        return good ? SP_ENOMEM : SP_EPROTO;
    }
    events->answer = answer;
    events->count = count;
    events->next = next;
    error = events_fill(events, array, after);
    if (error == SP_OK)
        *out_events = events;
    else
        sp_events_free(events);
    return error;
}

void sp_events_free(struct sp_event_list *events)
{
    if (!events)
        return;
    json_decref(events->answer);
    free(events);
}

size_t sp_events_count(const struct sp_event_list *events)
{
    return events->count;
}

const struct sp_event *sp_events_at(const struct sp_event_list *events,
                                    size_t index)
{
    return &events->events[index];
}

unsigned long long sp_events_next(const struct sp_event_list *events)
{
    return events->next;
}

char *sp_event_json(const struct sp_event *event)
{
    return json_dumps(event->object, JSON_COMPACT);
}

/* ---- the rest of the accessors: sp_event_NAME() ---- */

#define TEXT(key, name)                                                        \
    const char *sp_event_##name(const struct sp_event *event)                  \
    {                                                                          \
        return event->name;                                                    \
    }
EVENT_TEXTS(TEXT)
#undef TEXT

#define NUMBER(type, key, high)                                                \
    type sp_event_##key(const struct sp_event *event)                          \
    {                                                                          \
        return event->key;                                                     \
    }
EVENT_NUMBERS(NUMBER)
#undef NUMBER
