/* SPDX-License-Identifier: MIT */
/* What spd, templates and sessions send each other, under libFuzzer: whatever
 * the bytes are, a record that is found valid can be used without looking at
 * its size again. */
#define _GNU_SOURCE
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/sandbox.h"
#include "wire/template.h"

/* Terminated within its field. */
static void check_text(const char *text, size_t size)
{
    assert(strnlen(text, size) < size);
}

static void check_from_template(const void *bytes, size_t size)
{
    const struct template_record *record = bytes;

    if (!template_record_valid(record, size))
        return;
    assert(size == sizeof *record);
    assert(record->type >= TEMPLATE_LOADED);
    check_text(record->text, sizeof record->text);
}

static void check_from_session(const void *bytes, size_t size)
{
    const struct hello_record *record = bytes;

    if (!hello_record_valid(record, size))
        return;
    assert(size == sizeof *record);
    assert(record->type >= HELLO_HELLO && record->type <= HELLO_INIT_ERROR);
    check_text(record->text, sizeof record->text);
}

static void check_start(const void *bytes, size_t size)
{
    const struct start_record *record = bytes;

    if (!start_record_valid(record, size))
        return;
    assert(sizeof *record + record->arg_size == size);
    assert(record->arg_size <= START_ARG_MAX);
    check_text(record->id, sizeof record->id);
}

/* Each path lies in the record, and they are all of it. */
static void check_sandbox(const void *bytes, size_t size)
{
    const struct sandbox_record *record = bytes;
    const char *end = (const char *)bytes + size;
    const char *path = NULL;
    size_t sum = 0;

    if (!sandbox_record_valid(record, size))
        return;
    assert(sandbox_tier_name((enum sandbox_tier)record->tier));
    while ((path = sandbox_record_path(record, path))) {
        assert(path < end && *path == '/');
        check_text(path, (size_t)(end - path));
        sum += strlen(path) + 1;
    }
    assert(sum == record->paths_size);
}

/* A receiver's buffer is as large as the record; a shorter one that arrives
 * leaves the rest as it was. */
static void *copy(const uint8_t *data, size_t size, size_t room)
{
    char *bytes = calloc(1, size > room ? size : room);

    assert(bytes);
    if (size > 0)
        memcpy(bytes, data, size);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        void (*check)(const void *bytes, size_t size);
        size_t room;
    } kinds[] = {
        {check_from_template, sizeof(struct template_record)},
        {check_from_session, sizeof(struct hello_record)},
        {check_start, sizeof(struct start_record)},
        {check_sandbox, sizeof(struct sandbox_record)},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        void *bytes = copy(data, size, kinds[i].room);

        kinds[i].check(bytes, size);
        free(bytes);
    }
    return 0;
}
