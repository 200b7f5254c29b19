/* SPDX-License-Identifier: MIT */
/* client/link.h - one connection of a route in the event loop. */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include "conn.h"
#include "loop.h"

struct route;
struct router;
struct transfer;

struct link {
    struct watcher watcher; /* first */
    struct router *router;  /* borrowed */
    struct route *route;    /* borrowed; it owns the link */
    struct conn conn;
    size_t outstanding; /* transfers that are not over */
    size_t held;        /* bytes of a reply that is being received, which are
                         * counted in the budgets */
    bool writing;       /* it is watched for that */
    bool idle;
    bool withdrawing; /* a transfer, and with it perhaps those behind it */
    struct link *prev, *next;             /* route.links */
    struct link *idle_prev, *idle_next;   /* router.idle */
};

/* Takes over a connected socket.  NULL: no memory; the socket is closed. */
struct link *link_open(struct route *route, int fd);

/* Closes the socket; nothing may be outstanding. */
void link_close(struct link *link);

/* Queues a transfer; link_flush() writes what was queued. */
void link_send(struct link *link, struct transfer *transfer);
void link_flush(struct link *link);

/* Ends a transfer, as conn_withdraw() does.  The link may be gone then. */
void link_withdraw(struct link *link, struct transfer *transfer);

#endif
