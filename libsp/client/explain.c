/* SPDX-License-Identifier: MIT */
/* Questions to spd about sessions that are no more.  Whatever comes of asking,
 * the error is known already.  Caller: client.c, off the path of requests that
 * succeed. */
#define _GNU_SOURCE
#include "explain.h"

#include "ask.h"
#include "base/clock.h"
#include "info.h"

/* Sooner than both. */
static int64_t patience(int64_t deadline)
{
    int64_t own = deadline_after(EXPLAIN_MS);

    return deadline < own ? deadline : own;
}

void explain_absence(struct sp_client *client, const char *id,
                     int64_t deadline, struct sp_result *result)
{
    struct control_request request = ask_about(CONTROL_INFO, id);
    struct sp_session_info info;
    struct sp_result told;
    enum sp_error error;
    json_t *answer;

    result_init(&told);
    error = ask_until(client, &request, patience(deadline), &told, &answer);
    if (error == SP_OK &&
        info_decode(json_object_get(answer, "session"), &info) == SP_OK &&
        info_is_gone(&info))
        info_refuse_gone(&info, result);
    else if (error == SP_ENOENT) /* the text may say more */
        result_copy(result, &told);
    result->progress = SP_PROGRESS_NOT_SENT;
    result_fini(&told);
    json_decref(answer);
}

void explain_death(struct sp_client *client, const char *id, int64_t begun,
                   int64_t deadline, struct sp_result *result)
{
    struct control_request request = ask_about(CONTROL_CAUSE, id);
    struct sp_result told;
    const char *cause;
    json_t *answer;

    if (deadline_left(deadline) == 0)
        return;
    request.keys |= CONTROL_KEY_SINCE;
    request.since_ms = clock_now_ms() - begun;
    result_init(&told);
    if (ask_until(client, &request, patience(deadline), &told, &answer) ==
        SP_OK) {
        cause = json_string_value(json_object_get(answer, "text"));
        if (cause)
            result_died(result, cause);
    }
    result_fini(&told);
    json_decref(answer);
}
