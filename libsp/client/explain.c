/* SPDX-License-Identifier: MIT */
/* Questions to spd about sessions that are no more.  Whatever comes of asking,
 * the error is known already.  Callers: client.c and inquiry.c, off the path of
 * requests that succeed. */
#define _GNU_SOURCE
#include "explain.h"

#include "ask.h"
#include "base/clock.h"
#include "info.h"

bool explain_can(enum sp_error error)
{
    return error == SP_ENOENT || error == SP_EDIED;
}

int64_t explain_deadline(int64_t deadline)
{
    int64_t own = deadline_after(EXPLAIN_MS);

    return deadline < own ? deadline : own;
}

struct control_request explain_question(enum sp_error error, const char *id,
                                        int64_t begun)
{
    struct control_request request;

    if (error == SP_ENOENT)
        return ask_about(CONTROL_INFO, id);
    request = ask_about(CONTROL_CAUSE, id);
    request.keys |= CONTROL_KEY_SINCE;
    request.since_ms = clock_now_ms() - begun;
    return request;
}

static void take_absence(struct sp_result *result, const struct sp_result *told,
                         const json_t *answer)
{
    struct sp_session_info info;

    if (told->error == SP_OK &&
        info_decode(json_object_get(answer, "session"), &info) == SP_OK &&
        info_is_gone(&info))
        info_refuse_gone(&info, result);
    else if (told->error == SP_ENOENT) /* the text may say more */
        result_copy(result, told);
    result->progress = SP_PROGRESS_NOT_SENT;
}

void explain_take(struct sp_result *result, const struct sp_result *told,
                  const json_t *answer)
{
    const char *cause = json_string_value(json_object_get(answer, "text"));

    if (result->error == SP_ENOENT)
        take_absence(result, told, answer);
    else if (told->error == SP_OK && cause)
        result_died(result, cause);
}

void explain(struct sp_client *client, const char *id, int64_t begun,
             int64_t deadline, struct sp_result *result)
{
    struct control_request question =
        explain_question(result->error, id, begun);
    struct sp_result told;
    json_t *answer;

    if (deadline_left(deadline) == 0)
        return;
    result_init(&told);
    ask_until(client, &question, explain_deadline(deadline), &told, &answer);
    explain_take(result, &told, answer);
    result_fini(&told);
    json_decref(answer);
}
