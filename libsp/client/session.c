/* SPDX-License-Identifier: MIT */
/* Start, find, manage and end sessions: each function is one question to
 * spd. */
#define _GNU_SOURCE
#include <limits.h>
#include <string.h>

#include "ask.h"
#include "base/clock.h"
#include "info.h"
#include "session.h"
#include "spec.h"

static void take_pid(struct sp_result *result, const json_t *answer)
{
    if (result)
        result->pid = (pid_t)ask_integer(answer, "pid", 0, INT_MAX, 0);
}

/* Asks for a session to be started. */
static enum sp_error start(struct sp_client *client, const char *id,
                           const struct sp_spec *spec, int64_t deadline,
                           struct sp_result *result)
{
    struct control_request request;
    enum sp_error error = client_check(client, id);
    json_t *answer;

    result_begin(result);
    if (error == SP_OK)
        error = spec_check(spec);
    if (error != SP_OK)
        return result_refuse(result, error);
    request = spec_question(spec, id);
    error = ask_until(client, &request, deadline, result, &answer);
    take_pid(result, answer);
    json_decref(answer);
    return error;
}

enum sp_error sp_start(struct sp_client *client, const char *id,
                       const char *module, const void *arg, size_t arg_size,
                       struct sp_result *result)
{
    struct sp_spec spec = {module, arg, arg_size};

    return start(client, id, &spec, deadline_after(SP_TIMEOUT_DEFAULT), result);
}

enum sp_error session_ensure(struct sp_client *client, const char *id,
                             const struct sp_spec *spec, int64_t deadline,
                             struct sp_result *result)
{
    enum sp_error error = start(client, id, spec, deadline, result);

    if (error != SP_EALREADY)
        return error;
    if (result)
        result_accept(result, SP_PROGRESS_ANSWERED);
    return SP_OK;
}

enum sp_error sp_ensure(struct sp_client *client, const char *id,
                        const struct sp_spec *spec, struct sp_result *result)
{
    static const struct sp_spec any;

    return session_ensure(client, id, spec ? spec : &any,
                          deadline_after(SP_TIMEOUT_DEFAULT), result);
}

enum sp_error sp_info(struct sp_client *client, const char *id,
                      struct sp_session_info **out_info,
                      struct sp_result *result)
{
    struct control_request request;
    enum sp_error error = client_check(client, id);
    json_t *answer;

    result_begin(result);
    if (error == SP_OK && !out_info)
        error = SP_EINVAL;
    if (error != SP_OK)
        return result_refuse(result, error);
    request = ask_about(CONTROL_INFO, id);
    error = ask(client, &request, result, &answer);
    if (error != SP_OK) {
        json_decref(answer);
        return error;
    }
    error = info_take(answer, out_info);
    return error == SP_OK ? SP_OK : result_refuse(result, error);
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
    *out_started = error == SP_OK && !info_is_gone(info);
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
    if (info_is_gone(info)) {
        error = info_refuse_gone(info, result);
    } else {
        *out_pid = sp_info_pid(info);
        if (result)
            result->pid = *out_pid;
    }
    sp_info_free(info);
    return error;
}

/* Asks for something to be done to a session that has no more to say than that
 * it has been done, and in what process. */
static enum sp_error order(struct sp_client *client,
                           const struct control_request *request,
                           int timeout_ms, struct sp_result *result)
{
    json_t *answer;
    enum sp_error error = ask_until(client, request, deadline_after(timeout_ms),
                                    result, &answer);

    if (error == SP_OK)
        take_pid(result, answer);
    json_decref(answer);
    return error;
}

/* The same for operations that want no more than the session's ID. */
static enum sp_error order_by_id(struct sp_client *client, enum control_op op,
                                 const char *id, int timeout_ms,
                                 struct sp_result *result)
{
    struct control_request request;
    enum sp_error error = client_check(client, id);

    result_begin(result);
    if (error != SP_OK)
        return result_refuse(result, error);
    request = ask_about(op, id);
    return order(client, &request, timeout_ms, result);
}

enum sp_error sp_terminate(struct sp_client *client, const char *id,
                           struct sp_result *result)
{
    return order_by_id(client, CONTROL_STOP, id, SP_TIMEOUT_DEFAULT, result);
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
    return order(client, &request, SP_TIMEOUT_DEFAULT, result);
}

enum sp_error sp_drain(struct sp_client *client, const char *id, int timeout_ms,
                       struct sp_result *result)
{
    struct control_request request;
    enum sp_error error = client_check(client, id);

    result_begin(result);
    if (error == SP_OK && timeout_ms < SP_TIMEOUT_INFINITE)
        error = SP_EINVAL;
    if (error != SP_OK)
        return result_refuse(result, error);
    request = ask_about(CONTROL_STOP, id);
    request.keys |= CONTROL_KEY_DRAIN;
    request.drain = true;
    return order(client, &request, timeout_ms, result);
}

enum sp_error sp_restart(struct sp_client *client, const char *id,
                         struct sp_result *result)
{
    /* a stop and a start */
    return order_by_id(client, CONTROL_RESTART, id, 2 * SP_TIMEOUT_DEFAULT,
                       result);
}

enum sp_error sp_pause(struct sp_client *client, const char *id,
                       struct sp_result *result)
{
    return order_by_id(client, CONTROL_PAUSE, id, SP_TIMEOUT_DEFAULT, result);
}

enum sp_error sp_resume(struct sp_client *client, const char *id,
                        struct sp_result *result)
{
    return order_by_id(client, CONTROL_RESUME, id, SP_TIMEOUT_DEFAULT, result);
}

enum sp_error sp_touch(struct sp_client *client, const char *id,
                       struct sp_result *result)
{
    return order_by_id(client, CONTROL_TOUCH, id, SP_TIMEOUT_DEFAULT, result);
}

static enum sp_error refuse_signal(const char *name, struct sp_result *result)
{
    if (!result)
        return SP_EINVAL;
    return result_fail(result, SP_EINVAL, SP_PROGRESS_NOT_SENT,
                       "there is no signal \"%.40s\"", name);
}

enum sp_error sp_signal(struct sp_client *client, const char *id,
                        const char *signal, struct sp_result *result)
{
    struct control_request request;
    enum sp_error error = client_check(client, id);

    result_begin(result);
    if (error == SP_OK && !signal)
        error = SP_EINVAL;
    if (error != SP_OK)
        return result_refuse(result, error);
    request = ask_about(CONTROL_SIGNAL, id);
    request.keys |= CONTROL_KEY_SIGNAL;
    request.signal = control_signal(signal);
    if (request.signal == 0)
        return refuse_signal(signal, result);
    return order(client, &request, SP_TIMEOUT_DEFAULT, result);
}
