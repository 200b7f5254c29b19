/* SPDX-License-Identifier: MIT */
/* What both kinds of link have in common: their place among the others of the
 * route and of all, and what they count towards the bounds.  When to connect,
 * and what becomes of requests that did not run, is route.c's and router.c's.
 * Callers: route.c, router.c, and the kinds. */
#define _GNU_SOURCE
#include "link.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "route.h"

struct link *link_open(struct route *route, int fd)
{
    if (!route->router->post)
        return link_local_open(route, fd);
    close(fd); /* it has shown that there is somebody to be trusted */
    return link_nng_open(route);
}

void link_enter(struct link *link, const struct link_type *type,
                struct route *route)
{
    link->type = type;
    link->router = route->router;
    link->route = route;
    DL_APPEND(route->links, link);
}

static void set_idle(struct link *link, bool idle)
{
    struct router *router = link->router;

    if (idle == link->idle || route_is_control(link->route))
        return;
    link->idle = idle;
    if (idle)
        DL_APPEND2(router->idle, link, idle_prev, idle_next);
    else
        DL_DELETE2(router->idle, link, idle_prev, idle_next);
    if (idle && router->starved)
        router_wake(router);
}

/* The budgets may go over their limits by what was read last. */
void link_hold(struct link *link, size_t held)
{
    struct router *router = link->router;

    router->bytes += held - link->held;
    link->route->bytes += held - link->held;
    link->held = held;
}

static size_t left_of(size_t max, size_t used)
{
    return used < max ? max - used : 0;
}

size_t link_room(const struct link *link)
{
    const struct router *router = link->router;
    size_t own = left_of(router->route_bytes_max, link->route->bytes);
    size_t all = left_of(router->bytes_max, router->bytes);

    return link->held + (own < all ? own : all);
}

void link_close(struct link *link)
{
    struct route *route = link->route;

    assert(link->outstanding == 0);
    set_idle(link, false);
    link_hold(link, 0);
    DL_DELETE(route->links, link);
    route_lost(route, link);
    link->type->close(link);
}

bool link_settle(struct link *link, bool usable, bool dead)
{
    if (!usable)
        route_lost(link->route, link);
    if (dead || (link->outstanding == 0 && link->route->link != link)) {
        link_close(link);
        return false;
    }
    if (link->greeted)
        route_greeted(link->route);
    set_idle(link, link->outstanding == 0);
    return true;
}

/* ---- transfers ---- */

void link_over(struct link *link, struct transfer *transfer)
{
    link->outstanding--;
    transfer->link = NULL;
    transfer->greeted = link->greeted;
    transfer->displaced =
        link->withdrawing && transfer->request.error == SP_EDIED;
    transfer->final = false;
    transfer->state = TRANSFER_OVER;
    DL_APPEND(link->router->over, transfer);
    router_wake(link->router);
}

void link_send(struct link *link, struct transfer *transfer)
{
    set_idle(link, false);
    transfer->state = TRANSFER_SENT;
    transfer->link = link;
    link->outstanding++;
    link->type->send(link, transfer);
}

void link_flush(struct link *link)
{
    link->type->flush(link);
}

void link_withdraw(struct link *link, struct transfer *transfer)
{
    link->type->withdraw(link, transfer);
}
