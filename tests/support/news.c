/* SPDX-License-Identifier: MIT */
/* Asks spd for what has happened. */
#define _GNU_SOURCE
#include "news.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/asking.h"
#include "support/wait.h"

/* Those of templates are had with all the others alone. */
static void leave_templates(json_t *events)
{
    for (size_t i = json_array_size(events); i > 0; i--) {
        const json_t *event = json_array_get(events, i - 1);

        if (*json_string_value(json_object_get(event, "id")))
            json_array_remove(events, i - 1);
    }
}

static json_t *all_news(const struct harness *harness, const char *id)
{
    struct answer answer;
    char json[160];
    json_t *events;

    if (*id)
        snprintf(json, sizeof json, "{\"op\":\"events\",\"id\":\"%s\"}", id);
    else
        snprintf(json, sizeof json, "{\"op\":\"events\"}");
    answer = ask(harness, json);
    cr_assert_eq(answer.error, SP_OK, "%s", answer.text);
    events = json_incref(json_object_get(answer.object, "events"));
    cr_assert(json_is_array(events));
    answer_fini(&answer);
    if (!*id)
        leave_templates(events);
    return events;
}

static const char *text_of(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));

    cr_assert_not_null(text, "no %s", key);
    return text;
}

char *news_kinds(const struct harness *harness, const char *id)
{
    json_t *events = all_news(harness, id);
    char *kinds = NULL;
    size_t size;
    FILE *out = open_memstream(&kinds, &size);
    json_t *event;
    size_t i;

    json_array_foreach (events, i, event)
        fprintf(out, "%s%s", i > 0 ? " " : "", text_of(event, "event"));
    fclose(out);
    json_decref(events);
    return kinds;
}

struct wanted {
    const struct harness *harness;
    const char *id;
    const char *kinds;
    char *last;
};

static bool is_told(void *context)
{
    struct wanted *wanted = context;

    free(wanted->last);
    wanted->last = news_kinds(wanted->harness, wanted->id);
    return strcmp(wanted->last, wanted->kinds) == 0;
}

void news_expect(const struct harness *harness, const char *id,
                 const char *kinds)
{
    struct wanted wanted = {harness, id, kinds, NULL};

    cr_assert(wait_for(is_told, &wanted, WAIT_MS), "%s: '%s', not '%s'", id,
              wanted.last, kinds);
    free(wanted.last);
}

struct sought {
    const struct harness *harness;
    const char *id;
    const char *kind;
    json_t *found;
};

static bool is_found(void *context)
{
    struct sought *sought = context;
    json_t *events = all_news(sought->harness, sought->id);

    for (size_t i = json_array_size(events); i > 0 && !sought->found; i--) {
        json_t *event = json_array_get(events, i - 1);

        if (strcmp(text_of(event, "event"), sought->kind) == 0)
            sought->found = json_incref(event);
    }
    json_decref(events);
    return sought->found != NULL;
}

json_t *news_latest(const struct harness *harness, const char *id,
                    const char *kind)
{
    struct sought sought = {harness, id, kind, NULL};

    cr_assert(wait_for(is_found, &sought, WAIT_MS), "%s: no %s", id, kind);
    return sought.found;
}

void news_expect_text(const struct harness *harness, const char *id,
                      const char *kind, const char *text)
{
    json_t *event = news_latest(harness, id, kind);

    cr_expect_str_eq(text_of(event, "text"), text, "%s: %s", id, kind);
    json_decref(event);
}

void news_expect_end(const struct harness *harness, const char *id,
                     const char *kind, const char *key, const char *value)
{
    json_t *event = news_latest(harness, id, kind);
    const json_t *end = json_object_get(event, "end");

    cr_assert(json_is_object(end), "%s: no end of %s", id, kind);
    cr_expect_str_eq(text_of(end, key), value, "%s: %s", id, key);
    json_decref(event);
}

/* ---- of all sessions ---- */

json_t *news_all(const struct harness *harness)
{
    json_t *events = json_array();
    long long after = 0;
    size_t got;

    do {
        struct answer answer;
        json_t *part;
        char json[80];

        snprintf(json, sizeof json, "{\"op\":\"events\",\"after\":%lld}",
                 after);
        answer = ask(harness, json);
        cr_assert_eq(answer.error, SP_OK, "%s", answer.text);
        part = json_object_get(answer.object, "events");
        got = json_array_size(part);
        json_array_extend(events, part);
        after = json_integer_value(json_object_get(answer.object, "next"));
        answer_fini(&answer);
    } while (got > 0);
    cr_assert_eq((long long)json_array_size(events), after,
                 "not all events are kept");
    return events;
}

static bool field_is(const json_t *event, const char *key, const char *wanted)
{
    const char *value = json_string_value(json_object_get(event, key));

    return !wanted || (value && strcmp(value, wanted) == 0);
}

unsigned news_count(const json_t *events, const char *id,
                         const char *kind)
{
    unsigned count = 0;
    const json_t *event;
    size_t i;

    json_array_foreach (events, i, event)
        count += field_is(event, "id", id) && field_is(event, "event", kind);
    return count;
}
