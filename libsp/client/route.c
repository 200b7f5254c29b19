/* SPDX-License-Identifier: MIT */
/* From a transfer that waits to a connection that takes it.  Transfers leave in
 * the order in which they were begun, also those that are sent again, and those
 * that wait until their session is started.  Callers: router.c, link.c, op.c,
 * inquiry.c. */
/* A route that uthash had no memory for says so, instead of the program ending
 * there. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(route) ((route)->exists = false)
#define _GNU_SOURCE
#include "route.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "link.h"

static void on_retry(struct alarm *alarm);

/* ---- life ---- */

struct route *route_create(struct router *router, const char *id)
{
    struct route *route = calloc(1, sizeof *route);

    if (!route || !alarms_join(&router->loop.alarms)) {
        free(route);
        return NULL;
    }
    strcpy(route->id, id);
    route->router = router;
    route->retry.ring = on_retry;
    route->pause = DIAL_PAUSE_FIRST;
    route->birth.route = route;
    route->exists = true;
    HASH_ADD_STR(router->routes, id, route);
    if (!route->exists) {
        alarms_leave(&router->loop.alarms, &route->retry);
        free(route);
        return NULL;
    }
    return route;
}

bool route_is_unused(const struct route *route)
{
    return route->users == 0 && !route->links && !route->waiting &&
           !birth_is_under_way(&route->birth);
}

void route_use(struct route *route)
{
    route->users++;
}

void route_release(struct route *route)
{
    assert(route->users > 0);
    if (--route->users == 0)
        route_mark(route);
}

static void unmark(struct route *route)
{
    if (route->dirty)
        DL_DELETE(route->router->dirty, route);
    if (route->starved)
        DL_DELETE2(route->router->starved, route, starved_prev, starved_next);
    route->dirty = false;
    route->starved = false;
}

void route_destroy(struct route *route)
{
    struct router *router = route->router;

    assert(!route->waiting && !route->inquiries);
    birth_end(&route->birth);
    while (route->links)
        link_close(route->links);
    unmark(route);
    if (router->recent == route)
        router->recent = NULL;
    HASH_DEL(router->routes, route);
    alarms_leave(&router->loop.alarms, &route->retry);
    free(route);
}

void route_mark(struct route *route)
{
    if (!route->dirty)
        DL_APPEND(route->router->dirty, route);
    route->dirty = true;
    router_wake(route->router);
}

/* ---- transfers ---- */

static int by_turn(const struct transfer *left, const struct transfer *right)
{
    return left->turn < right->turn ? -1 : left->turn > right->turn;
}

/* Mostly it is the last; one that is sent again goes before its successors. */
static void enqueue(struct transfer *transfer)
{
    struct transfer **waiting = &transfer->route->waiting;

    if (!*waiting || by_turn((*waiting)->prev, transfer) < 0)
        DL_APPEND(*waiting, transfer);
    else
        DL_INSERT_INORDER(*waiting, transfer, by_turn);
    transfer->state = TRANSFER_WAITING;
    route_mark(transfer->route);
}

void route_send(struct transfer *transfer)
{
    assert(transfer->state == TRANSFER_IDLE);
    if (transfer->turn == 0)
        transfer->turn = ++transfer->route->router->turns;
    enqueue(transfer);
}

static void leave(struct transfer *transfer)
{
    struct route *route = transfer->route;

    DL_DELETE(route->waiting, transfer);
    if (route->birth.first == transfer)
        route->birth.first = NULL;
    transfer->state = TRANSFER_IDLE;
}

void route_conclude(struct transfer *transfer, enum sp_error error,
                    enum sp_progress progress)
{
    struct router *router = transfer->route->router;

    assert(transfer->state == TRANSFER_IDLE);
    transfer->request.error = error;
    transfer->request.progress = progress;
    transfer->final = true;
    transfer->state = TRANSFER_OVER;
    DL_APPEND(router->over, transfer);
    router_wake(router);
}

void route_fail(struct transfer *transfer, enum sp_error error,
                const char *text)
{
    leave(transfer);
    transfer->text = text ? strdup(text) : NULL;
    route_conclude(transfer, error, SP_PROGRESS_NOT_SENT);
}

void route_withdraw(struct transfer *transfer)
{
    switch (transfer->state) {
    case TRANSFER_IDLE:
        return;
    case TRANSFER_WAITING:
        leave(transfer);
        transfer->request.progress = SP_PROGRESS_NOT_SENT;
        return;
    case TRANSFER_SENT:
        link_withdraw(transfer->link, transfer);
        break;
    case TRANSFER_OVER:
        break;
    }
    DL_DELETE(transfer->route->router->over, transfer);
    transfer->state = TRANSFER_IDLE;
    buf_fini(&transfer->request.reply);
    free(transfer->text);
    transfer->text = NULL;
}

void route_expire(struct transfer *transfer)
{
    const char *blocked = transfer->route->blocked;

    if (transfer->state == TRANSFER_SENT)
        link_withdraw(transfer->link, transfer);
    else if (transfer->state == TRANSFER_WAITING)
        route_fail(transfer, blocked ? SP_EAGAIN : SP_ETIMEDOUT, blocked);
    transfer->expired = true;
}

static void fail_all(struct route *route, const struct sp_result *result)
{
    while (route->waiting)
        route_fail(route->waiting, result->error, sp_result_text(result));
}

/* There is no such session.  Who has no spec is told so; the first that has one
 * starts it, for all behind it too. */
static void absent(struct route *route, const struct sp_result *result)
{
    struct transfer *first;

    while ((first = route->waiting)) {
        enum sp_error error = SP_ENOENT;

        if (first->spec && !first->ensured)
            error = birth_begin(&route->birth, first);
        if (error == SP_OK)
            return;
        route_fail(first, error,
                   error == SP_ENOENT ? sp_result_text(result) : NULL);
    }
}

/* ---- connecting ---- */

static void on_retry(struct alarm *alarm)
{
    struct route *route =
        (struct route *)((char *)alarm - offsetof(struct route, retry));

    route_mark(route);
}

void route_pause(struct route *route, const char *why)
{
    route->blocked = why;
    if (route->retry.place > 0)
        return;
    alarms_set(&route->router->loop.alarms, &route->retry,
               clock_now_ms() + dial_pause_next(&route->pause));
}

void route_greeted(struct route *route)
{
    route->pause = DIAL_PAUSE_FIRST;
}

void route_lost(struct route *route, struct link *link)
{
    if (route->link == link)
        route->link = NULL;
    route_mark(route);
}

/* Whether there may be one more connection. */
static bool may_connect(struct route *route)
{
    struct router *router = route->router;

    if (route_is_control(route) || router_make_room(router))
        return true;
    route_starve(route);
    return false;
}

void route_starve(struct route *route)
{
    route->blocked = "all connections are in use";
    if (!route->starved)
        DL_APPEND2(route->router->starved, route, starved_prev, starved_next);
    route->starved = true;
}

static void connect_now(struct route *route)
{
    struct sp_result result;
    int fd;

    result_init(&result);
    switch (router_dial(route->router, route->id, &fd, &result)) {
    case SP_OK:
        route->blocked = NULL;
        route->link = link_open(route, fd);
        if (route->link)
            break;
        result_set(&result, SP_ENOMEM, SP_PROGRESS_NOT_SENT);
        fail_all(route, &result);
        break;
    case SP_EAGAIN:
        route_pause(route, result.error == SP_EAGAIN
                               ? "the queue of connections is full"
                               : "no descriptors are left");
        break;
    case SP_ENOENT:
        absent(route, &result);
        break;
    default:
        fail_all(route, &result);
    }
    result_fini(&result);
}

void route_flush(struct route *route)
{
    bool free_to_go = !birth_is_under_way(&route->birth) &&
                      route->retry.place == 0 && !route->starved;

    if (!free_to_go)
        return;
    if (route->waiting && !route->link && may_connect(route))
        connect_now(route);
    if (!route->link)
        return;
    route->blocked = NULL;
    while (route->waiting) {
        struct transfer *transfer = route->waiting;

        leave(transfer);
        link_send(route->link, transfer);
    }
    link_flush(route->link);
}

/* ---- budgets ---- */

enum sp_error route_charge(struct route *route, size_t bytes)
{
    struct router *router = route->router;

    if (bytes > router->route_bytes_max || bytes > router->bytes_max)
        return SP_EMSGSIZE;
    if (route->bytes > router->route_bytes_max - bytes ||
        router->bytes > router->bytes_max - bytes)
        return SP_EAGAIN;
    route->bytes += bytes;
    router->bytes += bytes;
    return SP_OK;
}

void route_discharge(struct route *route, size_t bytes)
{
    assert(route->bytes >= bytes && route->router->bytes >= bytes);
    route->bytes -= bytes;
    route->router->bytes -= bytes;
}
