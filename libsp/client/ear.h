/* SPDX-License-Identifier: MIT */
/* client/ear.h - what a subscription hears by, as long as one connection lasts.
 * There are two kinds: a connection of our own (ear_local.c), and a SUB socket
 * of nng's (nng/ear_nng.c).  Each has the struct ear as its first member. */
#ifndef CLIENT_EAR_H
#define CLIENT_EAR_H

#include <stdbool.h>
#include <stddef.h>

#include "stream.h"

struct ear;
struct router;

struct ear_type {
    struct stream_item (*next)(struct ear *ear, size_t max);
    void (*relax)(struct ear *ear);
    void (*close)(struct ear *ear);
};

/* What is wanted; all that is pointed to outlives the ear. */
struct ear_order {
    struct router *router;
    const char *id; /* or DIAL_CONTROL */
    const void *prefix;
    size_t size;
    /* It has heard something, or its connection has ended.  Called from the
     * loop; may not close it. */
    void (*on_heard)(struct ear *ear, void *owner);
    void *owner;
    int patience_ms; /* for nng to get a connection: then it has ended */
};

struct ear {
    const struct ear_type *type;
    struct ear_order order;
    size_t held; /* bytes that it holds now */
    bool begun;  /* it has told so */
    bool ended;  /* the connection has */
};

/* Makes the one or the other by the router, of a connected socket that it takes
 * over.  NULL: no memory; the socket is closed. */
struct ear *ear_open(const struct ear_order *order, int fd);
struct ear *ear_local_open(const struct ear_order *order, int fd);
struct ear *ear_nng_open(const struct ear_order *order);

/* The next that was heard; as stream_next(). */
static inline struct stream_item ear_next(struct ear *ear, size_t max)
{
    return ear->type->next(ear, max);
}

/* Gives back the memory of what was taken; more may be heard then. */
static inline void ear_relax(struct ear *ear)
{
    ear->type->relax(ear);
}

static inline void ear_close(struct ear *ear)
{
    ear->type->close(ear);
}

#endif
