/* SPDX-License-Identifier: MIT */
/* What has happened to sessions, out of spd's memory of it: sp_events() asks,
 * and spd answers when there is something.  As they happen, events come by
 * feed.c, one at a time. */
#define _GNU_SOURCE
#include "events.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/clock.h"
#include "fields.h"

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
    json_t *object = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
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

/* SP_OK: the answer is the events'. */
static enum sp_error events_decode(json_t *answer, unsigned long long after,
                                   struct sp_event_list **out_events)
{
    const json_t *array = json_object_get(answer, "events");
    long long next = ask_integer(answer, "next", 0, LLONG_MAX, -1);
    struct sp_event_list *events;
    enum sp_error error;

    if (!json_is_array(array) || next < 0)
        return SP_EPROTO;
    events = malloc(sizeof *events +
                    json_array_size(array) * sizeof *events->events);
    if (!events)
        return SP_ENOMEM;
    events->answer = answer;
    events->count = json_array_size(array);
    events->next = (unsigned long long)next;
    error = events_fill(events, array, after);
    if (error == SP_OK)
        *out_events = events;
    else
        free(events);
    return error;
}

/* One question.  spd may say that time is up, or answer with no events. */
static enum sp_error ask_once(struct sp_client *client,
                              struct control_request *request, int64_t deadline,
                              struct sp_event_list **out_events,
                              struct sp_result *result)
{
    json_t *answer;
    enum sp_error error =
        ask_patiently(client, request, deadline, result, &answer);

    if (error == SP_OK) {
        error = events_decode(answer, (unsigned long long)request->after,
                              out_events);
        if (error != SP_OK)
            result_refuse(result, error);
    }
    if (error != SP_OK)
        json_decref(answer);
    return error;
}

/* What to go on from when there are none.  Numbers that are lower than they
 * were are those of another spd: from its beginning. */
static int64_t after_none(const struct sp_event_list *events, int64_t after)
{
    int64_t next = (int64_t)events->next;

    return next < after ? 0 : next;
}

static enum sp_error ask_until_some(struct sp_client *client,
                                    struct control_request *request,
                                    int64_t deadline,
                                    struct sp_event_list **out_events,
                                    struct sp_result *result)
{
    for (;;) {
        enum sp_error error =
            ask_once(client, request, deadline, out_events, result);

        if (error != SP_OK || (*out_events)->count > 0 ||
            deadline_left(deadline) == 0)
            return error;
        request->after = after_none(*out_events, request->after);
        sp_events_free(*out_events);
    }
}

enum sp_error sp_events(struct sp_client *client, const char *id,
                        unsigned long long after, int timeout_ms,
                        struct sp_event_list **out_events,
                        struct sp_result *result)
{
    int64_t deadline = deadline_after(timeout_ms);
    struct control_request request = {.op = CONTROL_EVENTS,
                                      .keys = CONTROL_KEY_AFTER,
                                      .after = (int64_t)after};
    struct sp_event_list *events = NULL;
    enum sp_error error = SP_OK;

    result_begin(result);
    if (!client || !out_events || after > INT64_MAX ||
        timeout_ms < SP_TIMEOUT_INFINITE)
        error = SP_EINVAL;
    else if (id)
        error = client_check(client, id);
    if (error != SP_OK)
        return result_refuse(result, error);
    if (id) {
        request.keys |= CONTROL_KEY_ID;
        strcpy(request.id, id);
    }
    error = ask_until_some(client, &request, deadline, &events, result);
    if (error == SP_OK)
        *out_events = events;
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
