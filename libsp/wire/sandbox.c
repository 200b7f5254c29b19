/* SPDX-License-Identifier: MIT */
/* Checks and reads the record that tells a template how it is confined. */
#define _GNU_SOURCE
#include "sandbox.h"

#include <string.h>

static bool paths_valid(const char *paths, size_t size)
{
    size_t at = 0;

    while (at < size) {
        size_t len = strnlen(paths + at, size - at);

        if (paths[at] != '/' || at + len == size)
            return false;
        at += len + 1;
    }
    return true;
}

bool sandbox_record_valid(const struct sandbox_record *record, size_t len)
{
    return len >= sizeof *record && record->tier < SANDBOX_TIERS &&
           (record->allow & ~(uint32_t)SANDBOX_ALLOW_ALL) == 0 &&
           record->uid != 0 && record->paths_size <= SANDBOX_PATHS_MAX &&
           len == sizeof *record + record->paths_size &&
           paths_valid((const char *)(record + 1), record->paths_size);
}

const char *sandbox_record_path(const struct sandbox_record *record,
                                const char *previous)
{
    const char *first = (const char *)(record + 1);
    const char *next = previous ? previous + strlen(previous) + 1 : first;

    return next < first + record->paths_size ? next : NULL;
}

const char *sandbox_tier_name(enum sandbox_tier tier)
{
    static const char *const names[] = {
#define NAME(NAME, word) word,
        SANDBOX_TIER_TABLE(NAME)
#undef NAME
    };

    return names[tier];
}
