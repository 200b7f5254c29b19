/* SPDX-License-Identifier: MIT */
/* What spd knows of one session, out of its answer.  Keys that are not known
 * here are skipped; those that are must make sense. */
#include "info.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"

enum sp_error info_decode(const json_t *session,
                          struct sp_session_info *out_info)
{
    struct sp_session_info info = {
        .id = json_string_value(json_object_get(session, "id")),
        .module = json_string_value(json_object_get(session, "module")),
        .state = json_string_value(json_object_get(session, "state")),
        .last_end = json_string_value(json_object_get(session, "last_end")),
    };
    long long pid = ask_integer(session, "pid", 0, INT_MAX, -1);
    long long restarts = ask_integer(session, "restarts", 0, UINT_MAX, -1);
    long long age = ask_integer(session, "age_ms", 0, LLONG_MAX, -1);

    if (!info.id || !sp_id_valid(info.id, strlen(info.id)) || !info.module ||
        !info.state || !info.last_end || pid < 0 || restarts < 0 || age < 0)
        return SP_EPROTO;
    info.pid = (pid_t)pid;
    info.restarts = (unsigned)restarts;
    info.age_ms = (unsigned long long)age;
    *out_info = info;
    return SP_OK;
}

enum sp_error sp_info(struct sp_client *client, const char *id,
                      struct sp_session_info **out_info,
                      struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_INFO,
                                      .keys = CONTROL_KEY_ID};
    enum sp_error error = client_check(client, id);
    struct sp_session_info *info;
    json_t *answer;

    result_begin(result);
    if (error == SP_OK && !out_info)
        error = SP_EINVAL;
    if (error != SP_OK)
        return result_refuse(result, error);
    info = malloc(sizeof *info);
    if (!info)
        return result_refuse(result, SP_ENOMEM);
    strcpy(request.id, id);
    error = ask(client, &request, result, &answer);
    if (error == SP_OK) {
        error = info_decode(json_object_get(answer, "session"), info);
        if (error != SP_OK)
            result_refuse(result, error);
    }
    if (error != SP_OK) {
        json_decref(answer);
        free(info);
        return error;
    }
    info->answer = answer;
    *out_info = info;
    return SP_OK;
}

void sp_info_free(struct sp_session_info *info)
{
    if (!info)
        return;
    json_decref(info->answer);
    free(info);
}

const char *sp_info_id(const struct sp_session_info *info)
{
    return info->id;
}

const char *sp_info_module(const struct sp_session_info *info)
{
    return info->module;
}

const char *sp_info_state(const struct sp_session_info *info)
{
    return info->state;
}

pid_t sp_info_pid(const struct sp_session_info *info)
{
    return info->pid;
}

unsigned sp_info_restarts(const struct sp_session_info *info)
{
    return info->restarts;
}

unsigned long long sp_info_age_ms(const struct sp_session_info *info)
{
    return info->age_ms;
}

const char *sp_info_last_end(const struct sp_session_info *info)
{
    return info->last_end;
}
