/* SPDX-License-Identifier: MIT */
/* base/patience.h - whether who has handled a batch of messages looks for the
 * next one for a moment, instead of sleeping at once.
 *
 * A wake-up on another CPU takes as long as a hundred small messages do.  Where
 * both ends run at the same time, the next batch is there before the one who
 * waits for it would be awake.  So after a batch, and after nothing else, it
 * looks again for PATIENCE_US at most; and where that finds nothing, it rests
 * for more and more batches: both ends on one CPU, or a peer that has no more
 * to say, cost a look in a thousand batches. */
#ifndef BASE_PATIENCE_H
#define BASE_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATIENCE_BATCH 16 /* messages at once that are a batch */
#define PATIENCE_US 100
#define PATIENCE_MISSES 4     /* in a row, before it rests */
#define PATIENCE_DOUBLINGS 10 /* of its rest */

struct patience {
    unsigned misses; /* in a row */
    unsigned rest;   /* batches to come that it does not look after */
    bool pays;       /* something came while it looked, the last time */
    int64_t until;   /* in ns, while it looks; 0: it has not begun to */
    long preempted;  /* how often the thread was, when it began */
};

/* So many messages have been handled.  Whether to look again: once at least,
 * and then for as long as patience_lasts(); patience_end() is told whether
 * something came.  It does not count when another had this CPU meanwhile: that
 * may have been the one who was waited for. */
bool patience_begin(struct patience *patience, size_t messages);
bool patience_lasts(struct patience *patience);
void patience_end(struct patience *patience, bool came);

#endif
