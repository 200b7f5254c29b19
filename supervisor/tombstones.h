/* SPDX-License-Identifier: MIT */
/* supervisor/tombstones.h - what was known of sessions that are no more, kept
 * for a while, so that "no such session" can say why.  Bounded in number: the
 * oldest makes room.  Pure: the clock is the caller's. */
#ifndef SUPERVISOR_TOMBSTONES_H
#define SUPERVISOR_TOMBSTONES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "facts.h"

struct tombstone;

TAILQ_HEAD(tombstone_list, tombstone);

struct tombstones {
    struct tombstone *by_id;       /* uthash */
    struct tombstone_list by_age;  /* oldest first */
    size_t count;
    size_t max;     /* 0: none are kept */
    int64_t keep_ms; /* how long each is */
};

void tombstones_init(struct tombstones *tombstones, size_t max,
                     int64_t keep_ms);
/* Other limits from now on. */
void tombstones_limit(struct tombstones *tombstones, size_t max,
                      int64_t keep_ms);
void tombstones_fini(struct tombstones *tombstones);

/* Sets a session's tombstone, in place of an earlier one of this ID; its time
 * is facts->now_ms.  Copied.  Without memory there is none. */
void tombstones_put(struct tombstones *tombstones,
                    const struct session_facts *facts);

/* What an ID's tombstone says, valid until the next call here.  NULL: there is
 * none, or none any more. */
const struct session_facts *tombstones_find(struct tombstones *tombstones,
                                            const char *id, int64_t now_ms);

#endif
