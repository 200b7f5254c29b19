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
#include "session.h"
#include "spec.h"

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

enum sp_error sp_client_set_flags(struct sp_client *client, unsigned flags)
{
    if (!client || flags & ~(unsigned)SP_ORDERED)
        return SP_EINVAL;
    if (!origin_is_here(client->origin))
        return SP_EFORKED;
    client->place.ordered = flags & SP_ORDERED;
    return SP_OK;
}

#define REPLY_MAX_LEAST 4096
#define REPLY_MAX_MOST (1ull << 31) /* nng's option takes 32 bits */

enum sp_error sp_client_set_reply_max(struct sp_client *client, size_t bytes)
{
    if (!client || bytes < REPLY_MAX_LEAST || bytes > REPLY_MAX_MOST)
        return SP_EINVAL;
    if (!origin_is_here(client->origin))
        return SP_EFORKED;
    client->place.reply_max = bytes;
    return SP_OK;
}

const char *sp_client_runtime_dir(const struct sp_client *client)
{
    return client->place.dir;
}

/* ---- call and cast ---- */

enum verb { CALL, CAST };

struct request {
    enum verb verb;
    const char *id;
    const struct sp_spec *spec; /* NULL: it is not started */
    const void *body;
    size_t size;
    int timeout_ms;
};

static enum sp_error check(const struct sp_client *client,
                           const struct request *request)
{
    enum sp_error error;

    if ((!request->body && request->size > 0) ||
        request->timeout_ms < SP_TIMEOUT_INFINITE)
        return SP_EINVAL;
    error = client_check(client, request->id);
    if (error == SP_OK && request->spec)
        error = spec_check(request->spec);
    return error;
}

static enum sp_error send_once(struct sp_client *client,
                               const struct request *request, int64_t deadline,
                               struct sp_result *result)
{
    const struct channel_type *type = client->channel->type;

    return (request->verb == CALL ? type->call : type->cast)(
        client->channel, request->id, request->body, request->size, deadline,
        result);
}

/* Once only: what ends as soon as it is started is not to be started again and
 * again. */
static enum sp_error send_with_spec(struct sp_client *client,
                                    const struct request *request,
                                    int64_t deadline, struct sp_result *result)
{
    enum sp_error error = send_once(client, request, deadline, result);

    if (error != SP_ENOENT || !request->spec)
        return error;
    error = session_ensure(client, request->id, request->spec, deadline,
                           result);
    if (error != SP_OK) {
        result->progress = SP_PROGRESS_NOT_SENT;
        return error;
    }
    result_reset(result);
    return send_once(client, request, deadline, result);
}

/* Who does not wait is told of a full queue, not of the time. */
static enum sp_error no_room(const struct request *request,
                             struct sp_result *result)
{
    if (request->verb != CAST || request->timeout_ms != 0)
        return result->error;
    return result_set(result, SP_EAGAIN, result->progress);
}

static enum sp_error run(struct sp_client *client,
                         const struct request *request,
                         struct sp_result *result)
{
    int64_t begun = clock_now_ms();
    int64_t deadline = deadline_from(begun, request->timeout_ms);
    enum sp_error error;

    result_reset(result);
    error = check(client, request);
    if (error != SP_OK)
        return result_set(result, error, SP_PROGRESS_NOT_SENT);
    error = send_with_spec(client, request, deadline, result);
    if (explain_can(error))
        explain(client, request->id, begun, deadline, result);
    else if (error == SP_ETIMEDOUT)
        error = no_room(request, result);
    return error;
}

/* With a result in any case: the caller's, or one that lives as long as this
 * call. */
static enum sp_error run_for(struct sp_client *client,
                             const struct request *request,
                             struct sp_result *result)
{
    struct sp_result own;
    enum sp_error error;

    if (result)
        return run(client, request, result);
    result_init(&own);
    error = run(client, request, &own);
    result_fini(&own);
    return error;
}

enum sp_error sp_call_with(struct sp_client *client, const char *id,
                           const struct sp_spec *spec, const void *request,
                           size_t size, int timeout_ms,
                           struct sp_result *result)
{
    struct request call = {CALL, id, spec, request, size, timeout_ms};

    return run_for(client, &call, result);
}

enum sp_error sp_cast_with(struct sp_client *client, const char *id,
                           const struct sp_spec *spec, const void *message,
                           size_t size, int timeout_ms,
                           struct sp_result *result)
{
    struct request cast = {CAST, id, spec, message, size, timeout_ms};

    return run_for(client, &cast, result);
}

enum sp_error sp_call(struct sp_client *client, const char *id,
                      const void *request, size_t size, int timeout_ms,
                      struct sp_result *result)
{
    return sp_call_with(client, id, NULL, request, size, timeout_ms, result);
}

enum sp_error sp_cast(struct sp_client *client, const char *id,
                      const void *message, size_t size,
                      struct sp_result *result)
{
    return sp_cast_with(client, id, NULL, message, size, SP_TIMEOUT_DEFAULT,
                        result);
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
