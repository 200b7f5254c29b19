/* SPDX-License-Identifier: MIT */
/* Open and close a client, call and cast.  Checks what callers pass; how a
 * request travels is the channel's. */
#define _GNU_SOURCE
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "explain.h"

enum sp_error client_check(const struct sp_client *client, const char *id)
{
    if (!client || !id)
        return SP_EINVAL;
    if (!sp_id_valid(id, strnlen(id, SP_ID_MAX + 1)))
        return SP_EBADID;
    return origin_is_here(client->origin) ? SP_OK : SP_EFORKED;
}

enum sp_error sp_client_open(const char *where, struct sp_client **out_client)
{
    struct sp_client *client;
    char text[SP_TEXT_MAX + 1];
    enum sp_error error;

    if (!out_client)
        return SP_EINVAL;
    client = malloc(sizeof *client);
    if (!client)
        return SP_ENOMEM;
    error = place_find(where, &client->place, text, sizeof text);
    if (error == SP_OK)
        error = origin_of_this_process(&client->origin);
    if (error == SP_OK) {
        client->channel = client->place.channel == PLACE_NNG
                              ? channel_nng_open(&client->place)
                              : channel_local_open(&client->place);
        if (!client->channel)
            error = SP_ENOMEM;
    }
    if (error != SP_OK) {
        free(client);
        return error;
    }
    *out_client = client;
    return SP_OK;
}

enum sp_error sp_client_diagnose(const char *where, char *out_text,
                                 size_t size)
{
    struct place place;

    if (!out_text || size == 0)
        return SP_EINVAL;
    return place_find(where, &place, out_text, size);
}

void sp_client_close(struct sp_client *client)
{
    if (!client || !origin_is_here(client->origin))
        return;
    client->channel->type->close(client->channel);
    free(client);
}

const char *sp_client_runtime_dir(const struct sp_client *client)
{
    return client->place.dir;
}

/* ---- call and cast ---- */

static enum sp_error check_request(const struct sp_client *client,
                                   const char *id, const void *body,
                                   size_t size, int timeout_ms)
{
    if ((!body && size > 0) || timeout_ms < SP_TIMEOUT_INFINITE)
        return SP_EINVAL;
    return client_check(client, id);
}

enum verb { CALL, CAST };

/* With a result in any case: the caller's, or one that lives as long as this
 * call. */
static enum sp_error run(struct sp_client *client, enum verb verb,
                         const char *id, const void *body, size_t size,
                         int timeout_ms, struct sp_result *result)
{
    const struct channel_type *type;
    int64_t deadline, begun;
    enum sp_error error;

    result_reset(result);
    error = check_request(client, id, body, size, timeout_ms);
    if (error != SP_OK)
        return result_set(result, error, SP_PROGRESS_NOT_SENT);
    type = client->channel->type;
    begun = clock_now_ms();
    deadline = deadline_from(begun, timeout_ms);
    error = (verb == CALL ? type->call : type->cast)(
        client->channel, id, body, size, deadline, result);
    if (error == SP_ENOENT)
        explain_absence(client, id, deadline, result);
    else if (error == SP_EDIED)
        explain_death(client, id, begun, deadline, result);
    return error;
}

static enum sp_error run_without_result(struct sp_client *client,
                                        enum verb verb, const char *id,
                                        const void *body, size_t size,
                                        int timeout_ms)
{
    struct sp_result result;
    enum sp_error error;

    result_init(&result);
    error = run(client, verb, id, body, size, timeout_ms, &result);
    result_fini(&result);
    return error;
}

enum sp_error sp_call(struct sp_client *client, const char *id,
                      const void *request, size_t size, int timeout_ms,
                      struct sp_result *result)
{
    if (!result)
        return run_without_result(client, CALL, id, request, size, timeout_ms);
    return run(client, CALL, id, request, size, timeout_ms, result);
}

enum sp_error sp_cast(struct sp_client *client, const char *id,
                      const void *message, size_t size,
                      struct sp_result *result)
{
    if (!result)
        return run_without_result(client, CAST, id, message, size,
                                  SP_TIMEOUT_DEFAULT);
    return run(client, CAST, id, message, size, SP_TIMEOUT_DEFAULT, result);
}

enum sp_error sp_session_url(struct sp_client *client, const char *id,
                             char *out_url, size_t size)
{
    char path[RUNDIR_PATH_SIZE];
    enum sp_error error = client_check(client, id);

    if (error != SP_OK)
        return error;
    if (!out_url)
        return SP_EINVAL;
    rundir_session_path(client->place.dir, id, path);
    if (strlen("ipc://") + strlen(path) >= size)
        return SP_EMSGSIZE;
    snprintf(out_url, size, "ipc://%s", path);
    return SP_OK;
}
