/* SPDX-License-Identifier: MIT */
/* One connection of our own: drives a conn by the event loop.  Callers: link.c
 * and the loop. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "conn.h"
#include "link.h"
#include "route.h"

struct link_local {
    struct link link; /* first */
    struct watcher watcher;
    struct conn conn;
    bool writing; /* it is watched for that */
};

static void on_ready(struct watcher *watcher, bool readable, bool writable);

static struct link_local *local_of_watcher(struct watcher *watcher)
{
    return (struct link_local *)((char *)watcher -
                                 offsetof(struct link_local, watcher));
}

/* After each use of the connection.  The link may be gone then. */
static void settle(struct link_local *local)
{
    struct conn *conn = &local->conn;
    bool writing = conn->queue != NULL;

    local->link.greeted = conn->greeted;
    link_hold(&local->link, conn->body.capacity);
    if (!link_settle(&local->link, conn_usable(conn),
                     conn->state == CONN_DEAD))
        return;
    if (writing != local->writing)
        loop_watch_writing(&local->link.router->loop, conn->fd, &local->watcher,
                           writing);
    local->writing = writing;
}

static void on_ready(struct watcher *watcher, bool readable, bool writable)
{
    struct link_local *local = local_of_watcher(watcher);

    if (readable) {
        local->conn.body_max = link_room(&local->link);
        conn_on_readable(&local->conn);
    }
    if (writable && local->conn.queue)
        conn_on_writable(&local->conn);
    settle(local);
}

/* ---- its type ---- */

static void on_over(struct conn_request *request)
{
    struct transfer *transfer = (struct transfer *)request;
    struct link_local *local = (struct link_local *)transfer->link;

    local->link.greeted = local->conn.greeted;
    link_over(&local->link, transfer);
}

static void local_send(struct link *link, struct transfer *transfer)
{
    transfer->request.on_over = on_over;
    conn_queue(&((struct link_local *)link)->conn, &transfer->request);
}

static void local_flush(struct link *link)
{
    struct link_local *local = (struct link_local *)link;

    if (!local->writing)
        conn_on_writable(&local->conn);
    settle(local);
}

static void local_withdraw(struct link *link, struct transfer *transfer)
{
    struct link_local *local = (struct link_local *)link;

    link->withdrawing = true;
    conn_withdraw(&local->conn, &transfer->request);
    link->withdrawing = false;
    settle(local);
}

static void local_close(struct link *link)
{
    struct link_local *local = (struct link_local *)link;
    struct router *router = link->router;

    loop_unwatch(&router->loop, local->conn.fd, &local->watcher);
    conn_fini(&local->conn);
    if (!route_is_control(link->route))
        router_link_gone(router);
    free(local);
}

struct link *link_local_open(struct route *route, int fd)
{
    static const struct link_type type = {local_send, local_flush,
                                          local_withdraw, local_close};
    struct router *router = route->router;
    struct link_local *local = calloc(1, sizeof *local);

    if (!local) {
        close(fd);
        return NULL;
    }
    conn_init(&local->conn, fd);
    if (!route_is_control(route))
        local->conn.reply_max = router->place.reply_max;
    local->watcher.on_ready = on_ready;
    if (!loop_watch(&router->loop, fd, &local->watcher)) {
        conn_fini(&local->conn);
        free(local);
        return NULL;
    }
    link_enter(&local->link, &type, route);
    router->links += !route_is_control(route);
    return &local->link;
}
