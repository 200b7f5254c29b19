/* SPDX-License-Identifier: MIT */
/* client/link.h - what carries the transfers of a route, as long as it lasts.
 * There are two kinds: a connection of our own in the event loop
 * (link_local.c), and sockets of nng's (nng/link_nng.c).  A route uses them by
 * the functions here; each kind is what is in its struct link_type, and has the
 * struct link as its first member. */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/error.h>

struct link;
struct route;
struct router;
struct transfer;

struct link_type {
    /* Queues a transfer, which is the link's then. */
    void (*send)(struct link *link, struct transfer *transfer);
    /* Writes what was queued.  The link may be gone then, as after the next. */
    void (*flush)(struct link *link);
    /* Ends a transfer: at once, as SP_ETIMEDOUT or SP_EAGAIN. */
    void (*withdraw)(struct link *link, struct transfer *transfer);
    /* Gives everything back; nothing is outstanding. */
    void (*close)(struct link *link);
};

struct link {
    const struct link_type *type;
    struct router *router; /* borrowed */
    struct route *route;   /* borrowed; it owns the link */
    size_t outstanding; /* transfers that are not over */
    size_t held;        /* bytes of a reply that is being received, which are
                         * counted in the budgets */
    bool greeted;       /* the peer has spoken */
    bool idle;
    bool withdrawing; /* a transfer, and with it perhaps those behind it */
    struct link *prev, *next;           /* route.links */
    struct link *idle_prev, *idle_next; /* router.idle */
};

/* Makes the one or the other by the route's place, of a connected socket that
 * it takes over.  NULL: no memory; the socket is closed. */
struct link *link_open(struct route *route, int fd);
struct link *link_local_open(struct route *route, int fd);
struct link *link_nng_open(struct route *route);

/* Closes it; nothing may be outstanding. */
void link_close(struct link *link);

/* Queues a transfer; link_flush() writes what was queued. */
void link_send(struct link *link, struct transfer *transfer);
void link_flush(struct link *link);

/* Ends a transfer before its time, unless it is over.  The link may be gone
 * then. */
void link_withdraw(struct link *link, struct transfer *transfer);

/* ---- for its kinds ------------------------------------------------------ */

/* Enters it in its route, which owns it from then on. */
void link_enter(struct link *link, const struct link_type *type,
                struct route *route);

/* A transfer of it is over, whose request says what came of it. */
void link_over(struct link *link, struct transfer *transfer);

/* Counts what a reply that is being received takes, and tells what it may. */
void link_hold(struct link *link, size_t held);
size_t link_room(const struct link *link);

/* To be called after each use: usable: it takes further transfers; dead: none
 * can come to an end on it.  False: it is gone, closed as of no use. */
bool link_settle(struct link *link, bool usable, bool dead);

#endif
