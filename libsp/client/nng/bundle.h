/* SPDX-License-Identifier: MIT */
/* client/nng/bundle.h - the strands of a link.  Casts have one, so that they
 * stay in order; calls have as many as there are calls under way, up to a
 * limit.  Each has a load, the transfer under way on it, or none. */
#ifndef CLIENT_NNG_BUNDLE_H
#define CLIENT_NNG_BUNDLE_H

#include "strand.h"

struct route;
struct transfer;

struct bundle {
    struct route *route;            /* borrowed, as are the next two */
    const struct strand_user *user; /* of its strands */
    void *owner;                    /* the user's */
    bool ordered;           /* all go by one: casts are calls, too */
    struct strand *strands; /* owned */
    size_t counts[2];       /* of them, by enum outlet_kind */
    struct strand *newest;  /* for calls: the last that was loaded; or NULL */
};

enum bundle_state {
    BUNDLE_READY,  /* here is a strand that takes one */
    BUNDLE_DIALS,  /* there will be: one has begun to connect */
    BUNDLE_BUSY,   /* not before one of them has changed, or the route is
                    * given a connection */
    BUNDLE_FAILED, /* no memory, descriptors or threads, and there is none */
};

/* A strand for a message of this kind; *out_strand is written if one is ready.
 */
enum bundle_state bundle_take(struct bundle *bundle, enum outlet_kind kind,
                              struct strand **out_strand);

/* When the next call may be sent; 0: now. */
int64_t bundle_turn(const struct bundle *bundle);

/* A transfer has been sent by it just now. */
void bundle_load(struct bundle *bundle, struct strand *strand,
                 struct transfer *transfer);

/* The one that it is under way on, or NULL. */
struct strand *bundle_find_load(const struct bundle *bundle,
                                const struct transfer *transfer);

/* Closes one that has no load; all that have none; and those that have no
 * connection yet: false: there was none. */
void bundle_drop(struct bundle *bundle, struct strand *strand);
void bundle_drop_idle(struct bundle *bundle);
bool bundle_drop_dialing(struct bundle *bundle);

#endif
