/* SPDX-License-Identifier: MIT */
/* A hash table and a queue of the same tombstones.  The old ones go whenever
 * there is something to do here: no timer. */
#include "tombstones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct tombstone {
    struct session_facts facts;
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
            now_ms - oldest->facts.now_ms >= tombstones->keep_ms))
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

    HASH_FIND(hh, tombstones->by_id, id, strlen(id), tombstone);
    return tombstone;
}

void tombstones_put(struct tombstones *tombstones,
                    const struct session_facts *facts)
{
    struct tombstone *tombstone = find(tombstones, facts->id);

    if (tombstone)
        drop(tombstones, tombstone);
    if (tombstones->max == 0)
        return;
    drop_old(tombstones, facts->now_ms, tombstones->max - 1);
    tombstone = malloc(sizeof *tombstone);
    if (!tombstone)
        return;
    tombstone->facts = *facts;
    HASH_ADD(hh, tombstones->by_id, facts.id, strlen(tombstone->facts.id),
             tombstone);
    TAILQ_INSERT_TAIL(&tombstones->by_age, tombstone, by_age);
    tombstones->count++;
}

const struct session_facts *tombstones_find(struct tombstones *tombstones,
                                            const char *id, int64_t now_ms)
{
    const struct tombstone *tombstone;

    drop_old(tombstones, now_ms, tombstones->max);
    tombstone = find(tombstones, id);
    return tombstone ? &tombstone->facts : NULL;
}
