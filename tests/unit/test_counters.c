/* SPDX-License-Identifier: MIT */
/* supervisor/counters: all that spd has counted, as JSON. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "endpoint/endpoint.h"
#include "support/leaks.h"

TestSuite(counters, .fini = leaks_check);

#define ONE(name, help) +1

static const size_t all = 0 GAUGE_TABLE(ONE) COUNTER_TABLE(ONE)
    ENDPOINT_COUNTER_TABLE(ONE);

static const json_t *find(const json_t *array, const char *name)
{
    const json_t *found = NULL;
    const json_t *row;
    size_t i;

    json_array_foreach(array, i, row) {
        if (strcmp(json_string_value(json_object_get(row, "name")), name) != 0)
            continue;
        cr_expect_null(found, "%s is there twice", name);
        found = row;
    }
    cr_assert_not_null(found, "%s", name);
    return found;
}

static void expect_value(const json_t *array, const char *name,
                         json_int_t value)
{
    const json_t *row = find(array, name);

    cr_expect_eq(json_integer_value(json_object_get(row, "value")), value,
                 "%s", name);
    cr_expect_gt(json_string_length(json_object_get(row, "help")), 5, "%s",
                 name);
    cr_expect_eq(json_object_size(row), 3);
}

Test(counters, are_all_told_each_once_with_its_own_value)
{
    struct gauges gauges;
    struct counters counters;
    struct endpoint_counters control;
    json_int_t next = 1;
    json_t *array;

#define SET_GAUGE(name, help) gauges.name = (uint64_t)next++;
#define SET_COUNTER(name, help) counters.name = (uint64_t)next++;
#define SET_CONTROL(name, help) control.name = (uint64_t)next++;
    GAUGE_TABLE(SET_GAUGE)
    COUNTER_TABLE(SET_COUNTER)
    ENDPOINT_COUNTER_TABLE(SET_CONTROL)
    array = counters_json(&gauges, &counters, &control);
    cr_assert_eq(json_array_size(array), all);
    next = 1;
#define EXPECT(name, help) expect_value(array, #name, next++);
#define EXPECT_CONTROL(name, help)                                             \
    expect_value(array, "control_" #name, next++);
    GAUGE_TABLE(EXPECT)
    COUNTER_TABLE(EXPECT)
    ENDPOINT_COUNTER_TABLE(EXPECT_CONTROL)
    json_decref(array);
}

Test(counters, more_than_json_can_count_is_its_most)
{
    struct gauges gauges = {0};
    struct counters counters = {.starts = UINT64_MAX};
    struct endpoint_counters control = {0};
    json_t *array = counters_json(&gauges, &counters, &control);

    expect_value(array, "starts", INT64_MAX);
    json_decref(array);
}

/* ---- without memory ---- */

static long allocations;

static void *scarce(size_t size)
{
    return allocations-- > 0 ? malloc(size) : NULL;
}

Test(counters, without_memory_there_is_no_answer_and_nothing_is_left)
{
    struct gauges gauges = {0};
    struct counters counters = {0};
    struct endpoint_counters control = {0};
    json_t *array = NULL;
    long tries = 0;

    json_set_alloc_funcs(scarce, free);
    for (; !array && tries < 10000; tries++) {
        allocations = tries;
        array = counters_json(&gauges, &counters, &control);
    }
    cr_assert_not_null(array);
    cr_expect_gt(tries, 100);
    json_decref(array);
}
