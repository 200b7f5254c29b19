/* SPDX-License-Identifier: MIT */
/* One session as JSON and as cells of a table.  The first keys of the JSON stay
 * in their order, since scripts read them with sed. */
#include "session.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "complaint.h"
#include "invocation.h"
#include "output.h"

/* -1 for nobody. */
static json_int_t user(uid_t uid)
{
    return uid == (uid_t)-1 ? -1 : (json_int_t)uid;
}

static json_t *end_json(const struct sp_session_end *end)
{
    if (!end)
        return json_null();
    return json_pack(
        "{s:s, s:i, s:s, s:b, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:s, "
        "s:I, s:I, s:I, s:I}",
        "text", sp_end_text(end), "code", sp_end_code(end), "signal",
        sp_end_signal(end), "core", (int)sp_end_core(end), "limit",
        sp_end_limit(end), "asked", sp_end_asked(end), "by_uid",
        user(sp_end_by_uid(end)), "by_pid", (json_int_t)sp_end_by_pid(end),
        "reason", sp_end_reason(end), "lived_ms",
        (json_int_t)sp_end_lived_ms(end), "cpu_ms",
        (json_int_t)sp_end_cpu_ms(end), "peak_kb",
        (json_int_t)sp_end_peak_kb(end), "doing", sp_end_doing(end), "doing_ms",
        (json_int_t)sp_end_doing_ms(end), "calls",
        (json_int_t)sp_end_calls(end), "casts", (json_int_t)sp_end_casts(end),
        "ago_ms", (json_int_t)sp_end_ago_ms(end));
}

static json_t *basic_json(const struct sp_session_info *info)
{
    return json_pack(
        "{s:s, s:I, s:s, s:s, s:I, s:I, s:s, s:I, s:b}",
        "id", sp_info_id(info), "pid", (json_int_t)sp_info_pid(info), "module",
        sp_info_module(info), "state", sp_info_state(info), "restarts",
        (json_int_t)sp_info_restarts(info), "age_ms",
        (json_int_t)sp_info_age_ms(info), "last_end", sp_info_last_end(info),
        "uid", user(sp_info_uid(info)), "paused", (int)sp_info_paused(info));
}

static bool set_number(json_t *object, const char *key,
                       unsigned long long number)
{
    return json_object_set_new(object, key, json_integer((json_int_t)number)) ==
           0;
}

static bool add_detail(json_t *object, const struct sp_session_info *info)
{
    return set_number(object, "idle_ms", sp_info_idle_ms(info)) &&
           set_number(object, "calls", sp_info_calls(info)) &&
           set_number(object, "casts", sp_info_casts(info)) &&
           set_number(object, "waiting", sp_info_waiting(info)) &&
           set_number(object, "subscribers", sp_info_subscribers(info)) &&
           json_object_set_new(object, "doing",
                               json_string(sp_info_doing(info))) == 0 &&
           set_number(object, "doing_ms", sp_info_doing_ms(info)) &&
           set_number(object, "log_dropped", sp_info_log_dropped(info)) &&
           set_number(object, "cpu_ms", sp_info_cpu_ms(info)) &&
           set_number(object, "memory_kb", sp_info_memory_kb(info)) &&
           json_object_set_new(object, "sandbox",
                               json_string(sp_info_sandbox(info))) == 0 &&
           json_object_set_new(object, "end", end_json(sp_info_end(info))) == 0;
}

static bool add_fate(json_t *object, const struct sp_session_info *info)
{
    return json_object_set_new(object, "fate",
                               json_string(sp_info_fate(info))) == 0 &&
           set_number(object, "gone_ms", sp_info_gone_ms(info));
}

json_t *session_json(const struct sp_session_info *info, bool detailed)
{
    json_t *object = basic_json(info);

    if ((!detailed || add_detail(object, info)) &&
        (!*sp_info_fate(info) || add_fate(object, info)))
        return object;
    json_decref(object);
    return NULL;
}

const char *session_state(const struct sp_session_info *info)
{
    return sp_info_paused(info) ? "paused" : sp_info_state(info);
}

void session_pid(const struct sp_session_info *info, char out[SESSION_PID_SIZE])
{
    pid_t pid = sp_info_pid(info);

    if (pid > 0)
        snprintf(out, SESSION_PID_SIZE, "%ld", (long)pid);
    else
        snprintf(out, SESSION_PID_SIZE, "-");
}

enum sp_error session_act(struct invocation *invocation,
                          enum sp_error (*act)(struct sp_client *client,
                                               const char *id,
                                               struct sp_result *result))
{
    enum sp_error error = invocation_open(invocation);

    if (error != SP_OK)
        return error;
    error = act(invocation->client, invocation_id(invocation),
                invocation->result);
    return error == SP_OK ? SP_OK
                          : complain_outcome(
                                invocation, error,
                                sp_result_text(invocation->result));
}

enum sp_error session_print_pid(const struct invocation *invocation)
{
    pid_t pid = sp_result_pid(invocation->result);

    if (invocation_has(invocation, OPTION_QUIET))
        return SP_OK;
    if (invocation_has(invocation, OPTION_JSON))
        return output_json(json_pack("{s:s, s:I}", "id",
                                     invocation_id(invocation), "pid",
                                     (json_int_t)pid));
    if (pid > 0)
        printf("%ld\n", (long)pid);
    return SP_OK;
}
