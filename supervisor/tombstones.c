/* SPDX-License-Identifier: MIT */
/* A hash table and a queue of the same tombstones.  The old ones go whenever
 * there is something to do here: no timer. */
#include "tombstones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <sp/id.h>

struct tombstone {
    char id[SP_ID_MAX + 1];
    char text[TOMBSTONE_TEXT_SIZE];
    int64_t set_ms;
    UT_hash_handle hh;              /* tombstones.by_id */
    TAILQ_ENTRY(tombstone) by_age;  /* tombstones.by_age */
};

void tombstones_init(struct tombstones *tombstones, size_t max,
                     int64_t keep_ms)
{
    *tombstones = (struct tombstones){.max = max, .keep_ms = keep_ms};
    TAILQ_INIT(&tombstones->by_age);
}

static void drop(struct tombstones *tombstones, struct tombstone *tombstone)
{
    HASH_DEL(tombstones->by_id, tombstone);
    TAILQ_REMOVE(&tombstones->by_age, tombstone, by_age);
    tombstones->count--;
    free(tombstone);
}

/* Those whose time is over, and as many of the oldest as make room. */
static void drop_old(struct tombstones *tombstones, int64_t now_ms, size_t max)
{
    struct tombstone *oldest;

    while ((oldest = TAILQ_FIRST(&tombstones->by_age)) &&
           (tombstones->count > max ||
            now_ms - oldest->set_ms >= tombstones->keep_ms))
        drop(tombstones, oldest);
}

void tombstones_limit(struct tombstones *tombstones, size_t max,
                      int64_t keep_ms)
{
    tombstones->max = max;
    tombstones->keep_ms = keep_ms;
}

void tombstones_fini(struct tombstones *tombstones)
{
    drop_old(tombstones, INT64_MAX, 0);
}

static struct tombstone *find(const struct tombstones *tombstones,
                              const char *id)
{
    struct tombstone *tombstone;

    HASH_FIND_STR(tombstones->by_id, id, tombstone);
    return tombstone;
}

void tombstones_put(struct tombstones *tombstones, const char *id,
                    const char *text, int64_t now_ms)
{
    struct tombstone *tombstone = find(tombstones, id);

    if (tombstone)
        drop(tombstones, tombstone);
    if (tombstones->max == 0)
        return;
    drop_old(tombstones, now_ms, tombstones->max - 1);
    tombstone = calloc(1, sizeof *tombstone);
    if (!tombstone)
        return;
    snprintf(tombstone->id, sizeof tombstone->id, "%s", id);
    snprintf(tombstone->text, sizeof tombstone->text, "%s", text);
    tombstone->set_ms = now_ms;
    HASH_ADD_STR(tombstones->by_id, id, tombstone);
    TAILQ_INSERT_TAIL(&tombstones->by_age, tombstone, by_age);
    tombstones->count++;
}

const char *tombstones_find(struct tombstones *tombstones, const char *id,
                            int64_t now_ms, int64_t *out_age_ms)
{
    const struct tombstone *tombstone;

    drop_old(tombstones, now_ms, tombstones->max);
    tombstone = find(tombstones, id);
    if (!tombstone)
        return NULL;
    *out_age_ms = now_ms - tombstone->set_ms;
    return tombstone->text;
}
