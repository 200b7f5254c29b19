/* SPDX-License-Identifier: MIT */
/* The asynchronous client: its life and its turns, and the public form of each
 * operation.  How they are carried out is op.c's and router.c's; subscriptions
 * are feed.c's, broadcasts broadcast.c's. */
#define _GNU_SOURCE
#include "async.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "client.h"
#include "dial.h"
#include "info.h"
#include "list.h"
#include "op.h"
#include "spec.h"

/* ---- life ---- */

static void destroy(struct sp_async *async)
{
    size_t at = 0;
    struct holder *holder;

    async->router.turning = true; /* there is no next one to wake for */
    while ((holder = tickets_next(&async->ops, &at)))
        holder->cancel(holder);
    router_fini(&async->router);
    tickets_fini(&async->ops);
    op_free_spares(async);
    free(async);
}

enum sp_error sp_async_new(struct sp_client *client,
                           struct sp_async **out_async)
{
    struct sp_async *async;
    enum sp_error error;

    if (!client || !out_async)
        return SP_EINVAL;
    if (!origin_is_here(client->origin))
        return SP_EFORKED;
    async = calloc(1, sizeof *async);
    if (!async)
        return SP_ENOMEM;
    async->origin = client->origin;
    async->feeds.max = channel_keep();
    async->chores.router = &async->router;
    error = router_init(&async->router, &client->place);
    if (error != SP_OK) {
        destroy(async);
        return error;
    }
    *out_async = async;
    return SP_OK;
}

void sp_async_free(struct sp_async *async)
{
    if (!async || !origin_is_here(async->origin))
        return;
    if (async->dispatching) {
        async->doomed = true;
        async->router.stopped = true;
    } else {
        destroy(async);
    }
}

enum sp_error sp_async_set_limit(struct sp_async *async,
                                 enum sp_async_limit limit, size_t value)
{
    bool counts =
        limit == SP_ASYNC_CONNECTIONS || limit == SP_ASYNC_SUBSCRIPTIONS;

    if (!async || async->doomed)
        return SP_EINVAL;
    if (!origin_is_here(async->origin))
        return SP_EFORKED;
    if (counts ? value < 1 || value > 1000000
               : value < 4096 || value > PTRDIFF_MAX)
        return SP_EINVAL;
    switch (limit) {
    case SP_ASYNC_CONNECTIONS:
        async->router.links_max = value;
        return SP_OK;
    case SP_ASYNC_SESSION_BYTES:
        async->router.route_bytes_max = value;
        return SP_OK;
    case SP_ASYNC_BYTES:
        async->router.bytes_max = value;
        return SP_OK;
    case SP_ASYNC_SUBSCRIPTIONS:
        async->feeds.max = value;
        return SP_OK;
    }
    return SP_EINVAL;
}

/* ---- the loop ---- */

int sp_async_fd(const struct sp_async *async)
{
    return async->router.loop.epoll;
}

size_t sp_async_outstanding(const struct sp_async *async)
{
    return async->ops.count - async->feeds.count - async->feeds.fans;
}

/* What was queued leaves first, then again what callbacks have queued.  Before
 * anything leaves, whatever has to be sent again is back in its place. */
static enum sp_error turn(struct sp_async *async)
{
    struct router *router = &async->router;
    enum sp_error error;

    router_tell(router);
    router_flush(router);
    error = loop_turn(&router->loop);
    router_tell(router);
    chores_run(&async->chores);
    if (router->stopped)
        return error;
    router_flush(router);
    router_tell(router);
    return error;
}

/* After a batch of answers, when there are more to come. */
static void look_again(struct sp_async *async)
{
    struct router *router = &async->router;
    bool came;

    if (sp_async_outstanding(async) == 0 ||
        !patience_begin(&async->patience, router->told))
        return;
    do
        came = loop_is_ready(&router->loop);
    while (!came && patience_lasts(&async->patience));
    patience_end(&async->patience, came);
}

enum sp_error sp_async_dispatch(struct sp_async *async)
{
    enum sp_error error;

    if (!async || async->dispatching)
        return SP_EINVAL;
    if (!origin_is_here(async->origin))
        return SP_EFORKED;
    async->dispatching = true;
    async->router.turning = true;
    async->router.told = 0;
    error = turn(async);
    async->dispatching = false;
    async->router.turning = false;
    if (async->doomed) {
        destroy(async);
        return error;
    }
    chores_rest(&async->chores);
    router_rest(&async->router);
    look_again(async);
    return error;
}

enum sp_error sp_async_cancel(struct sp_async *async, struct sp_ticket ticket,
                              enum sp_progress *out_progress)
{
    enum sp_progress progress;
    struct holder *holder;

    if (!async)
        return SP_EINVAL;
    if (!origin_is_here(async->origin))
        return SP_EFORKED;
    holder = tickets_find(&async->ops, ticket.number);
    if (!holder)
        return SP_ENOENT;
    progress = holder->cancel(holder);
    if (out_progress)
        *out_progress = progress;
    return SP_OK;
}

static struct op_order ordered(const char *id, int timeout_ms,
                               sp_async_done *done, void *context)
{
    return (struct op_order){.id = id,
                             .timeout_ms = timeout_ms,
                             .done = done,
                             .context = context};
}

/* ---- calls and casts ---- */

enum sp_error sp_async_call(struct sp_async *async, const char *id,
                            const struct sp_spec *spec, const void *request,
                            size_t size, int timeout_ms, sp_async_done *done,
                            void *context, struct sp_ticket *out_ticket)
{
    struct op_order order = ordered(id, timeout_ms, done, context);

    return op_request(async, &order, CONN_CALL, spec, request, size,
                      out_ticket);
}

enum sp_error sp_async_cast(struct sp_async *async, const char *id,
                            const struct sp_spec *spec, const void *message,
                            size_t size, int timeout_ms, sp_async_done *done,
                            void *context, struct sp_ticket *out_ticket)
{
    struct op_order order = ordered(id, timeout_ms, done, context);

    return op_request(async, &order, CONN_CAST, spec, message, size,
                      out_ticket);
}

/* ---- questions to spd ---- */

static void take_nothing(struct sp_result *result, json_t *answer)
{
    (void)result;
    json_decref(answer);
}

static void take_pid(struct sp_result *result, json_t *answer)
{
    result->pid = (pid_t)ask_integer(answer, "pid", 0, INT_MAX, 0);
    json_decref(answer);
}

static void take_info(struct sp_result *result, json_t *answer)
{
    enum sp_error error = info_take(answer, &result->info);

    if (error != SP_OK)
        result_set(result, error, SP_PROGRESS_ANSWERED);
}

/* In the form in which spd writes it; any other is taken. */
static bool read_list(struct sp_result *result)
{
    struct sp_session_list *list = list_read(&result->data);

    if (!list)
        return false;
    result_set(result, SP_OK, SP_PROGRESS_ANSWERED);
    result->list = list;
    return true;
}

static void take_list(struct sp_result *result, json_t *answer)
{
    enum sp_error error = list_take(answer, &result->list);

    if (error != SP_OK)
        result_set(result, error, SP_PROGRESS_ANSWERED);
}

static enum sp_error check_id(const char *id)
{
    if (!id)
        return SP_EINVAL;
    return sp_id_valid(id, strnlen(id, SP_ID_MAX + 1)) ? SP_OK : SP_EBADID;
}

static enum sp_error start(struct sp_async *async, const struct op_order *order,
                           const struct sp_spec *spec, bool already_is_ok,
                           struct sp_ticket *out_ticket)
{
    static const struct sp_spec any;
    struct control_request question;
    enum sp_error error = check_id(order->id);

    if (!spec)
        spec = &any;
    if (error == SP_OK)
        error = spec_check(spec);
    if (error != SP_OK)
        return error;
    question = spec_question(spec, order->id);
    return op_question(async, order, &question, already_is_ok, take_pid,
                       out_ticket);
}

enum sp_error sp_async_start(struct sp_async *async, const char *id,
                             const struct sp_spec *spec, int timeout_ms,
                             sp_async_done *done, void *context,
                             struct sp_ticket *out_ticket)
{
    struct op_order order = ordered(id, timeout_ms, done, context);

    return start(async, &order, spec, false, out_ticket);
}

enum sp_error sp_async_ensure(struct sp_async *async, const char *id,
                              const struct sp_spec *spec, int timeout_ms,
                              sp_async_done *done, void *context,
                              struct sp_ticket *out_ticket)
{
    struct op_order order = ordered(id, timeout_ms, done, context);

    return start(async, &order, spec, true, out_ticket);
}

static enum sp_error ask_by_id(struct sp_async *async,
                               const struct op_order *order, enum control_op op,
                               op_take *take, struct sp_ticket *out_ticket)
{
    struct control_request question;
    enum sp_error error = check_id(order->id);

    if (error != SP_OK)
        return error;
    question = ask_about(op, order->id);
    return op_question(async, order, &question, false, take, out_ticket);
}

enum sp_error sp_async_terminate(struct sp_async *async, const char *id,
                                 int timeout_ms, sp_async_done *done,
                                 void *context, struct sp_ticket *out_ticket)
{
    struct op_order order = ordered(id, timeout_ms, done, context);

    return ask_by_id(async, &order, CONTROL_STOP, take_nothing, out_ticket);
}

enum sp_error sp_async_info(struct sp_async *async, const char *id,
                            int timeout_ms, sp_async_done *done, void *context,
                            struct sp_ticket *out_ticket)
{
    struct op_order order = ordered(id, timeout_ms, done, context);

    return ask_by_id(async, &order, CONTROL_INFO, take_info, out_ticket);
}

enum sp_error sp_async_list(struct sp_async *async, int timeout_ms,
                            sp_async_done *done, void *context,
                            struct sp_ticket *out_ticket)
{
    struct op_order order = ordered(DIAL_CONTROL, timeout_ms, done, context);
    struct control_request question = {.op = CONTROL_LIST};

    order.read = read_list;
    return op_question(async, &order, &question, false, take_list, out_ticket);
}

struct sp_session_info *sp_async_take_info(struct sp_result *result)
{
    struct sp_session_info *info = result->info;

    result->info = NULL;
    return info;
}

struct sp_session_list *sp_async_take_list(struct sp_result *result)
{
    struct sp_session_list *list = result->list;

    result->list = NULL;
    return list;
}
