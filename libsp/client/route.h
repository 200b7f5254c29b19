/* SPDX-License-Identifier: MIT */
/* client/route.h - the way to one session (or to spd): what waits to be sent
 * to it, and its connections.
 *
 * There is one that takes new transfers, or none.  Others may be left over: no
 * more can be written to them, but replies still come. */
#ifndef CLIENT_ROUTE_H
#define CLIENT_ROUTE_H

#include <uthash.h>

#include <sp/id.h>

#include "birth.h"
#include "dial.h"
#include "router.h"
#include "transfer.h"

struct inquiry;

struct route {
    char id[SP_ID_MAX + 1]; /* or DIAL_CONTROL */
    struct router *router;  /* borrowed */
    size_t users;           /* that may send by it */
    size_t bytes;           /* that it holds, as router.bytes counts them */

    struct link *link;        /* takes new transfers; one of links, or NULL */
    struct link *links;       /* owned */
    struct transfer *waiting; /* in the order of their turns */
    const char *blocked;      /* why they wait, in words; NULL: they do not have
                               * to */
    struct alarm retry;       /* when to connect again */
    struct dial_pause pause;

    struct birth birth; /* while it is under way, nothing leaves */
    struct inquiry *inquiries; /* about its deaths */

    bool exists; /* in the hash; see uthash_nonfatal_oom */
    bool dirty;
    bool starved;
    struct route *prev, *next;                 /* router.dirty */
    struct route *starved_prev, *starved_next; /* router.starved */
    UT_hash_handle hh;                         /* router.routes */
};

/* spd's is not counted among the connections to sessions. */
static inline bool route_is_control(const struct route *route)
{
    return !*route->id;
}

struct route *route_create(struct router *router, const char *id);
void route_destroy(struct route *route);

/* Whether nothing would be lost with it. */
bool route_is_unused(const struct route *route);

/* Whoever has transfers for it uses it until the last one is told. */
void route_use(struct route *route);
void route_release(struct route *route);

/* Has the next flush look after it. */
void route_mark(struct route *route);

/* Begins a transfer, idle so far: it leaves at the next flush. */
void route_send(struct transfer *transfer);

/* Ends it without telling; then it is idle, and its request tells how far it
 * got. */
void route_withdraw(struct transfer *transfer);

/* Its time has passed: it is told SP_ETIMEDOUT, or SP_EAGAIN where it could
 * not be sent; unless it is over already. */
void route_expire(struct transfer *transfer);

/* One that waits will not be sent, and is told so.  text: NULL: the error's
 * own. */
void route_fail(struct transfer *transfer, enum sp_error error,
                const char *text);

/* An idle transfer is to be told this. */
void route_conclude(struct transfer *transfer, enum sp_error error,
                    enum sp_progress progress);

/* The peer took no connection: those that wait do so for a while. */
void route_pause(struct route *route, const char *why);

/* It waits for a connection to be closed; nothing leaves until then. */
void route_starve(struct route *route);

/* Connects if need be, and writes what waits. */
void route_flush(struct route *route);

/* A connection has ended, or takes no more: after each use of one.  The peer
 * has spoken: greeted. */
void route_lost(struct route *route, struct link *link);
void route_greeted(struct route *route);

/* Takes bytes of the budgets, of the route and of all.  SP_EAGAIN: there are
 * not that many now; SP_EMSGSIZE: there never are. */
enum sp_error route_charge(struct route *route, size_t bytes);
void route_discharge(struct route *route, size_t bytes);

#endif
