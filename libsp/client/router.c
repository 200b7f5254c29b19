/* SPDX-License-Identifier: MIT */
/* Which route is flushed when, which connection makes room for another, and
 * who is told what.  Callers: async.c, op.c; route.c for its place among the
 * others. */
#define _GNU_SOURCE
#include "router.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "channel.h"
#include "dial.h"
#include "link.h"
#include "outcome.h"
#include "post.h"
#include "route.h"

#define BYTES_MAX (256u * 1024 * 1024)
#define ROUTE_BYTES_MAX (32u * 1024 * 1024)

/* What nng is given to hand a message over that is not to wait: its threads do
 * it. */
#define NNG_PATIENCE_MS 20

enum sp_error router_init(struct router *router, const struct place *place)
{
    enum sp_error error;

    *router = (struct router){
        .place = *place,
        .links_max = channel_keep(),
        .bytes_max = BYTES_MAX,
        .route_bytes_max = ROUTE_BYTES_MAX,
    };
    error = loop_init(&router->loop);
    if (error == SP_OK && place->channel == PLACE_NNG) {
        router->patience_ms = NNG_PATIENCE_MS;
        router->post = post_create(router);
        error = router->post ? SP_OK : SP_ENOMEM;
    }
    return error;
}

/* The transfers of all routes but spd's own go by way of that one. */
void router_fini(struct router *router)
{
    struct route *route, *next;

    HASH_ITER (hh, router->routes, route, next)
        if (!route_is_control(route))
            route_destroy(route);
    HASH_ITER (hh, router->routes, route, next)
        route_destroy(route);
    while (router->reply_count > 0)
        buf_fini(&router->replies[--router->reply_count]);
    post_destroy(router->post);
    loop_fini(&router->loop);
}

bool router_found_last(const struct router *router, const char *id)
{
    return router->recent && strcmp(router->recent->id, id) == 0;
}

struct route *router_find(struct router *router, const char *id)
{
    struct route *route;

    if (router_found_last(router, id))
        return router->recent;
    HASH_FIND_STR(router->routes, id, route);
    if (!route)
        route = route_create(router, id);
    router->recent = route;
    return route;
}

void router_wake(struct router *router)
{
    if (!router->turning)
        loop_wake(&router->loop);
}

/* ---- room for connections ---- */

bool router_close_idle(struct router *router)
{
    if (!router->idle)
        return false;
    link_close(router->idle);
    return true;
}

/* There is, or one that is idle can be closed for it; which may take a while.
 */
static bool has_room(const struct router *router)
{
    size_t staying = router->links - router->links_leaving;

    return router->links < router->links_max ||
           (router->idle && staying >= router->links_max);
}

bool router_make_room(struct router *router)
{
    while (router->links >= router->links_max)
        if (!has_room(router) || !router_close_idle(router))
            return false;
    return true;
}

void router_link_gone(struct router *router)
{
    router->links--;
    if (router->starved)
        router_wake(router);
}

static bool is_lack(int error)
{
    return error == EMFILE || error == ENFILE;
}

/* The descriptor that is missing may come back by itself. */
enum sp_error router_dial(struct router *router, const char *id, int *out_fd,
                          struct sp_result *result)
{
    enum sp_error error;

    do
        error = dial(&router->place, id, out_fd, result);
    while (error == SP_ESYSTEM && is_lack(errno) &&
           router_close_idle(router));
    return error == SP_ESYSTEM && is_lack(errno) ? SP_EAGAIN : error;
}

/* ---- memory for replies ---- */

void router_lend_reply(struct router *router, struct buf *out_reply)
{
    if (router->reply_count > 0)
        *out_reply = router->replies[--router->reply_count];
}

void router_keep_reply(struct router *router, struct buf *reply)
{
    if (reply->capacity == 0 || reply->capacity > ROUTER_REPLY_MAX ||
        router->reply_count == ROUTER_REPLIES) {
        buf_fini(reply);
        return;
    }
    reply->start = reply->end = 0;
    router->replies[router->reply_count++] = *reply;
    *reply = BUF_EMPTY;
}

/* ---- the steps of a turn ---- */

static void flush(struct route *route)
{
    route_flush(route);
    if (route_is_unused(route))
        route_destroy(route);
}

void router_flush(struct router *router)
{
    struct route *route;

    if (router->stopped)
        return;
    while (router->starved && has_room(router)) {
        route = router->starved;
        DL_DELETE2(router->starved, route, starved_prev, starved_next);
        route->starved = false;
        flush(route);
    }
    while ((route = router->dirty)) {
        DL_DELETE(router->dirty, route);
        route->dirty = false;
        flush(route);
    }
}

/* What came of it; false: it is sent again. */
static bool conclude(struct transfer *transfer, struct sp_result *result)
{
    enum outcome outcome =
        outcome_of(&transfer->request, transfer->greeted, result);
    enum outcome_step step = outcome_next(outcome, result, transfer->again);

    if (transfer->displaced) /* which says nothing of the session */
        step = OUTCOME_AGAIN;
    switch (step) {
    case OUTCOME_TELL:
    case OUTCOME_DIED:
        return true;
    case OUTCOME_AGAIN:
        transfer->again |= !transfer->displaced;
        break;
    case OUTCOME_LATER:
        route_pause(transfer->route, "the session takes no more connections");
        break;
    }
    route_send(transfer);
    if (transfer->expired)
        route_expire(transfer);
    return false;
}

static void tell(struct transfer *transfer)
{
    struct router *router = transfer->route->router;
    struct sp_result result;
    char *text = transfer->text;

    result_init(&result);
    transfer->text = NULL;
    if (transfer->final && text)
        result_fail(&result, transfer->request.error,
                    transfer->request.progress, "%s", text);
    else if (transfer->final)
        result_set(&result, transfer->request.error,
                   transfer->request.progress);
    if (transfer->final || conclude(transfer, &result)) {
        if (result.error == SP_EDIED)
            channel_died(transfer->route->id, &result);
        transfer->on_told(transfer, &result);
    }
    free(text);
    router_keep_reply(router, &result.data);
    result_fini(&result);
}

void router_tell(struct router *router)
{
    while (router->over && !router->stopped) {
        struct transfer *transfer = router->over;

        DL_DELETE(router->over, transfer);
        transfer->state = TRANSFER_IDLE;
        router->told++;
        tell(transfer);
    }
}

void router_rest(struct router *router)
{
    if (router->dirty || router->over || (router->starved && has_room(router)))
        loop_wake(&router->loop);
    loop_settle(&router->loop);
}
