/* SPDX-License-Identifier: MIT */
/* client/feed.h - one subscription: a SUB connection to a session, or to spd,
 * and to its next process when that ends. */
#ifndef CLIENT_FEED_H
#define CLIENT_FEED_H

#include <sp/async.h>

/* The subscriptions of an asynchronous client. */
struct feeds {
    size_t count;
    size_t max;
    size_t fans; /* subscriptions to all sessions, which consist of some */
};

/* What is wanted.  All that is pointed to is copied. */
struct feed_order {
    const char *id; /* valid, or DIAL_CONTROL: messages are events of spd's */
    const void *prefix; /* at most WIRE_PREFIX_MAX bytes */
    size_t size;
    sp_async_told *told;
    void *context;
};

/* Begins one.  It goes with its ticket.  SP_EAGAIN: there are too many. */
enum sp_error feed_open(struct sp_async *async, const struct feed_order *order,
                        struct sp_ticket *out_ticket);

#endif
