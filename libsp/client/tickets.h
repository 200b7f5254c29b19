/* SPDX-License-Identifier: MIT */
/* client/tickets.h - numbers for what is outstanding, each used once: one that
 * names nothing any more is told from one that does.  Pure. */
#ifndef CLIENT_TICKETS_H
#define CLIENT_TICKETS_H

#include <stddef.h>
#include <stdint.h>

struct tickets_slot {
    void *holder;  /* borrowed; NULL: free */
    uint32_t turn; /* how often it was given before */
    uint32_t next; /* of tickets.free, from 1; 0: the last */
};

struct tickets {
    struct tickets_slot *slots; /* owned */
    uint32_t capacity;
    uint32_t used; /* slots that were ever given */
    uint32_t free; /* the first of those given back, from 1 */
    size_t count;  /* given now */
};

void tickets_fini(struct tickets *tickets);

/* Gives a number to the holder, which is not NULL.  0: no memory. */
uint64_t tickets_give(struct tickets *tickets, void *holder);

/* The holder of a number; NULL if it is nobody's (any more). */
void *tickets_find(const struct tickets *tickets, uint64_t number);

/* Takes back a number that is somebody's. */
void tickets_take(struct tickets *tickets, uint64_t number);

/* The first holder whose slot is not before *at (0 at first), and moves on;
 * NULL: there are no more.  Numbers may be taken back meanwhile. */
void *tickets_next(const struct tickets *tickets, size_t *at);

#endif
