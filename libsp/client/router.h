/* SPDX-License-Identifier: MIT */
/* client/router.h - all connections of an asynchronous client: the routes to
 * its sessions and to spd, and the bounds that they share.  It owns them; who
 * sends (op.c) asks for the route to a session and gives it a transfer.
 *
 * Nothing happens but in three steps, which async.c makes in turns: flush
 * (connect and write), loop_turn (read), tell (call the users).  Users are
 * called in the third alone, so nothing that they do pulls the ground from
 * under a step. */
#ifndef CLIENT_ROUTER_H
#define CLIENT_ROUTER_H

#include "loop.h"
#include "place.h"
#include "result.h"

struct link;
struct post;
struct route;
struct transfer;

/* How many small replies' memory is kept for the next ones, and of which size
 * at most: none where the use of a reply that is gone is to be found. */
#ifdef __SANITIZE_ADDRESS__
#define ROUTER_REPLIES 0
#else
#define ROUTER_REPLIES 64
#endif
#define ROUTER_REPLY_MAX 512

struct router {
    struct place place;
    struct loop loop;
    struct route *routes;  /* owned; hash by ID */
    struct route *recent;  /* one of them, which was looked for last; or NULL */
    struct route *dirty;   /* to be flushed */
    struct route *starved; /* that wait for a connection, in order */
    struct link *idle;     /* that can be closed; the longest idle one first */
    size_t links;          /* connections to sessions that are open */
    size_t links_leaving;  /* of them, being closed */
    size_t links_max;
    size_t ears;           /* nng's sockets that hear, until they are closed */
    struct post *post; /* owned: what nng says; NULL: it is the local channel */
    int patience_ms;   /* how long finding out may take whether there is room */
    size_t bytes;          /* that all routes hold */
    size_t bytes_max;
    size_t route_bytes_max;
    uint64_t turns;        /* given to transfers */
    struct transfer *over; /* to be told, in order */
    size_t told;           /* so many were; the driver's to set */
    struct buf replies[ROUTER_REPLIES + 1]; /* owned; empty, with memory */
    size_t reply_count;
    bool turning;          /* a turn is under way, which will flush and tell */
    bool stopped;          /* tell nobody any more */
};

enum sp_error router_init(struct router *router, const struct place *place);

/* No transfer may be waiting or sent, but those of the routes themselves. */
void router_fini(struct router *router);

/* The route to a session, or to spd (DIAL_CONTROL); made if there is none.  It
 * stays for as long as somebody uses it (route.users) or it has a connection.
 * NULL: no memory. */
struct route *router_find(struct router *router, const char *id);

/* Whether that was the last one that was looked for, and is still there. */
bool router_found_last(const struct router *router, const char *id);

/* A connection has been closed.  (Those of nng's take a while for it.) */
void router_link_gone(struct router *router);

/* For a route: makes room for one more connection to a session; and closes the
 * one that has been idle longest.  False: all are in use, or not closed yet. */
bool router_make_room(struct router *router);
bool router_close_idle(struct router *router);

/* dial(), for which connections that are idle make room if there is no other
 * descriptor.  SP_EAGAIN: try again later; result says why: its error is
 * SP_EAGAIN, or there are no descriptors. */
enum sp_error router_dial(struct router *router, const char *id, int *out_fd,
                          struct sp_result *result);

/* Connects what can be connected, and writes what was queued.  To be called
 * after router_tell() only: that puts back what is sent again. */
void router_flush(struct router *router);

/* Tells the users of all transfers that are over. */
void router_tell(struct router *router);

/* Memory for a small reply, if some is left of an earlier one; and takes what a
 * reply had. */
void router_lend_reply(struct router *router, struct buf *out_reply);
void router_keep_reply(struct router *router, struct buf *reply);

/* After a turn: whatever is left to do, is done in the next. */
void router_rest(struct router *router);

/* There is something to flush or to tell. */
void router_wake(struct router *router);

#endif
