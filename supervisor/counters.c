/* SPDX-License-Identifier: MIT */
/* The tables, with values, as JSON. */
#include "counters.h"

#include <stddef.h>

#include "endpoint/endpoint.h"

struct row {
    const char *name;
    const char *help;
    size_t offset; /* of its field in its struct */
};

#define GAUGE_ROW(name, help) {#name, help, offsetof(struct gauges, name)},
#define COUNTER_ROW(name, help) {#name, help, offsetof(struct counters, name)},
#define CONTROL_ROW(name, help)                                                \
    {"control_" #name, "control socket: " help,                                \
     offsetof(struct endpoint_counters, name)},

static const struct row gauge_rows[] = {GAUGE_TABLE(GAUGE_ROW)};
static const struct row counter_rows[] = {COUNTER_TABLE(COUNTER_ROW)};
static const struct row control_rows[] = {ENDPOINT_COUNTER_TABLE(CONTROL_ROW)};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* JSON's whole numbers are signed. */
static json_int_t clamp(uint64_t value)
{
    return value <= INT64_MAX ? (json_int_t)value : INT64_MAX;
}

/* -1: no memory. */
static int append(json_t *array, const struct row *rows, size_t count,
                  const void *fields)
{
    for (size_t i = 0; i < count; i++) {
        const void *field = (const char *)fields + rows[i].offset;
        json_t *object = json_pack("{s:s, s:I, s:s}", "name", rows[i].name,
                                   "value", clamp(*(const uint64_t *)field),
                                   "help", rows[i].help);

        if (json_array_append_new(array, object) < 0)
            return -1;
    }
    return 0;
}

json_t *counters_json(const struct gauges *gauges,
                      const struct counters *counters,
                      const struct endpoint_counters *control)
{
    json_t *array = json_array();

    if (append(array, gauge_rows, COUNT(gauge_rows), gauges) < 0 ||
        append(array, counter_rows, COUNT(counter_rows), counters) < 0 ||
        append(array, control_rows, COUNT(control_rows), control) < 0) {
        json_decref(array);
        return NULL;
    }
    return array;
}
