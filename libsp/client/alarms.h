/* SPDX-License-Identifier: MIT */
/* client/alarms.h - what is to happen at a time, the soonest first: a heap.
 * Pure: knows no clock.  Times are in milliseconds on the clock of
 * base/clock.h. */
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
};

struct alarms {
    struct alarm **heap; /* owned; what it points to is borrowed; from 1 */
    size_t count;        /* set now */
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
