/* SPDX-License-Identifier: MIT */
/* Questions about spd itself: whether it lives, and its configuration. */
#include <limits.h>
#include <string.h>

#include "ask.h"

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
    if (result)
        result->pid = (pid_t)ask_integer(answer, "pid", 0, INT_MAX, 0);
    json_decref(answer);
    return error;
}

/* A number of modules, which must be there. */
static bool take_count(const json_t *answer, const char *key, unsigned *out)
{
    long long count = ask_integer(answer, key, 0, UINT_MAX, -1);

    *out = (unsigned)count;
    return count >= 0;
}

enum sp_error sp_reload(struct sp_client *client, unsigned *out_changed,
                        unsigned *out_added, unsigned *out_removed,
                        struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_RELOAD};
    unsigned changed = 0, added = 0, removed = 0;
    enum sp_error error;
    json_t *answer;

    result_begin(result);
    if (!client)
        return result_refuse(result, SP_EINVAL);
    error = ask(client, &request, result, &answer);
    if (error == SP_OK && !(take_count(answer, "changed", &changed) &&
                            take_count(answer, "added", &added) &&
                            take_count(answer, "removed", &removed)))
        error = result_refuse(result, SP_EPROTO);
    json_decref(answer);
    if (error != SP_OK)
        return error;
    if (out_changed)
        *out_changed = changed;
    if (out_added)
        *out_added = added;
    if (out_removed)
        *out_removed = removed;
    return SP_OK;
}
