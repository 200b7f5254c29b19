/* SPDX-License-Identifier: MIT */
/* supervisor/throttle.h - slows the starts of a module down whose sessions have
 * all failed before one ever worked.  One that has worked is never throttled:
 * nobody can keep others from their sessions by crashing his own.  Pure: the
 * clock is the caller's.
 *
 * The first failures are free; then one start may try after a delay, which
 * doubles with each try.  A module that is configured anew gets a new
 * throttle. */
#ifndef SUPERVISOR_THROTTLE_H
#define SUPERVISOR_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THROTTLE_FREE 3
#define THROTTLE_REASON_SIZE 256

struct throttle {
    int64_t first_delay_ms;
    int64_t max_delay_ms;
    bool worked;
    uint64_t failures; /* of starts, all before any worked */
    unsigned tries;    /* while throttled, and one; 0: not throttled */
    int64_t next_ms;   /* when the next start may try */
    char reason[THROTTLE_REASON_SIZE]; /* of the last failure */
};

/* first_delay_ms: at least 1; max_delay_ms: what doubling it ends at. */
void throttle_init(struct throttle *throttle, int64_t first_delay_ms,
                   int64_t max_delay_ms);

/* A start has failed for a reason that lies with the module (its init, its
 * load, an end before it was ready).  reason: printable UTF-8; copied, cut. */
void throttle_failed(struct throttle *throttle, int64_t now_ms,
                     const char *reason);
/* A session of the module is ready. */
void throttle_worked(struct throttle *throttle);

/* How long until a start may try; 0: it may. */
int64_t throttle_wait_ms(const struct throttle *throttle, int64_t now_ms);

/* The same for a start that is made now: 0 lets it through, and others wait
 * from then on, whatever becomes of it.  The last of all checks. */
int64_t throttle_try(struct throttle *throttle, int64_t now_ms);

#define THROTTLE_TEXT_SIZE (THROTTLE_REASON_SIZE + 256)

/* "module broken: none of its sessions has ever worked (4 starts failed, last:
 * no such table); next try in 3 s" */
void throttle_explain(const struct throttle *throttle, const char *module,
                      int64_t now_ms, char out[THROTTLE_TEXT_SIZE]);

#endif
