/* SPDX-License-Identifier: MIT */
/* A broadcast for who waits: an asynchronous client that lives as long as the
 * call, turned by poll(). */
#define _GNU_SOURCE
#include <poll.h>

#include "answers.h"
#include "broadcast.h"
#include "client.h"

struct waiter {
    bool over;
    struct sp_answers *answers;
    struct sp_result *result; /* borrowed; may be NULL */
    enum sp_error error;
};

static void note(struct sp_async *async, struct sp_result *result,
                 void *context)
{
    struct waiter *waiter = context;

    (void)async;
    waiter->over = true;
    waiter->error = sp_result_error(result);
    waiter->answers = sp_async_take_answers(result);
    if (waiter->result)
        result_copy(waiter->result, result);
}

static enum sp_error await(struct sp_async *async, const struct waiter *waiter)
{
    struct pollfd poller = {sp_async_fd(async), POLLIN, 0};
    enum sp_error error = SP_OK;

    while (error == SP_OK && !waiter->over) {
        poll(&poller, 1, -1); /* the deadline is in it */
        error = sp_async_dispatch(async);
    }
    return error == SP_OK ? waiter->error : error;
}

static enum sp_error run(struct sp_client *client,
                         struct broadcast_order *order,
                         struct sp_answers **out_answers,
                         struct sp_result *result)
{
    struct waiter waiter = {.result = result};
    struct sp_async *async = NULL;
    enum sp_error error = SP_EINVAL;

    result_begin(result);
    if (out_answers)
        error = sp_async_new(client, &async);
    order->done = note;
    order->context = &waiter;
    if (error == SP_OK)
        error = broadcast_begin(async, order, NULL);
    if (error == SP_OK)
        error = await(async, &waiter);
    sp_async_free(async);
    if (error == SP_OK)
        *out_answers = waiter.answers;
    else if (!waiter.over)
        result_refuse(result, error);
    return error;
}

enum sp_error sp_call_all(struct sp_client *client,
                          const struct sp_choice *choice, const void *request,
                          size_t size, int timeout_ms,
                          struct sp_answers **out_answers,
                          struct sp_result *result)
{
    struct broadcast_order order = {.kind = CONN_CALL,
                                    .choice = choice,
                                    .body = request,
                                    .size = size,
                                    .timeout_ms = timeout_ms};

    return run(client, &order, out_answers, result);
}

enum sp_error sp_cast_all(struct sp_client *client,
                          const struct sp_choice *choice, const void *message,
                          size_t size, int timeout_ms,
                          struct sp_answers **out_answers,
                          struct sp_result *result)
{
    struct broadcast_order order = {.kind = CONN_CAST,
                                    .choice = choice,
                                    .body = message,
                                    .size = size,
                                    .timeout_ms = timeout_ms};

    return run(client, &order, out_answers, result);
}
