/* SPDX-License-Identifier: MIT */
/* Asks for events, an answer after the other. */
#include "lifecycle.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/asking.h"

json_t *lifecycle_events(const struct harness *harness)
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

unsigned lifecycle_count(const json_t *events, const char *id,
                         const char *kind)
{
    unsigned count = 0;
    const json_t *event;
    size_t i;

    json_array_foreach (events, i, event)
        count += field_is(event, "id", id) && field_is(event, "event", kind);
    return count;
}
