/* SPDX-License-Identifier: MIT */
/* client/alarms.h - what is to happen at a time, the soonest first.
 * Pure: knows no clock.  Times are in milliseconds on the clock of
 * base/clock.h.
 *
 * Deadlines that are given one after the other, each after as long a time, are
 * in their order already: they are a queue, and cost nothing more.  What is due
 * before the last of them is in a heap. */
#ifndef CLIENT_ALARMS_H
#define CLIENT_ALARMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what has a time. */
struct alarm {
    void (*ring)(struct alarm *alarm);
    int64_t due;
    size_t place; /* in alarms.heap, from 1; 0: it is not set */
    struct alarm *prev, *next; /* alarms.queue */
};

#define ALARM_QUEUED SIZE_MAX /* a place in the queue */

struct alarms {
    struct alarm **heap; /* owned; what it points to is borrowed; from 1 */
    size_t count;        /* in it now */
    struct alarm *queue; /* borrowed; the soonest first */
    size_t members;      /* that can be set at once */
    size_t capacity;
};

/* Nothing is set any more. */
void alarms_fini(struct alarms *alarms);

/* Makes room for one more: setting it cannot fail then.  False: no memory. */
bool alarms_join(struct alarms *alarms);

/* The opposite, for an alarm that is not set, or is cleared by this. */
void alarms_leave(struct alarms *alarms, struct alarm *alarm);

/* Sets it, or sets it anew; DEADLINE_NEVER clears it. */
void alarms_set(struct alarms *alarms, struct alarm *alarm, int64_t due);

/* NULL: none is set. */
struct alarm *alarms_first(const struct alarms *alarms);

#endif
