/* SPDX-License-Identifier: MIT */
/* One body to many sessions: spd is asked which there are, then each that is
 * chosen is asked or told by an operation of its own.  They begin a few in each
 * turn, as far as the memory limits allow, so that a broadcast holds up neither
 * the loop nor itself: a session that does not answer costs no other anything
 * but its connection.
 *
 * What was answered is kept here until all is over, and is counted in the
 * budget of all.  Caller: whoever uses the library. */
#define _GNU_SOURCE
#include "broadcast.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "base/clock.h"
#include "op.h"
#include "route.h"

#define BEGIN_A_TURN 64
/* Nothing says when there is memory again that others hold. */
#define RETRY_MS 10

/* The operation for one of the sessions. */
struct errand {
    struct broadcast *broadcast;
    struct sp_ticket ticket; /* 0: not begun, or over */
};

struct broadcast {
    struct chore chore;   /* first: to begin more, or to conclude */
    struct holder holder; /* of its ticket */
    struct alarm retry;
    struct sp_async *async; /* borrowed */
    uint64_t number;        /* its ticket */
    enum conn_kind kind;
    struct sp_choice choice; /* owned */
    int64_t deadline;
    sp_async_done *done;
    void *context;

    struct sp_ticket listing;   /* the question to spd; 0: it is over */
    struct sp_answers *answers; /* owned; NULL: it is not over */
    struct errand *errands;     /* owned; one for each of the answers */
    size_t begun;               /* of them, or failed to */
    size_t outstanding;
    size_t held; /* bytes of answers, which are counted in the budget */

    size_t size;
    uint8_t body[];
};

static struct broadcast *broadcast_of_holder(struct holder *holder)
{
    return (struct broadcast *)((char *)holder -
                                offsetof(struct broadcast, holder));
}

static struct broadcast *broadcast_of_alarm(struct alarm *alarm)
{
    return (struct broadcast *)((char *)alarm -
                                offsetof(struct broadcast, retry));
}

/* ---- the end ---- */

/* Nothing of it is outstanding. */
static void broadcast_destroy(struct broadcast *broadcast)
{
    struct sp_async *async = broadcast->async;

    if (broadcast->number > 0)
        tickets_take(&async->ops, broadcast->number);
    chore_unmark(&async->chores, &broadcast->chore);
    alarms_leave(&async->router.loop.alarms, &broadcast->retry);
    async->router.bytes -= broadcast->held;
    sp_answers_free(broadcast->answers);
    free(broadcast->errands);
    free((char *)broadcast->choice.module);
    free((char *)broadcast->choice.pattern);
    free(broadcast);
}

static enum sp_progress cancel(struct holder *holder)
{
    struct broadcast *broadcast = broadcast_of_holder(holder);
    enum sp_progress progress =
        broadcast->begun > 0 ? SP_PROGRESS_SENT : SP_PROGRESS_NOT_SENT;

    sp_async_cancel(broadcast->async, broadcast->listing, NULL);
    for (size_t i = 0; i < broadcast->begun; i++)
        sp_async_cancel(broadcast->async, broadcast->errands[i].ticket, NULL);
    broadcast_destroy(broadcast);
    return progress;
}

/* The broadcast is gone before its callback is called.  The result gets the
 * answers, if there are any. */
static void finish(struct broadcast *broadcast, struct sp_result *result)
{
    struct sp_async *async = broadcast->async;
    sp_async_done *done = broadcast->done;
    void *context = broadcast->context;

    result->answers = broadcast->answers;
    broadcast->answers = NULL;
    broadcast_destroy(broadcast);
    if (done)
        done(async, result, context);
    sp_answers_free(sp_async_take_answers(result));
}

static void finish_with(struct broadcast *broadcast, enum sp_error error)
{
    struct sp_result result;

    result_init(&result);
    result_set(&result, error, SP_PROGRESS_ANSWERED);
    finish(broadcast, &result);
    result_fini(&result);
}

/* Takes bytes of the budget.  False: there are not that many. */
static bool hold(struct broadcast *broadcast, size_t size)
{
    struct router *router = &broadcast->async->router;

    if (size > 0 && (router->bytes > router->bytes_max ||
                     size > router->bytes_max - router->bytes))
        return false;
    broadcast->held += size;
    router->bytes += size;
    return true;
}

/* ---- one session ---- */

static void note(struct broadcast *broadcast, size_t index,
                 struct sp_result *result)
{
    if (!hold(broadcast, sp_result_size(result)))
        result_set(result, SP_ENOMEM, SP_PROGRESS_ANSWERED);
    answers_note(broadcast->answers, index, result);
}

static void note_failure(struct broadcast *broadcast, size_t index,
                         enum sp_error error)
{
    struct sp_result result;

    result_init(&result);
    result_set(&result, error, SP_PROGRESS_NOT_SENT);
    note(broadcast, index, &result);
    result_fini(&result);
}

static void answered(struct sp_async *async, struct sp_result *result,
                     void *context)
{
    struct errand *errand = context;
    struct broadcast *broadcast = errand->broadcast;

    errand->ticket.number = 0;
    broadcast->outstanding--;
    note(broadcast, (size_t)(errand - broadcast->errands), result);
    chore_mark(&async->chores, &broadcast->chore);
}

/* Whether it is for lack of memory in all, which passes, and not because of
 * what is outstanding on this session. */
static bool others_hold_memory(struct broadcast *broadcast, const char *id)
{
    const struct route *route = router_find(&broadcast->async->router, id);

    return !route || route->bytes == 0;
}

/* False: it has to wait. */
static bool begin_next(struct broadcast *broadcast)
{
    size_t index = broadcast->begun;
    struct errand *errand = &broadcast->errands[index];
    const char *id = sp_answers_id(broadcast->answers, index);
    struct op_order order = {.id = id,
                             .timeout_ms = deadline_left(broadcast->deadline),
                             .done = answered,
                             .context = errand};
    enum sp_error error = SP_ETIMEDOUT;

    errand->broadcast = broadcast;
    if (order.timeout_ms != 0)
        error = op_request(broadcast->async, &order, broadcast->kind, NULL,
                           broadcast->body, broadcast->size, &errand->ticket);
    if (error == SP_EAGAIN && others_hold_memory(broadcast, id))
        return false;
    broadcast->begun++;
    if (error == SP_OK)
        broadcast->outstanding++;
    else
        note_failure(broadcast, index, error);
    return true;
}

/* ---- all of them ---- */

static void on_retry(struct alarm *alarm)
{
    struct broadcast *broadcast = broadcast_of_alarm(alarm);

    chore_mark(&broadcast->async->chores, &broadcast->chore);
}

static void run(struct chore *chore)
{
    struct broadcast *broadcast = (struct broadcast *)chore;
    struct sp_async *async = broadcast->async;
    size_t count = sp_answers_count(broadcast->answers);
    bool waits = false;

    for (int i = 0; i < BEGIN_A_TURN && broadcast->begun < count && !waits; i++)
        waits = !begin_next(broadcast);
    if (waits)
        alarms_set(&async->router.loop.alarms, &broadcast->retry,
                   clock_now_ms() + RETRY_MS);
    else if (broadcast->begun < count)
        chore_mark(&async->chores, &broadcast->chore);
    else if (broadcast->outstanding == 0)
        finish_with(broadcast, SP_OK);
}

static bool choose(struct broadcast *broadcast,
                   const struct sp_session_list *list)
{
    size_t count;

    broadcast->answers = answers_create(list, &broadcast->choice);
    if (!broadcast->answers)
        return false;
    count = sp_answers_count(broadcast->answers);
    broadcast->errands = calloc(count + 1, sizeof *broadcast->errands);
    return broadcast->errands != NULL;
}

static void listed(struct sp_async *async, struct sp_result *result,
                   void *context)
{
    struct broadcast *broadcast = context;

    broadcast->listing.number = 0;
    if (sp_result_error(result) != SP_OK)
        finish(broadcast, result);
    else if (choose(broadcast, result->list))
        chore_mark(&async->chores, &broadcast->chore);
    else
        finish_with(broadcast, SP_ENOMEM);
}

/* ---- the beginning ---- */

static enum sp_error check(const struct broadcast_order *order)
{
    enum sp_error error = choice_check(order->choice);

    if (error == SP_OK && !order->body && order->size > 0)
        error = SP_EINVAL;
    return error;
}

static bool copy_choice(struct sp_choice *to, const struct sp_choice *from)
{
    if (from->module)
        to->module = strdup(from->module);
    if (from->pattern)
        to->pattern = strdup(from->pattern);
    return !from->module == !to->module && !from->pattern == !to->pattern;
}

/* NULL: no memory. */
static struct broadcast *broadcast_create(struct sp_async *async,
                                          const struct broadcast_order *order)
{
    struct broadcast *broadcast = calloc(1, sizeof *broadcast + order->size);

    if (!broadcast || !alarms_join(&async->router.loop.alarms)) {
        free(broadcast);
        return NULL;
    }
    broadcast->chore.run = run;
    broadcast->holder.cancel = cancel;
    broadcast->retry.ring = on_retry;
    broadcast->async = async;
    broadcast->kind = order->kind;
    broadcast->deadline = deadline_after(order->timeout_ms);
    broadcast->done = order->done;
    broadcast->context = order->context;
    broadcast->size = order->size;
    if (order->size > 0)
        memcpy(broadcast->body, order->body, order->size);
    if (copy_choice(&broadcast->choice, order->choice))
        broadcast->number = tickets_give(&async->ops, &broadcast->holder);
    if (broadcast->number > 0)
        return broadcast;
    broadcast_destroy(broadcast);
    return NULL;
}

enum sp_error broadcast_begin(struct sp_async *async,
                              const struct broadcast_order *order,
                              struct sp_ticket *out_ticket)
{
    enum sp_error error = async && !async->doomed ? check(order) : SP_EINVAL;
    struct broadcast *broadcast;

    if (error == SP_OK && !origin_is_here(async->origin))
        error = SP_EFORKED;
    if (error == SP_OK && order->size > async->router.route_bytes_max)
        error = SP_EMSGSIZE;
    if (error != SP_OK)
        return error;
    broadcast = broadcast_create(async, order);
    if (!broadcast)
        return SP_ENOMEM;
    error = SP_EAGAIN;
    if (hold(broadcast, order->size))
        error = sp_async_list(async, order->timeout_ms, listed, broadcast,
                              &broadcast->listing);
    if (error != SP_OK)
        broadcast_destroy(broadcast);
    else if (out_ticket)
        out_ticket->number = broadcast->number;
    return error;
}

/* ---- public ---- */

enum sp_error sp_async_call_all(struct sp_async *async,
                                const struct sp_choice *choice,
                                const void *request, size_t size,
                                int timeout_ms, sp_async_done *done,
                                void *context, struct sp_ticket *out_ticket)
{
    struct broadcast_order order = {CONN_CALL,  choice, request, size,
                                    timeout_ms, done,   context};

    return broadcast_begin(async, &order, out_ticket);
}

enum sp_error sp_async_cast_all(struct sp_async *async,
                                const struct sp_choice *choice,
                                const void *message, size_t size,
                                int timeout_ms, sp_async_done *done,
                                void *context, struct sp_ticket *out_ticket)
{
    struct broadcast_order order = {CONN_CAST,  choice, message, size,
                                    timeout_ms, done,   context};

    return broadcast_begin(async, &order, out_ticket);
}

struct sp_answers *sp_async_take_answers(struct sp_result *result)
{
    struct sp_answers *answers = result->answers;

    result->answers = NULL;
    return answers;
}
