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

/* JSON as it is written, which ends where the bytes do: what does not fit is
 * counted all the same. */
struct writer {
    char *bytes;
    size_t size; /* of all, so far */
};

static size_t room_left(const struct writer *writer)
{
    return writer->size < EVENTS_ITEM_MAX ? EVENTS_ITEM_MAX - writer->size : 0;
}

static char *place(const struct writer *writer)
{
    return room_left(writer) > 0 ? writer->bytes + writer->size : NULL;
}

static void put_bytes(struct writer *writer, const char *bytes, size_t size)
{
    size_t room = room_left(writer);

    if (room > 0)
        memcpy(place(writer), bytes, size < room ? size : room);
    writer->size += size;
}

static void put(struct writer *writer, const char *bytes)
{
    put_bytes(writer, bytes, strlen(bytes));
}

static void put_number(struct writer *writer, int64_t number)
{
    char digits[24];
    char *first = digits + sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

    do
        *--first = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        *--first = '-';
    put_bytes(writer, first, (size_t)(digits + sizeof digits - first));
}

/* Takes the value.  NULL counts as what does not fit. */
static void put_json(struct writer *writer, json_t *value)
{
    size_t size = value ? json_dumpb(value, place(writer), room_left(writer),
                                     JSON_COMPACT | JSON_ENCODE_ANY)
                        : 0;

    writer->size += size > 0 ? size : EVENTS_ITEM_MAX;
    json_decref(value);
}

static void put_text(struct writer *writer, const char *bytes)
{
    char text[SP_TEXT_MAX + 1];

    if (!*bytes) {
        put(writer, "\"\"");
        return;
    }
    text_printable(text, sizeof text, bytes, strlen(bytes));
    put_json(writer, json_string(text));
}

static void put_extra(struct writer *writer,
                      const struct lifecycle_event *event)
{
    switch (kinds[event->kind].extra) {
    case EVENT_EXTRA_NONE:
        return;
    case EVENT_EXTRA_UID:
        put(writer, ",\"uid\":");
        put_number(writer, event->uid);
        return;
    case EVENT_EXTRA_ERROR:
        put(writer, ",\"error\":\"");
        put(writer, sp_error_name(event->error));
        put(writer, "\"");
        return;
    case EVENT_EXTRA_VIOLATION:
        put(writer, ",\"violation\":\"");
        put(writer, event->violation);
        put(writer, "\"");
        return;
    case EVENT_EXTRA_END:
        put(writer, ",\"end\":");
        put_json(writer, event->end ? json_incref(event->end) : json_null());
        return;
    }
}

/* The number of bytes written; 0: no memory, or it is too large.  The order of
 * the keys is part of the contract: a subscription is the beginning of an
 * event.  Names and IDs have no byte that JSON would write in another way. */
static size_t encode(const struct lifecycle_event *event, uint64_t seq,
                     char bytes[EVENTS_ITEM_MAX])
{
    struct writer writer = {.bytes = bytes};

    put(&writer, "{\"id\":\"");
    put(&writer, event->id);
    put(&writer, "\",\"event\":\"");
    put(&writer, event_name(event->kind));
    put(&writer, "\",\"seq\":");
    put_number(&writer, (int64_t)seq);
    put(&writer, ",\"time_ms\":");
    put_number(&writer, wall_clock_ms());
    put(&writer, ",\"module\":\"");
    put(&writer, event->module);
    put(&writer, "\",\"pid\":");
    put_number(&writer, event->pid);
    put(&writer, ",\"text\":");
    put_text(&writer, event->text);
    put_extra(&writer, event);
    put(&writer, "}");
    return writer.size < EVENTS_ITEM_MAX ? writer.size : 0;
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
