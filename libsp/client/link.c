/* SPDX-License-Identifier: MIT */
/* Drives a conn by an event loop.  When to connect, and what becomes of
 * requests that did not run, is route.c's and router.c's.  Caller: route.c. */
#define _GNU_SOURCE
#include "link.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "route.h"

static void on_ready(struct watcher *watcher, bool readable, bool writable);

struct link *link_open(struct route *route, int fd)
{
    struct link *link = calloc(1, sizeof *link);

    if (!link || !conn_init(&link->conn, fd)) {
        free(link);
        close(fd);
        return NULL;
    }
    link->watcher.on_ready = on_ready;
    link->router = route->router;
    link->route = route;
    if (!loop_watch(&link->router->loop, fd, &link->watcher)) {
        conn_fini(&link->conn);
        free(link);
        return NULL;
    }
    DL_APPEND(route->links, link);
    link->router->links += !route_is_control(route);
    return link;
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

/* What it holds of a reply is part of the budgets, which may go over their
 * limits by what was read last. */
static void set_held(struct link *link, size_t held)
{
    struct router *router = link->router;

    router->bytes.used += held - link->held;
    link->route->bytes.used += held - link->held;
    link->held = held;
}

void link_close(struct link *link)
{
    struct route *route = link->route;
    struct router *router = link->router;

    assert(link->outstanding == 0);
    set_idle(link, false);
    set_held(link, 0);
    loop_unwatch(&router->loop, link->conn.fd);
    conn_fini(&link->conn);
    DL_DELETE(route->links, link);
    router->links -= !route_is_control(route);
    route_lost(route, link);
    if (router->starved)
        router_wake(router);
    free(link);
}

/* After each use of the connection.  The link may be gone then. */
static void settle(struct link *link)
{
    struct conn *conn = &link->conn;
    bool writing = conn->queue != NULL;

    set_held(link, conn->body.capacity);
    if (!conn_usable(conn))
        route_lost(link->route, link);
    if (conn->state == CONN_DEAD ||
        (link->outstanding == 0 && link->route->link != link)) {
        link_close(link);
        return;
    }
    if (conn->greeted)
        route_greeted(link->route);
    if (writing != link->writing)
        loop_watch_writing(&link->router->loop, conn->fd, &link->watcher,
                           writing);
    link->writing = writing;
    set_idle(link, link->outstanding == 0);
}

static size_t left_of(const struct budget *budget, size_t max)
{
    return budget->used < max ? max - budget->used : 0;
}

/* What the reply that is being received may take. */
static size_t room_for_body(const struct link *link)
{
    const struct router *router = link->router;
    size_t own = left_of(&link->route->bytes, router->route_bytes_max);
    size_t all = left_of(&router->bytes, router->bytes.max);

    return link->held + (own < all ? own : all);
}

static void on_ready(struct watcher *watcher, bool readable, bool writable)
{
    struct link *link = (struct link *)watcher;

    if (readable) {
        link->conn.body_max = room_for_body(link);
        conn_on_readable(&link->conn);
    }
    if (writable && link->conn.queue)
        conn_on_writable(&link->conn);
    settle(link);
}

/* ---- transfers ---- */

static void on_over(struct conn_request *request)
{
    struct transfer *transfer = (struct transfer *)request;
    struct link *link = transfer->link;

    link->outstanding--;
    transfer->link = NULL;
    transfer->greeted = link->conn.greeted;
    transfer->displaced = link->withdrawing && request->error == SP_EDIED;
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
    transfer->request.on_over = on_over;
    link->outstanding++;
    conn_queue(&link->conn, &transfer->request);
}

void link_flush(struct link *link)
{
    if (!link->writing)
        conn_on_writable(&link->conn);
    settle(link);
}

void link_withdraw(struct link *link, struct transfer *transfer)
{
    link->withdrawing = true;
    conn_withdraw(&link->conn, &transfer->request);
    link->withdrawing = false;
    settle(link);
}
