/* SPDX-License-Identifier: MIT */
/* An operation is one transfer and, where that finds the session dead or gone,
 * an inquiry after it.  It holds copies of all that it was given, in one piece
 * of memory, which the budgets count.  Those of small ones are kept, up to a
 * number, for the next ones.  Caller: async.c. */
#define _GNU_SOURCE
#include "op.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/clock.h"
#include "channel.h"
#include "explain.h"
#include "inquiry.h"
#include "route.h"
#include "spec.h"

/* What a small operation has room for, whatever it was given. */
#define SMALL_BYTES 128
/* How many small ones are kept: none where the use of one that is over is to be
 * found. */
#ifdef __SANITIZE_ADDRESS__
#define SPARES_MAX 0
#else
#define SPARES_MAX 256
#endif

struct op {
    struct transfer transfer; /* first */
    struct holder holder;     /* of a ticket */
    struct alarm alarm;       /* its deadline */
    struct asker asker;
    struct sp_async *async;   /* borrowed */
    struct route *route;      /* of the session; borrowed */
    uint64_t number;          /* its ticket */
    struct op_spare spare;    /* once it is over */
    int64_t begun, deadline;
    bool wont_wait; /* a full queue is an error, not a reason to wait */
    size_t room;    /* for bytes */
    size_t cost;    /* bytes of the budgets */
    sp_async_done *done;
    void *context;

    /* Of a question to spd. */
    op_take *take; /* NULL: it is a call or a cast */
    op_read *read; /* tried first; NULL: nothing is */
    bool already_is_ok;
    char *question; /* owned */

    /* While it is inquired after. */
    bool inquired;
    enum sp_error error;
    enum sp_progress progress;

    /* Copies; not set without a spec.  What it points to is here, too. */
    struct sp_spec spec;
    char module[CONTROL_MODULE_MAX + 1];
    uint8_t bytes[]; /* body, then the argument of the spec */
};

static struct op *op_of_alarm(struct alarm *alarm)
{
    return (struct op *)((char *)alarm - offsetof(struct op, alarm));
}

static struct op *op_of_holder(struct holder *holder)
{
    return (struct op *)((char *)holder - offsetof(struct op, holder));
}

static struct op *op_of_asker(struct asker *asker)
{
    return (struct op *)((char *)asker - offsetof(struct op, asker));
}

static struct op *op_of_spare(struct op_spare *spare)
{
    return (struct op *)((char *)spare - offsetof(struct op, spare));
}

/* ---- memory ---- */

static size_t room_for(size_t bytes)
{
    return bytes > SMALL_BYTES ? bytes : SMALL_BYTES;
}

/* Its spec and bytes are not set.  NULL: no memory. */
static struct op *op_alloc(struct sp_async *async, size_t room)
{
    struct op_spare *spare = async->spares;
    struct op *op;

    if (room == SMALL_BYTES && spare) {
        async->spares = spare->next;
        async->spare_count--;
        op = op_of_spare(spare);
    } else {
        op = malloc(sizeof *op + room);
    }
    if (op)
        memset(op, 0, offsetof(struct op, spec));
    return op;
}

static void op_free(struct op *op)
{
    struct sp_async *async = op->async;

    free(op->question);
    router_keep_reply(&async->router, &op->transfer.request.reply);
    if (op->room > SMALL_BYTES || async->spare_count == SPARES_MAX) {
        free(op);
        return;
    }
    op->spare.next = async->spares;
    async->spares = &op->spare;
    async->spare_count++;
}

void op_free_spares(struct sp_async *async)
{
    struct op_spare *spare;

    while ((spare = async->spares)) {
        async->spares = spare->next;
        free(op_of_spare(spare));
    }
    async->spare_count = 0;
}

/* ---- the end ---- */

/* Idle, and inquired after no more. */
static void op_destroy(struct op *op)
{
    alarms_leave(&op->async->router.loop.alarms, &op->alarm);
    tickets_take(&op->async->ops, op->number);
    route_discharge(op->route, op->cost);
    route_release(op->route);
    if (op->transfer.route != op->route)
        route_release(op->transfer.route);
    op_free(op);
}

/* The operation is gone before its callback is called. */
static void finish(struct op *op, struct sp_result *result)
{
    struct sp_async *async = op->async;
    sp_async_done *done = op->done;
    void *context = op->context;

    op_destroy(op);
    if (done)
        done(async, result, context);
    sp_info_free(sp_async_take_info(result));
    sp_list_free(sp_async_take_list(result));
}

static enum sp_progress cancel(struct holder *holder)
{
    struct op *op = op_of_holder(holder);
    enum sp_progress progress;

    inquiry_leave(&op->asker);
    route_withdraw(&op->transfer);
    progress = op->inquired ? op->progress : op->transfer.request.progress;
    op_destroy(op);
    return progress;
}

/* ---- inquiring after a session that is no more ---- */

static void finish_inquiry(struct asker *asker, const struct sp_result *told,
                           const json_t *answer)
{
    struct op *op = op_of_asker(asker);
    struct sp_result result;

    result_init(&result);
    result_set(&result, op->error, op->progress);
    if (op->error == SP_EDIED)
        channel_died(op->route->id, &result);
    explain_take(&result, told, answer);
    finish(op, &result);
    result_fini(&result);
}

/* False: there is nothing to find out, or no time or memory for it. */
static bool inquire(struct op *op, const struct sp_result *result)
{
    struct sp_async *async = op->async;

    if (!explain_can(result->error) || op->inquired ||
        deadline_left(op->deadline) == 0)
        return false;
    op->error = result->error;
    op->progress = result->progress;
    op->asker.on_told = finish_inquiry;
    if (!inquiry_join(op->route, op->error, op->begun, &op->asker))
        return false;
    op->inquired = true;
    alarms_set(&async->router.loop.alarms, &op->alarm,
               explain_deadline(op->deadline));
    return true;
}

/* ---- what came of its transfer ---- */

static void request_told(struct transfer *transfer, struct sp_result *result)
{
    struct op *op = (struct op *)transfer;

    if (op->wont_wait && result->error == SP_ETIMEDOUT)
        result_set(result, SP_EAGAIN, result->progress);
    if (!inquire(op, result))
        finish(op, result);
}

static void conclude_question(struct op *op, struct sp_result *result)
{
    json_t *answer = NULL;

    if (result->error == SP_OK)
        ask_conclude(result, &answer);
    if (result->error == SP_EALREADY && op->already_is_ok)
        result_accept(result, SP_PROGRESS_ANSWERED);
    if (result->error == SP_OK || result->error == SP_EALREADY)
        op->take(result, answer);
    else
        json_decref(answer);
}

static void question_told(struct transfer *transfer, struct sp_result *result)
{
    struct op *op = (struct op *)transfer;

    if (result->error != SP_OK || !op->read || !op->read(result))
        conclude_question(op, result);
    finish(op, result);
}

static void on_deadline(struct alarm *alarm)
{
    struct op *op = op_of_alarm(alarm);

    if (op->asker.inquiry) {
        inquiry_leave(&op->asker);
        route_conclude(&op->transfer, op->error, op->progress);
    } else {
        route_expire(&op->transfer);
    }
}

/* ---- the beginning ---- */

/* *out_route: the session's, where it is found at once; else NULL. */
static enum sp_error check(struct sp_async *async,
                           const struct op_order *order,
                           struct route **out_route)
{
    if (!async || async->doomed || !order->id ||
        order->timeout_ms < SP_TIMEOUT_INFINITE)
        return SP_EINVAL;
    if (router_found_last(&async->router, order->id))
        *out_route = async->router.recent;
    else if (*order->id &&
             !sp_id_valid(order->id, strnlen(order->id, SP_ID_MAX + 1)))
        return SP_EBADID;
    return origin_is_here(async->origin) ? SP_OK : SP_EFORKED;
}

/* Its place in everything that is shared. */
static enum sp_error enrol(struct op *op)
{
    struct router *router = &op->async->router;
    enum sp_error error = route_charge(op->route, op->cost);

    if (error != SP_OK)
        return error;
    if (!alarms_join(&router->loop.alarms)) {
        route_discharge(op->route, op->cost);
        return SP_ENOMEM;
    }
    op->number = tickets_give(&op->async->ops, &op->holder);
    if (op->number == 0) {
        alarms_leave(&router->loop.alarms, &op->alarm);
        route_discharge(op->route, op->cost);
        return SP_ENOMEM;
    }
    return SP_OK;
}

/* route: NULL: it is to be looked for.  NULL: no memory. */
static struct op *op_create(struct sp_async *async,
                            const struct op_order *order, struct route *route,
                            size_t bytes)
{
    size_t room = room_for(bytes);
    struct op *op = op_alloc(async, room);

    if (!op)
        return NULL;
    op->holder.cancel = cancel;
    op->async = async;
    op->room = room;
    op->cost = sizeof *op + room;
    op->done = order->done;
    op->context = order->context;
    op->begun = clock_now_ms();
    op->deadline = deadline_from(op->begun, order->timeout_ms);
    op->alarm.ring = on_deadline;
    op->route = route ? route : router_find(&async->router, order->id);
    if (op->route)
        return op;
    op_free(op);
    return NULL;
}

/* Begins it; takes it over, whatever the outcome. */
static enum sp_error op_begin(struct op *op, struct route *route,
                              struct sp_ticket *out_ticket)
{
    struct router *router = &op->async->router;
    enum sp_error error = enrol(op);

    if (error != SP_OK) {
        route_mark(op->route); /* it may be of no use */
        op_free(op);
        return error;
    }
    route_use(op->route);
    if (route != op->route)
        route_use(route);
    op->transfer.route = route;
    alarms_set(&router->loop.alarms, &op->alarm, op->deadline);
    route_send(&op->transfer);
    if (!op->async->dispatching)
        loop_settle(&router->loop);
    if (out_ticket)
        out_ticket->number = op->number;
    return SP_OK;
}

static void copy_spec(struct op *op, const struct sp_spec *spec, size_t at)
{
    op->spec = *spec;
    if (spec->module)
        op->spec.module = strcpy(op->module, spec->module);
    if (spec->arg_size > 0)
        op->spec.arg = memcpy(op->bytes + at, spec->arg, spec->arg_size);
    op->transfer.spec = &op->spec;
}

enum sp_error op_request(struct sp_async *async, const struct op_order *order,
                         enum conn_kind kind, const struct sp_spec *spec,
                         const void *body, size_t size,
                         struct sp_ticket *out_ticket)
{
    struct route *route = NULL;
    enum sp_error error = check(async, order, &route);
    size_t arg_size = spec ? spec->arg_size : 0;
    struct op *op;

    if (error == SP_OK && !*order->id) /* spd is not called */
        error = SP_EBADID;
    if (error == SP_OK && !body && size > 0)
        error = SP_EINVAL;
    if (error == SP_OK && spec)
        error = spec_check(spec);
    if (error == SP_OK && size > async->router.route_bytes_max)
        error = SP_EMSGSIZE;
    if (error != SP_OK)
        return error;
    op = op_create(async, order, route, size + arg_size);
    if (!op)
        return SP_ENOMEM;
    if (size > 0)
        memcpy(op->bytes, body, size);
    if (spec)
        copy_spec(op, spec, size);
    op->wont_wait = kind == CONN_CAST && order->timeout_ms == 0;
    if (op->wont_wait)
        op->deadline += async->router.patience_ms;
    op->transfer.request.kind = kind;
    op->transfer.request.body = op->bytes;
    op->transfer.request.size = size;
    if (kind == CONN_CALL)
        router_lend_reply(&async->router, &op->transfer.request.reply);
    op->transfer.on_told = request_told;
    return op_begin(op, op->route, out_ticket);
}

enum sp_error op_question(struct sp_async *async, const struct op_order *order,
                          const struct control_request *question,
                          bool already_is_ok, op_take *take,
                          struct sp_ticket *out_ticket)
{
    struct route *route = NULL, *control;
    enum sp_error error = check(async, order, &route);
    struct op *op;
    size_t size;

    if (error != SP_OK)
        return error;
    op = op_create(async, order, route, 0);
    control = op ? router_find(&async->router, DIAL_CONTROL) : NULL;
    error = control ? ask_encode(question, &op->question, &size) : SP_ENOMEM;
    if (error != SP_OK) {
        if (op)
            op_free(op);
        return error;
    }
    op->cost += size;
    op->take = take;
    op->read = order->read;
    op->already_is_ok = already_is_ok;
    op->transfer.request.kind = CONN_CONTROL;
    op->transfer.request.body = op->question;
    op->transfer.request.size = size;
    op->transfer.on_told = question_told;
    return op_begin(op, control, out_ticket);
}
