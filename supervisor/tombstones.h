/* SPDX-License-Identifier: MIT */
/* supervisor/tombstones.h - how sessions that are no more have ended, kept for
 * a while, so that "no such session" can say why.  Bounded in number: the
 * oldest makes room.  Pure: the clock is the caller's. */
#ifndef SUPERVISOR_TOMBSTONES_H
#define SUPERVISOR_TOMBSTONES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct tombstone;

TAILQ_HEAD(tombstone_list, tombstone);

struct tombstones {
    struct tombstone *by_id;       /* uthash */
    struct tombstone_list by_age;  /* oldest first */
    size_t count;
    size_t max;     /* 0: none are kept */
    int64_t keep_ms; /* how long each is */
};

/* The text of a tombstone, with its NUL. */
#define TOMBSTONE_TEXT_SIZE 160

void tombstones_init(struct tombstones *tombstones, size_t max,
                     int64_t keep_ms);
/* Other limits from now on. */
void tombstones_limit(struct tombstones *tombstones, size_t max,
                      int64_t keep_ms);
void tombstones_fini(struct tombstones *tombstones);

/* Sets a session's tombstone, in place of an earlier one of this ID.  The texts
 * are copied, text cut to fit.  Without memory there is none. */
void tombstones_put(struct tombstones *tombstones, const char *id,
                    const char *text, int64_t now_ms);

/* The text of an ID's tombstone, valid until the next call here, and how long
 * ago it was set.  NULL: there is none, or none any more. */
const char *tombstones_find(struct tombstones *tombstones, const char *id,
                            int64_t now_ms, int64_t *out_age_ms);

#endif
