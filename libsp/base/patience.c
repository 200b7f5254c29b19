/* SPDX-License-Identifier: MIT */
/* How often it looks is decided by what came of it the last times.  Callers:
 * the client's async.c and the worker's session.c. */
#define _GNU_SOURCE
#include "patience.h"

#include <sys/resource.h>
#include <time.h>

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How often somebody else has been given this thread's CPU. */
static long preempted(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) < 0 ? 0 : usage.ru_nivcsw;
}

bool patience_begin(struct patience *patience, size_t messages)
{
    if (messages < PATIENCE_BATCH)
        return false;
    if (patience->rest > 0) {
        patience->rest--;
        return false;
    }
    patience->until = 0;
    return true;
}

bool patience_lasts(struct patience *patience)
{
    int64_t now = now_ns();

    if (patience->until == 0) {
        patience->preempted = preempted();
        patience->until = now + PATIENCE_US * 1000;
    }
    return now < patience->until;
}

/* The rest doubles with each miss from the fourth on. */
void patience_end(struct patience *patience, bool came)
{
    if (came && patience->until == 0) /* it was there already */
        return;
    patience->pays = came && preempted() == patience->preempted;
    if (patience->pays) {
        patience->misses = 0;
        return;
    }
    if (patience->misses < PATIENCE_MISSES + PATIENCE_DOUBLINGS)
        patience->misses++;
    if (patience->misses >= PATIENCE_MISSES)
        patience->rest = 1u << (patience->misses - PATIENCE_MISSES);
}
