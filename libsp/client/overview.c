/* SPDX-License-Identifier: MIT */
/* Asks spd for lists: of its sessions, its modules, and what it counts.  What
 * they hold is list.c's, modules.c's and stats.c's. */
#define _GNU_SOURCE
#include "ask.h"

#include "base/clock.h"
#include "list.h"
#include "modules.h"
#include "stats.h"

/* False: the outcome is in error and result.  True: the answer is to be
 * taken. */
static bool asked(struct sp_client *client, const void *out,
                  const struct control_request *request,
                  struct sp_result *result, json_t **out_answer,
                  enum sp_error *out_error)
{
    result_begin(result);
    *out_error = SP_EINVAL;
    if (!client || !out) {
        result_refuse(result, SP_EINVAL);
        return false;
    }
    *out_error = ask(client, request, result, out_answer);
    if (*out_error != SP_OK)
        json_decref(*out_answer);
    return *out_error == SP_OK;
}

/* After the taking. */
static enum sp_error concluded(struct sp_result *result, enum sp_error error)
{
    return error == SP_OK ? SP_OK : result_refuse(result, error);
}

static enum sp_error take_sessions(struct sp_result *reply,
                                   struct sp_session_list **out_list)
{
    struct sp_session_list *list = list_read(&reply->data);
    enum sp_error error;
    json_t *answer;

    if (list) {
        *out_list = list;
        return result_set(reply, SP_OK, SP_PROGRESS_ANSWERED);
    }
    error = ask_conclude(reply, &answer);
    if (error == SP_OK)
        return concluded(reply, list_take(answer, out_list));
    json_decref(answer);
    return error;
}

static enum sp_error list_sessions(struct sp_client *client,
                                   const struct control_request *request,
                                   struct sp_session_list **out_list,
                                   struct sp_result *result)
{
    struct sp_result reply;
    enum sp_error error;

    result_begin(result);
    if (!client || !out_list)
        return result_refuse(result, SP_EINVAL);
    result_init(&reply);
    error = ask_plainly(client, request, deadline_after(SP_TIMEOUT_DEFAULT),
                        &reply);
    if (error == SP_OK)
        error = take_sessions(&reply, out_list);
    if (result)
        result_copy(result, &reply);
    result_fini(&reply);
    return error;
}

enum sp_error sp_list(struct sp_client *client,
                      struct sp_session_list **out_list,
                      struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_LIST};

    return list_sessions(client, &request, out_list, result);
}

enum sp_error sp_list_detailed(struct sp_client *client,
                               struct sp_session_list **out_list,
                               struct sp_result *result)
{
    struct control_request request = {
        .op = CONTROL_LIST, .keys = CONTROL_KEY_DETAILED, .detailed = true};

    return list_sessions(client, &request, out_list, result);
}

enum sp_error sp_modules(struct sp_client *client,
                         struct sp_module_list **out_modules,
                         struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_MODULES};
    enum sp_error error;
    json_t *answer;

    if (!asked(client, out_modules, &request, result, &answer, &error))
        return error;
    return concluded(result, modules_take(answer, out_modules));
}

enum sp_error sp_stats(struct sp_client *client,
                       struct sp_stat_list **out_stats,
                       struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_STATS};
    enum sp_error error;
    json_t *answer;

    if (!asked(client, out_stats, &request, result, &answer, &error))
        return error;
    return concluded(result, stats_take(answer, out_stats));
}
