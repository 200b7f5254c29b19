/* SPDX-License-Identifier: MIT */
/* Asks spd what has happened to sessions; it answers when there is something.
 */
#define _GNU_SOURCE
#include <string.h>

#include "ask.h"
#include "base/clock.h"
#include "events.h"

/* One question.  spd may say that time is up, or answer with no events. */
static enum sp_error ask_once(struct sp_client *client,
                              struct control_request *request, int64_t deadline,
                              struct sp_event_list **out_events,
                              struct sp_result *result)
{
    json_t *answer;
    enum sp_error error =
        ask_patiently(client, request, deadline, result, &answer);

    if (error != SP_OK) {
        json_decref(answer);
        return error;
    }
    error =
        events_take(answer, (unsigned long long)request->after, out_events);
    return error == SP_OK ? SP_OK : result_refuse(result, error);
}

/* What to go on from when there are none.  Numbers that are lower than they
 * were are those of another spd: from its beginning. */
static int64_t after_none(const struct sp_event_list *events, int64_t after)
{
    int64_t next = (int64_t)sp_events_next(events);

    return next < after ? 0 : next;
}

static enum sp_error ask_until_some(struct sp_client *client,
                                    struct control_request *request,
                                    int64_t deadline,
                                    struct sp_event_list **out_events,
                                    struct sp_result *result)
{
    for (;;) {
        enum sp_error error =
            ask_once(client, request, deadline, out_events, result);

        if (error != SP_OK || sp_events_count(*out_events) > 0 ||
            deadline_left(deadline) == 0)
            return error;
        request->after = after_none(*out_events, request->after);
        sp_events_free(*out_events);
    }
}

enum sp_error sp_events(struct sp_client *client, const char *id,
                        unsigned long long after, int timeout_ms,
                        struct sp_event_list **out_events,
                        struct sp_result *result)
{
    int64_t deadline = deadline_after(timeout_ms);
    struct control_request request = {.op = CONTROL_EVENTS,
                                      .keys = CONTROL_KEY_AFTER,
                                      .after = (int64_t)after};
    struct sp_event_list *events = NULL;
    enum sp_error error = SP_OK;

    result_begin(result);
    if (!client || !out_events || after > INT64_MAX ||
        timeout_ms < SP_TIMEOUT_INFINITE)
        error = SP_EINVAL;
    else if (id)
        error = client_check(client, id);
    if (error != SP_OK)
        return result_refuse(result, error);
    if (id) {
        request.keys |= CONTROL_KEY_ID;
        strcpy(request.id, id);
    }
    error = ask_until_some(client, &request, deadline, &events, result);
    if (error == SP_OK)
        *out_events = events;
    return error;
}
