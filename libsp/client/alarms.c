/* SPDX-License-Identifier: MIT */
/* A queue, and a binary heap whose members know their place, so that each can
 * be set anew or cleared.  Caller: loop.c. */
#define _GNU_SOURCE
#include "alarms.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"

#define FIRST_CAPACITY 64

void alarms_fini(struct alarms *alarms)
{
    assert(alarms->count == 0 && !alarms->queue && alarms->members == 0);
    free(alarms->heap);
    *alarms = (struct alarms){0};
}

bool alarms_join(struct alarms *alarms)
{
    size_t capacity = alarms->capacity ? 2 * alarms->capacity : FIRST_CAPACITY;
    struct alarm **heap;

    if (alarms->members + 1 >= alarms->capacity) {
        heap = reallocarray(alarms->heap, capacity, sizeof *heap);
        if (!heap)
            return false;
        alarms->heap = heap;
        alarms->capacity = capacity;
    }
    alarms->members++;
    return true;
}

void alarms_leave(struct alarms *alarms, struct alarm *alarm)
{
    assert(alarms->members > 0);
    alarms_set(alarms, alarm, DEADLINE_NEVER);
    alarms->members--;
}

static void put(struct alarms *alarms, struct alarm *alarm, size_t place)
{
    alarms->heap[place] = alarm;
    alarm->place = place;
}

/* Moves it from a hole at `place` towards the root. */
static void rise(struct alarms *alarms, struct alarm *alarm, size_t place)
{
    while (place > 1 && alarms->heap[place / 2]->due > alarm->due) {
        put(alarms, alarms->heap[place / 2], place);
        place /= 2;
    }
    put(alarms, alarm, place);
}

/* Moves it from a hole at `place` away from the root, then up if need be. */
static void sink(struct alarms *alarms, struct alarm *alarm, size_t place)
{
    size_t child;

    while ((child = 2 * place) <= alarms->count) {
        if (child < alarms->count &&
            alarms->heap[child + 1]->due < alarms->heap[child]->due)
            child++;
        if (alarms->heap[child]->due >= alarm->due)
            break;
        put(alarms, alarms->heap[child], place);
        place = child;
    }
    rise(alarms, alarm, place);
}

static void clear(struct alarms *alarms, struct alarm *alarm)
{
    struct alarm *last;

    if (alarm->place == ALARM_QUEUED) {
        DL_DELETE(alarms->queue, alarm);
        alarm->place = 0;
        return;
    }
    last = alarms->heap[alarms->count--];
    if (last != alarm)
        sink(alarms, last, alarm->place);
    alarm->place = 0;
}

void alarms_set(struct alarms *alarms, struct alarm *alarm, int64_t due)
{
    if (alarm->place > 0)
        clear(alarms, alarm);
    if (due == DEADLINE_NEVER)
        return;
    alarm->due = due;
    if (!alarms->queue || alarms->queue->prev->due <= due) {
        DL_APPEND(alarms->queue, alarm);
        alarm->place = ALARM_QUEUED;
        return;
    }
    assert(alarms->count < alarms->members);
    rise(alarms, alarm, ++alarms->count);
}

struct alarm *alarms_first(const struct alarms *alarms)
{
    struct alarm *first = alarms->queue;

    if (alarms->count > 0 && (!first || alarms->heap[1]->due < first->due))
        first = alarms->heap[1];
    return first;
}
