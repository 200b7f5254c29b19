/* SPDX-License-Identifier: MIT */
/* Turns the loop of an asynchronous client by poll() alone.  Used by test_async
 * and test_async_peers. */
#define _GNU_SOURCE
#include "async_scene.h"

#include <stdio.h>
#include <string.h>

#include "support/wait.h"

void answer_note(struct sp_async *async, struct sp_result *result,
                 void *context)
{
    struct answer *answer = context;

    (void)async;
    answer->count++;
    answer->error = sp_result_error(result);
    answer->progress = sp_result_progress(result);
    answer->pid = sp_result_pid(result);
    answer->size = sp_result_size(result);
    snprintf(answer->data, sizeof answer->data, "%s",
             (const char *)sp_result_data(result));
    snprintf(answer->text, sizeof answer->text, "%s", sp_result_text(result));
    snprintf(answer->cause, sizeof answer->cause, "%s",
             sp_result_cause(result));
}

void async_turn(struct sp_async *async)
{
    cr_assert(wait_readable(sp_async_fd(async), WAIT_MS), "nothing comes");
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
}

void async_await(struct sp_async *async, const struct answer *answer)
{
    while (answer->count == 0)
        async_turn(async);
}

void async_await_all(struct sp_async *async)
{
    while (sp_async_outstanding(async) > 0)
        async_turn(async);
}

struct sp_ticket async_ask(struct sp_async *async, const char *id,
                           const char *request, int timeout_ms,
                           struct answer *answer)
{
    struct sp_ticket ticket = {0};
    enum sp_error error =
        sp_async_call(async, id, NULL, request, strlen(request), timeout_ms,
                      answer_note, answer, &ticket);

    cr_assert_eq(error, SP_OK, "%s", sp_error_name(error));
    cr_assert_neq(ticket.number, 0u);
    return ticket;
}
