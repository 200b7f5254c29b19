/* SPDX-License-Identifier: MIT */
/* From the state of a connection to a caller's result.  What a connection's end
 * says of its requests is conn's.  Callers: line.c, channel_local.c, route.c. */
#include "outcome.h"

#include "conn.h"
#include "result.h"

enum outcome outcome_of(struct conn_request *request, bool greeted,
                        struct sp_result *result)
{
    result->data = request->reply;
    request->reply = BUF_EMPTY;
    if (request->error != SP_OK) {
        result_set(result, request->error, request->progress);
        if (request->error != SP_EDIED ||
            request->progress != SP_PROGRESS_NOT_SENT)
            return OUTCOME_OVER;
        return greeted ? OUTCOME_NOT_RUN : OUTCOME_REFUSED;
    }
    result_accept(result, request->progress);
    if (request->progress == SP_PROGRESS_ANSWERED &&
        request->kind != CONN_CONTROL)
        result_answer(result);
    return OUTCOME_OVER;
}

enum outcome_step outcome_next(enum outcome outcome,
                               const struct sp_result *result, bool again)
{
    switch (outcome) {
    case OUTCOME_OVER:
        return result->error == SP_EDIED ? OUTCOME_DIED : OUTCOME_TELL;
    case OUTCOME_NOT_RUN:
        return again ? OUTCOME_DIED : OUTCOME_AGAIN;
    case OUTCOME_REFUSED:
        break;
    }
    return OUTCOME_LATER;
}

void outcome_refused(struct sp_result *result)
{
    result_fail(result, SP_EAGAIN, SP_PROGRESS_NOT_SENT,
                "the session takes no more connections");
}
