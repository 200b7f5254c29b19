/* SPDX-License-Identifier: MIT */
/* client/transfer.h - one body on its way to a session (or to spd), over one
 * connection or, when that ends before it has run, another. */
#ifndef CLIENT_TRANSFER_H
#define CLIENT_TRANSFER_H

#include "conn.h"

struct link;
struct route;

enum transfer_state {
    TRANSFER_IDLE,    /* not begun, or told */
    TRANSFER_WAITING, /* in route.waiting */
    TRANSFER_SENT,    /* its connection's */
    TRANSFER_OVER,    /* in router.over */
};

struct transfer {
    struct conn_request request; /* first; its user sets kind, body and size */

    /* Set by the user. */
    struct route *route;        /* borrowed */
    const struct sp_spec *spec; /* borrowed: how to start the session if there
                                 * is none; NULL: it is not started */
    /* It is over; router_tell() calls it.  Everything is allowed inside. */
    void (*on_told)(struct transfer *transfer, struct sp_result *result);

    /* The route's own. */
    enum transfer_state state;
    struct link *link; /* while it is sent */
    uint64_t turn;     /* transfers of a route leave in the order of theirs */
    bool again;        /* it was sent, and had not run */
    bool ensured;      /* its spec was used */
    bool greeted;      /* its connection had been */
    bool displaced;    /* its connection was ended because another transfer was
                        * withdrawn from it half written */
    bool expired;      /* its time had passed when it was over */
    bool final;        /* error, progress and text of it say it all */
    char *text;        /* owned; NULL: the error's own */
    struct transfer *prev, *next; /* route.waiting or router.over */
};

#endif
