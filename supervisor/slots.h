/* SPDX-License-Identifier: MIT */
/* supervisor/slots.h - the memory that one template's sessions share with spd,
 * a page each (wire/slot.h). */
#ifndef SUPERVISOR_SLOTS_H
#define SUPERVISOR_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "wire/slot.h"

struct slots;

/* One page of it.  slots is NULL: none. */
struct slot_place {
    struct slots *slots; /* borrowed */
    uint32_t index;
};

/* A sealed memfd of so many pages, 1 to UINT32_MAX, none of which takes memory
 * before it is used.  NULL and errno. */
struct slots *slots_create(size_t count);
/* No page of it may be taken.  NULL is allowed. */
void slots_destroy(struct slots *slots);

/* To be inherited by the template; borrowed.  -1 after slots_close(). */
int slots_fd(const struct slots *slots);
/* The template has it: spd needs the mapping alone. */
void slots_close(struct slots *slots);

/* Takes a page, all zeros.  -1 and ENOBUFS: none is free, or ENOMEM. */
int slots_take(struct slots *slots, struct slot_place *out_place);
/* Gives it back, wiped.  A place that holds nothing is allowed. */
void slots_give(struct slot_place *place);

/* NULL if the place holds nothing.  Valid until it is given back. */
struct slot *slots_at(const struct slot_place *place);

#endif
