/* SPDX-License-Identifier: MIT */
/* Questions to spd, for the functions that are not about one session's own
 * socket.  The request's form is wire/control's. */
#define _GNU_SOURCE
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dial.h"

enum sp_error ask_encode(const struct control_request *request,
                         char **out_json, size_t *out_size)
{
    size_t size;
    char *json = control_request_encode(request, &size);

    if (!json)
        return SP_ENOMEM;
    if (size > CONTROL_REQUEST_MAX) {
        free(json);
        return SP_EMSGSIZE;
    }
    *out_json = json;
    *out_size = size;
    return SP_OK;
}

enum sp_error ask_conclude(struct sp_result *result, json_t **out_answer)
{
    char text[SP_TEXT_MAX + 1];
    enum sp_error error =
        control_answer_decode(sp_result_data(result), sp_result_size(result),
                              out_answer, text, sizeof text);

    if (error == SP_OK)
        return result_set(result, SP_OK, SP_PROGRESS_ANSWERED);
    return result_fail(result, error, SP_PROGRESS_ANSWERED, "%s", text);
}

enum sp_error ask(struct sp_client *client,
                  const struct control_request *request,
                  struct sp_result *result, json_t **out_answer)
{
    return ask_until(client, request, deadline_after(SP_TIMEOUT_DEFAULT),
                     result, out_answer);
}

static enum sp_error ask_encoded(struct sp_client *client, const char *json,
                                 size_t size, int64_t deadline,
                                 struct sp_result *reply)
{
    if (!origin_is_here(client->origin))
        return result_set(reply, SP_EFORKED, SP_PROGRESS_NOT_SENT);
    return client->channel->type->call(client->channel, DIAL_CONTROL, json,
                                       size, deadline, reply);
}

enum sp_error ask_plainly(struct sp_client *client,
                          const struct control_request *request,
                          int64_t deadline, struct sp_result *reply)
{
    char *json;
    size_t size;
    enum sp_error error = ask_encode(request, &json, &size);

    if (error != SP_OK)
        return result_set(reply, error, SP_PROGRESS_NOT_SENT);
    error = ask_encoded(client, json, size, deadline, reply);
    free(json);
    return error;
}

enum sp_error ask_until(struct sp_client *client,
                        const struct control_request *request, int64_t deadline,
                        struct sp_result *result, json_t **out_answer)
{
    struct sp_result reply;
    enum sp_error error;

    *out_answer = NULL;
    result_init(&reply);
    error = ask_plainly(client, request, deadline, &reply);
    if (error == SP_OK)
        error = ask_conclude(&reply, out_answer);
    if (result)
        result_copy(result, &reply);
    result_fini(&reply);
    return error;
}

enum sp_error ask_patiently(struct sp_client *client,
                            struct control_request *request, int64_t deadline,
                            struct sp_result *result, json_t **out_answer)
{
    int left = deadline_left(deadline);

    if (left < 0 || left > CONTROL_TIMEOUT_MAX_MS)
        left = CONTROL_TIMEOUT_MAX_MS;
    request->keys |= CONTROL_KEY_TIMEOUT;
    request->timeout_ms = left;
    return ask_until(client, request, deadline_after(left + SP_TIMEOUT_DEFAULT),
                     result, out_answer);
}

struct control_request ask_about(enum control_op op, const char *id)
{
    struct control_request request = {.op = op, .keys = CONTROL_KEY_ID};

    strcpy(request.id, id);
    return request;
}

long long ask_integer(const json_t *object, const char *key, long long low,
                      long long high, long long otherwise)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < low || number > high)
        return otherwise;
    return number;
}
