/* SPDX-License-Identifier: MIT */
/* Events become bytes once; those bytes are told, kept, and parsed again for
 * the few who ask later: what is kept is small. */
#define _GNU_SOURCE
#include "events.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sp/id.h>

#include "base/text.h"

struct kept_event {
    STAILQ_ENTRY(kept_event) link; /* events.kept */
    uint64_t seq;
    size_t size;
    char bytes[];
};

static const struct {
    const char *name;
    enum event_extra extra;
} kinds[] = {
#define ROW(NAME, name, EXTRA) {name, EVENT_EXTRA_##EXTRA},
    EVENT_TABLE(ROW)
#undef ROW
};

const char *event_name(enum event_kind kind)
{
    return kinds[kind].name;
}

/* ---- what is kept ---- */

void events_init(struct events *events, size_t max, events_sink_fn *sink,
                 void *context)
{
    *events = (struct events){.sink = sink, .context = context, .max = max};
    STAILQ_INIT(&events->kept);
}

void events_limit(struct events *events, size_t max)
{
    events->max = max;
    while (events->count > max) {
        struct kept_event *oldest = STAILQ_FIRST(&events->kept);

        STAILQ_REMOVE_HEAD(&events->kept, link);
        events->count--;
        free(oldest);
    }
}

void events_fini(struct events *events)
{
    events_limit(events, 0);
}

/* Without memory it has been told and is not kept. */
static void keep(struct events *events, const char *bytes, size_t size)
{
    struct kept_event *kept;
    size_t max = events->max;

    if (max == 0)
        return;
    kept = malloc(sizeof *kept + size);
    if (!kept)
        return;
    kept->seq = events->seq;
    kept->size = size;
    memcpy(kept->bytes, bytes, size);
    STAILQ_INSERT_TAIL(&events->kept, kept, link);
    events->count++;
    events_limit(events, max);
}

/* ---- what is told ---- */

static int64_t wall_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int add_extra(json_t *object, const struct lifecycle_event *event)
{
    switch (kinds[event->kind].extra) {
    case EVENT_EXTRA_NONE:
        return 0;
    case EVENT_EXTRA_UID:
        return json_object_set_new(object, "uid", json_integer(event->uid));
    case EVENT_EXTRA_ERROR:
        return json_object_set_new(object, "error",
                                   json_string(sp_error_name(event->error)));
    case EVENT_EXTRA_VIOLATION:
        return json_object_set_new(object, "violation",
                                   json_string(event->violation));
    case EVENT_EXTRA_END:
        return json_object_set_new(object, "end", event->end
                                                      ? json_incref(event->end)
                                                      : json_null());
    }
    return -1;
}

/* jansson keeps the order of the keys, which is part of the contract: a
 * subscription is the beginning of an event. */
static json_t *describe(const struct lifecycle_event *event, uint64_t seq)
{
    char text[SP_TEXT_MAX + 1];
    json_t *object;

    text_printable(text, sizeof text, event->text, strlen(event->text));
    object = json_pack(
        "{s:s, s:s, s:I, s:I, s:s, s:i, s:s}", "id", event->id, "event",
        event_name(event->kind), "seq", (json_int_t)seq, "time_ms",
        (json_int_t)wall_clock_ms(), "module", event->module, "pid",
        (int)event->pid, "text", text);
    if (object && add_extra(object, event) < 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* The number of bytes written; 0: no memory, or it is too large. */
static size_t encode(const struct lifecycle_event *event, uint64_t seq,
                     char bytes[EVENTS_ITEM_MAX])
{
    json_t *object = describe(event, seq);
    size_t size;

    if (!object)
        return 0;
    size = json_dumpb(object, bytes, EVENTS_ITEM_MAX, JSON_COMPACT);
    json_decref(object);
    return size <= EVENTS_ITEM_MAX ? size : 0;
}

void events_emit(struct events *events, const struct lifecycle_event *event)
{
    char bytes[EVENTS_ITEM_MAX];
    size_t size = encode(event, ++events->seq, bytes);

    if (size == 0) {
        events->lost++;
        return;
    }
    keep(events, bytes, size);
    if (events->sink)
        events->sink(events->context, bytes, size);
}

/* ---- what is asked for ---- */

uint64_t events_last(const struct events *events)
{
    return events->seq;
}

static bool is_of(const struct kept_event *kept, const char *prefix,
                  size_t size)
{
    return size <= kept->size && memcmp(kept->bytes, prefix, size) == 0;
}

/* Parses a kept event into the array.  -1: no memory. */
static int append(json_t *array, const struct kept_event *kept)
{
    return json_array_append_new(
        array, json_loadb(kept->bytes, kept->size, 0, NULL));
}

json_t *events_after(const struct events *events, uint64_t after,
                     const char *id, size_t max, uint64_t *out_next)
{
    char prefix[SP_ID_MAX + sizeof "{\"id\":\"\","];
    int prefix_size =
        id ? snprintf(prefix, sizeof prefix, "{\"id\":\"%.*s\",", SP_ID_MAX, id)
           : 0;
    uint64_t next = after <= events->seq ? after : 0;
    const struct kept_event *kept;
    json_t *array = json_array();
    size_t bytes = 0;

    after = next;
    STAILQ_FOREACH (kept, &events->kept, link) {
        if (kept->seq <= after || !is_of(kept, prefix, (size_t)prefix_size))
            continue;
        if (json_array_size(array) >= max ||
            (bytes > 0 && bytes + kept->size > EVENTS_ANSWER_BYTES))
            break;
        if (append(array, kept) < 0) {
            json_decref(array);
            return NULL;
        }
        bytes += kept->size;
        next = kept->seq;
    }
    if (array)
        *out_next = kept ? next : events->seq;
    return array;
}
