/* SPDX-License-Identifier: MIT */
/* supervisor/events: what happens to sessions, told and kept. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sp/id.h>

#include "events.h"
#include "support/leaks.h"

TestSuite(events, .fini = leaks_check);

/* What was told. */
struct told {
    size_t count;
    char last[EVENTS_ITEM_MAX + 1];
    size_t size;
};

static void on_event(void *context, const char *data, size_t size)
{
    struct told *told = context;

    cr_assert_leq(size, EVENTS_ITEM_MAX);
    told->count++;
    told->size = size;
    memcpy(told->last, data, size);
    told->last[size] = '\0';
}

static const struct lifecycle_event start = {.kind = EVENT_START,
                                             .id = "alice",
                                             .module = "kv",
                                             .text = "",
                                             .uid = 1000};

static void emit_of(struct events *events, const char *id)
{
    struct lifecycle_event event = start;

    event.id = id;
    events_emit(events, &event);
}

/* The numbers of these events, as "3 4 5 ". */
static void expect_after(const struct events *events, uint64_t after,
                         const char *id, size_t max, const char *numbers,
                         uint64_t wanted_next)
{
    uint64_t next = 0;
    json_t *array = events_after(events, after, id, max, &next);
    char text[1024] = "";
    const json_t *event;
    size_t i;

    cr_assert_not_null(array);
    json_array_foreach(array, i, event) {
        size_t used = strlen(text);

        snprintf(text + used, sizeof text - used, "%lld ",
                 (long long)json_integer_value(json_object_get(event, "seq")));
    }
    cr_expect_str_eq(text, numbers, "after %llu: %s", (unsigned long long)after,
                     text);
    cr_expect_eq(next, wanted_next, "after %llu: next %llu",
                 (unsigned long long)after, (unsigned long long)next);
    json_decref(array);
}

/* ---- what is told ---- */

/* The time is what differs. */
static void expect_told(const struct lifecycle_event *event, const char *head,
                        const char *tail)
{
    struct told told = {0};
    struct events events;
    char *time_end;

    events_init(&events, 0, on_event, &told);
    events_emit(&events, event);
    cr_assert_eq(told.count, 1);
    cr_assert_eq(strncmp(told.last, head, strlen(head)), 0, "%s", told.last);
    strtoll(told.last + strlen(head), &time_end, 10);
    cr_expect_str_eq(time_end, tail, "%s", told.last);
    events_fini(&events);
}

Test(events, begin_with_id_and_kind_and_keep_the_order_of_the_contract)
{
    json_t *end = json_pack("{s:s, s:i}", "text", "killed by SIGSEGV", "code",
                            11);
    struct lifecycle_event event = {.id = "alice", .module = "kv", .pid = 7,
                                    .text = "words", .uid = 1000,
                                    .error = SP_ELIMIT, .end = end};

#define HEAD(name) "{\"id\":\"alice\",\"event\":\"" name                       \
                   "\",\"seq\":1,\"time_ms\":"
#define TAIL ",\"module\":\"kv\",\"pid\":7,\"text\":\"words\""
#define END ",\"end\":{\"text\":\"killed by SIGSEGV\",\"code\":11}}"
    expect_told(&event, HEAD("start"), TAIL ",\"uid\":1000}");
    event.kind = EVENT_READY;
    expect_told(&event, HEAD("ready"), TAIL "}");
    event.kind = EVENT_CRASH;
    expect_told(&event, HEAD("crash"), TAIL END);
    event.kind = EVENT_RESTART;
    expect_told(&event, HEAD("restart"), TAIL "}");
    event.kind = EVENT_STOP;
    expect_told(&event, HEAD("stop"), TAIL END);
    event.kind = EVENT_EXPIRY;
    expect_told(&event, HEAD("expiry"), TAIL END);
    event.kind = EVENT_GIVE_UP;
    expect_told(&event, HEAD("give_up"), TAIL "}");
    event.kind = EVENT_REFUSAL;
    expect_told(&event, HEAD("refusal"), TAIL ",\"error\":\"SP_ELIMIT\"}");
    event.kind = EVENT_VIOLATION;
    event.violation = "sandbox";
    expect_told(&event, HEAD("violation"), TAIL ",\"violation\":\"sandbox\"}");
    cr_expect_eq(EVENT_KINDS, 9);
    json_decref(end);
    event.kind = EVENT_STOP;
    event.end = NULL;
    expect_told(&event, HEAD("stop"), TAIL ",\"end\":null}");
}

Test(events, the_end_stays_the_caller_s)
{
    json_t *end = json_pack("{s:i}", "code", 1);
    struct lifecycle_event event = start;
    struct events events;

    event.kind = EVENT_CRASH;
    event.end = end;
    events_init(&events, 10, NULL, NULL);
    for (int i = 0; i < 100; i++)
        events_emit(&events, &event);
    events_fini(&events);
    cr_expect_eq(json_integer_value(json_object_get(end, "code")), 1);
    json_decref(end);
}

Test(events, have_the_wall_clock_s_time)
{
    struct told told = {0};
    struct events events;
    json_t *event;
    json_int_t ms;
    time_t before = time(NULL);

    events_init(&events, 1, on_event, &told);
    events_emit(&events, &start);
    event = json_loads(told.last, 0, NULL);
    ms = json_integer_value(json_object_get(event, "time_ms"));
    cr_expect_geq(ms / 1000, before);
    cr_expect_leq(ms / 1000, time(NULL));
    json_decref(event);
    events_fini(&events);
}

Test(events, hostile_texts_become_printable_and_stay_bounded)
{
    static const char *const texts[] = {
        "\"},{\"id\":\"bob\"", "\\\"\\", "line\nline\r\t\x1b[2J", "\xff\xfe",
        "\xc0\x80\xed\xa0\x80", "\xc2\x85", "ünïcode", "</script>", "%s%n",
        ""};
    struct told told = {0};
    struct events events;

    events_init(&events, 10, on_event, &told);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct lifecycle_event event = start;
        const char *text;
        json_t *object;

        event.text = texts[i];
        events_emit(&events, &event);
        cr_assert_eq(told.count, i + 1);
        for (size_t at = 0; at < told.size; at++)
            cr_expect_geq((unsigned char)told.last[at], 0x20);
        object = json_loads(told.last, JSON_REJECT_DUPLICATES, NULL);
        cr_assert_not_null(object, "%s", told.last);
        cr_expect_eq(json_object_size(object), 8);
        text = json_string_value(json_object_get(object, "text"));
        cr_expect_eq(strpbrk(text, "\n\r\t\x1b"), NULL);
        cr_expect_str_eq(json_string_value(json_object_get(object, "id")),
                         "alice");
        json_decref(object);
    }
    events_fini(&events);
}

Test(events, longest_text_is_cut_and_the_largest_fits)
{
    static const char hostile[] = {'t', '"', '\\', '\x01', '\xff'};
    struct told told = {0};
    struct events events;
    char id[SP_ID_MAX + 1], text[100001];

    memset(id, 'i', SP_ID_MAX);
    id[SP_ID_MAX] = '\0';
    events_init(&events, 10, on_event, &told);
    for (size_t i = 0; i < sizeof hostile; i++) {
        struct lifecycle_event event = start;
        json_t *object;

        memset(text, hostile[i], sizeof text - 1);
        text[sizeof text - 1] = '\0';
        event.id = event.module = id;
        event.text = text;
        events_emit(&events, &event);
        cr_assert_eq(told.count, i + 1);
        object = json_loads(told.last, 0, NULL);
        cr_assert_not_null(object);
        cr_expect_eq(json_string_length(json_object_get(object, "text")),
                     SP_TEXT_MAX);
        json_decref(object);
    }
    expect_after(&events, 0, id, 100, "1 2 3 4 5 ", 5);
    events_fini(&events);
}

/* ---- what is kept ---- */

Test(events, latest_are_kept_and_asked_for_by_number)
{
    struct events events;

    events_init(&events, 3, NULL, NULL);
    expect_after(&events, 0, NULL, 100, "", 0);
    for (int i = 0; i < 2; i++)
        events_emit(&events, &start);
    expect_after(&events, 0, NULL, 100, "1 2 ", 2);
    expect_after(&events, 1, NULL, 100, "2 ", 2);
    expect_after(&events, 2, NULL, 100, "", 2);
    for (int i = 0; i < 8; i++)
        events_emit(&events, &start);
    cr_expect_eq(events.count, 3);
    cr_expect_eq(events_last(&events), 10);
    expect_after(&events, 2, NULL, 100, "8 9 10 ", 10);
    expect_after(&events, 8, NULL, 100, "9 10 ", 10);
    events_fini(&events);
}

Test(events, those_told_and_those_asked_for_are_the_same)
{
    struct told told = {0};
    struct events events;
    uint64_t next;
    json_t *array;
    char *text;

    events_init(&events, 3, on_event, &told);
    events_emit(&events, &start);
    array = events_after(&events, 0, NULL, 1, &next);
    text = json_dumps(json_array_get(array, 0), JSON_COMPACT);
    cr_expect_str_eq(text, told.last);
    free(text);
    json_decref(array);
    events_fini(&events);
}

Test(events, of_one_session_are_found_and_no_other_s)
{
    struct events events;

    events_init(&events, 100, NULL, NULL);
    emit_of(&events, "a");
    emit_of(&events, "ab");
    emit_of(&events, "a");
    emit_of(&events, "b");
    expect_after(&events, 0, "a", 100, "1 3 ", 4);
    expect_after(&events, 1, "a", 100, "3 ", 4);
    expect_after(&events, 0, "ab", 100, "2 ", 4);
    expect_after(&events, 0, "c", 100, "", 4);
    expect_after(&events, 0, "", 100, "", 4);
    emit_of(&events, ""); /* of a template */
    expect_after(&events, 0, "a", 100, "1 3 ", 5);
    expect_after(&events, 4, NULL, 100, "5 ", 5);
    events_fini(&events);
}

Test(events, too_many_for_one_answer_are_asked_for_in_turn)
{
    struct events events;

    events_init(&events, 100, NULL, NULL);
    for (int i = 0; i < 6; i++)
        emit_of(&events, i % 2 ? "b" : "a");
    expect_after(&events, 0, NULL, 4, "1 2 3 4 ", 4);
    expect_after(&events, 4, NULL, 4, "5 6 ", 6);
    expect_after(&events, 0, "a", 2, "1 3 ", 3);
    expect_after(&events, 3, "a", 2, "5 ", 6);
    expect_after(&events, 3, NULL, 0, "", 3);
    events_fini(&events);
}

Test(events, one_answer_is_bounded_in_bytes_and_the_rest_follows)
{
    struct lifecycle_event event = start;
    struct events events;
    char text[SP_TEXT_MAX + 1];
    uint64_t next = 0;
    size_t answers = 0, count = 0;

    memset(text, 't', SP_TEXT_MAX);
    text[SP_TEXT_MAX] = '\0';
    event.text = text;
    events_init(&events, 1000, NULL, NULL);
    for (int i = 0; i < 1000; i++)
        events_emit(&events, &event);
    while (next < 1000) {
        json_t *array = events_after(&events, next, NULL, 1000, &next);

        cr_assert_gt(json_array_size(array), 0);
        cr_assert_leq(json_array_size(array) * SP_TEXT_MAX,
                      EVENTS_ANSWER_BYTES);
        count += json_array_size(array);
        answers++;
        json_decref(array);
    }
    cr_expect_eq(count, 1000);
    cr_expect_leq(answers, 6);
    events_fini(&events);
}

Test(events, number_of_an_spd_that_is_no_more_counts_as_none)
{
    struct events events;

    events_init(&events, 10, NULL, NULL);
    expect_after(&events, 5000, NULL, 100, "", 0);
    events_emit(&events, &start);
    events_emit(&events, &start);
    expect_after(&events, 3, NULL, 100, "1 2 ", 2);
    expect_after(&events, UINT64_MAX, NULL, 100, "1 2 ", 2);
    events_fini(&events);
}

Test(events, none_need_be_kept_and_all_are_told)
{
    struct told told = {0};
    struct events events;

    events_init(&events, 0, on_event, &told);
    for (int i = 0; i < 5; i++)
        events_emit(&events, &start);
    cr_expect_eq(told.count, 5);
    cr_expect_eq(events.count, 0);
    expect_after(&events, 0, NULL, 100, "", 5);
    events_fini(&events);
}

Test(events, fewer_or_more_are_kept_from_now_on)
{
    struct events events;

    events_init(&events, 5, NULL, NULL);
    for (int i = 0; i < 5; i++)
        events_emit(&events, &start);
    events_limit(&events, 2);
    expect_after(&events, 0, NULL, 100, "4 5 ", 5);
    events_limit(&events, 3);
    for (int i = 0; i < 4; i++)
        events_emit(&events, &start);
    expect_after(&events, 0, NULL, 100, "7 8 9 ", 9);
    events_fini(&events);
}

static void look_around(void *context, const char *data, size_t size)
{
    struct events *events = context;

    (void)data;
    (void)size;
    expect_after(events, 0, NULL, 100, "1 ", 1);
}

Test(events, are_kept_before_they_are_told)
{
    struct events events;

    events_init(&events, 5, look_around, &events);
    events_emit(&events, &start);
    events_fini(&events);
}

/* ---- without memory ---- */

static long allocations;

static void *scarce(size_t size)
{
    return allocations-- > 0 ? malloc(size) : NULL;
}

Test(events, lost_for_want_of_memory_leave_a_gap)
{
    struct lifecycle_event crash = start;
    struct told told = {0};
    struct events events;
    long tries = 0;
    uint64_t next;

    crash.kind = EVENT_CRASH;
    crash.text = "hit a wall";
    events_init(&events, 10, on_event, &told);
    events_emit(&events, &crash);
    json_set_alloc_funcs(scarce, free);
    for (; told.count == 1 && tries < 1000; tries++) {
        allocations = tries;
        events_emit(&events, &crash);
    }
    cr_expect_gt(tries, 1);
    cr_assert_eq(told.count, 2);
    cr_expect_eq(events.lost, (uint64_t)tries - 1);
    cr_expect_eq(events_last(&events), (uint64_t)tries + 1);
    cr_expect_eq(events.count, 2);
    for (allocations = 0; allocations < 1000; allocations++) {
        long given = allocations;
        json_t *array = events_after(&events, 0, NULL, 10, &next);

        allocations = given;
        json_decref(array);
        if (array)
            break;
    }
    cr_expect_leq(allocations, 999);
    cr_expect_gt(allocations, 5);
    events_fini(&events);
}

Test(events, too_large_an_end_is_lost_and_leaves_a_gap)
{
    struct lifecycle_event event = start;
    struct told told = {0};
    struct events events;
    char large[2 * EVENTS_ITEM_MAX];

    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    event.kind = EVENT_CRASH;
    event.end = json_string(large);
    events_init(&events, 10, on_event, &told);
    events_emit(&events, &event);
    cr_expect_eq(told.count, 0);
    cr_expect_eq(events.lost, 1);
    events_emit(&events, &start);
    expect_after(&events, 0, NULL, 100, "2 ", 2);
    json_decref(event.end);
    events_fini(&events);
}
