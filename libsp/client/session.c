/* SPDX-License-Identifier: MIT */
/* Start, find and end sessions, and ask spd for a sign of life: each function
 * is one question to spd. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"

static void take_pid(struct sp_result *result, const json_t *answer)
{
    if (result)
        result->pid = (pid_t)ask_integer(answer, "pid", 0, INT_MAX, 0);
}

/* A request about one session; the ID is valid. */
static struct control_request request_about(enum control_op op, const char *id)
{
    struct control_request request = {.op = op, .keys = CONTROL_KEY_ID};

    strcpy(request.id, id);
    return request;
}

static enum sp_error put_module(struct control_request *request,
                                const char *module)
{
    if (!module)
        return SP_OK;
    /* the name of a module has the grammar of an ID */
    if (!sp_id_valid(module, strnlen(module, CONTROL_MODULE_MAX + 1)))
        return SP_EMODULE;
    strcpy(request->module, module);
    request->keys |= CONTROL_KEY_MODULE;
    return SP_OK;
}

enum sp_error sp_start(struct sp_client *client, const char *id,
                       const char *module, const void *arg, size_t arg_size,
                       struct sp_result *result)
{
    struct control_request request;
    enum sp_error error;
    json_t *answer;

    result_begin(result);
    error = client_check(client, id);
    if (error == SP_OK && !arg && arg_size > 0)
        error = SP_EINVAL;
    if (error == SP_OK && arg_size > CONTROL_REQUEST_MAX)
        error = SP_EMSGSIZE;
    if (error != SP_OK)
        return result_refuse(result, error);
    request = request_about(CONTROL_START, id);
    error = put_module(&request, module);
    if (error != SP_OK)
        return result_refuse(result, error);
    if (arg_size > 0) {
        request.keys |= CONTROL_KEY_ARG_BASE64;
        request.arg = (uint8_t *)arg; /* borrowed, not changed */
        request.arg_size = arg_size;
    }
    error = ask(client, &request, result, &answer);
    take_pid(result, answer);
    json_decref(answer);
    return error;
}

enum sp_error sp_started(struct sp_client *client, const char *id,
                         bool *out_started, struct sp_result *result)
{
    struct sp_session_info *info;
    enum sp_error error;

    result_begin(result);
    if (!out_started)
        return result_refuse(result, SP_EINVAL);
    error = sp_info(client, id, &info, result);
    if (error != SP_OK && error != SP_ENOENT)
        return error;
    *out_started = error == SP_OK;
    if (error == SP_OK)
        sp_info_free(info);
    else if (result)
        result_set(result, SP_OK, SP_PROGRESS_ANSWERED);
    return SP_OK;
}

enum sp_error sp_session_pid(struct sp_client *client, const char *id,
                             pid_t *out_pid, struct sp_result *result)
{
    struct sp_session_info *info;
    enum sp_error error;

    result_begin(result);
    if (!out_pid)
        return result_refuse(result, SP_EINVAL);
    error = sp_info(client, id, &info, result);
    if (error != SP_OK)
        return error;
    *out_pid = sp_info_pid(info);
    if (result)
        result->pid = *out_pid;
    sp_info_free(info);
    return SP_OK;
}

static enum sp_error stop(struct sp_client *client,
                          const struct control_request *request,
                          struct sp_result *result)
{
    json_t *answer;
    enum sp_error error = ask(client, request, result, &answer);

    json_decref(answer);
    return error;
}

enum sp_error sp_terminate(struct sp_client *client, const char *id,
                           struct sp_result *result)
{
    struct control_request request;
    enum sp_error error;

    result_begin(result);
    error = client_check(client, id);
    if (error != SP_OK)
        return result_refuse(result, error);
    request = request_about(CONTROL_STOP, id);
    return stop(client, &request, result);
}

enum sp_error sp_terminate_pid(struct sp_client *client, pid_t pid,
                               struct sp_result *result)
{
    struct control_request request = {
        .op = CONTROL_STOP, .keys = CONTROL_KEY_PID, .pid = pid};

    result_begin(result);
    if (!client)
        return result_refuse(result, SP_EINVAL);
    /* 1 is init's, and what is less is nobody's */
    if (pid < 2)
        return result_refuse(result, SP_ENOENT);
    return stop(client, &request, result);
}

enum sp_error sp_ping(struct sp_client *client, struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_PING};
    const char *version;
    enum sp_error error;
    json_t *answer;

    result_begin(result);
    if (!client)
        return result_refuse(result, SP_EINVAL);
    error = ask(client, &request, result, &answer);
    version = json_string_value(json_object_get(answer, "version"));
    if (error == SP_OK && !version)
        error = result_refuse(result, SP_EPROTO);
    if (error == SP_OK && result)
        error = result_put(result, version, strlen(version));
    take_pid(result, answer);
    json_decref(answer);
    return error;
}
