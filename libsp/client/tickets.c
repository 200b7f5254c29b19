/* SPDX-License-Identifier: MIT */
/* A table of slots; a number is a slot (from 1, low half) and the turn in which
 * it was given (high half).  A slot whose turns are used up is not given again,
 * so no number is.  Callers: op.c and async.c. */
#define _GNU_SOURCE
#include "tickets.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define FIRST_CAPACITY 64

void tickets_fini(struct tickets *tickets)
{
    free(tickets->slots);
    *tickets = (struct tickets){0};
}

/* Returns whether there is a slot that was never given. */
static bool grow(struct tickets *tickets)
{
    uint32_t capacity =
        tickets->capacity ? 2 * tickets->capacity : FIRST_CAPACITY;
    struct tickets_slot *slots;

    if (tickets->used < tickets->capacity)
        return true;
    if (capacity > UINT32_MAX / 4)
        return false;
    slots = reallocarray(tickets->slots, capacity, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = tickets->capacity; i < capacity; i++)
        slots[i] = (struct tickets_slot){0};
    tickets->slots = slots;
    tickets->capacity = capacity;
    return true;
}

uint64_t tickets_give(struct tickets *tickets, void *holder)
{
    uint32_t place = tickets->free;
    struct tickets_slot *slot;

    assert(holder);
    if (place > 0) {
        tickets->free = tickets->slots[place - 1].next;
    } else {
        if (!grow(tickets))
            return 0;
        place = ++tickets->used;
    }
    slot = &tickets->slots[place - 1];
    slot->holder = holder;
    tickets->count++;
    return (uint64_t)slot->turn << 32 | place;
}

static struct tickets_slot *slot_of(const struct tickets *tickets,
                                    uint64_t number)
{
    uint32_t place = (uint32_t)number;
    struct tickets_slot *slot;

    if (place == 0 || place > tickets->used)
        return NULL;
    slot = &tickets->slots[place - 1];
    return slot->holder && slot->turn == number >> 32 ? slot : NULL;
}

void *tickets_find(const struct tickets *tickets, uint64_t number)
{
    struct tickets_slot *slot = slot_of(tickets, number);

    return slot ? slot->holder : NULL;
}

void tickets_take(struct tickets *tickets, uint64_t number)
{
    struct tickets_slot *slot = slot_of(tickets, number);

    assert(slot);
    slot->holder = NULL;
    tickets->count--;
    if (++slot->turn == 0)
        return;
    slot->next = tickets->free;
    tickets->free = (uint32_t)number;
}

void *tickets_next(const struct tickets *tickets, size_t *at)
{
    while (*at < tickets->used) {
        void *holder = tickets->slots[(*at)++].holder;

        if (holder)
            return holder;
    }
    return NULL;
}
