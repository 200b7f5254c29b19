/* SPDX-License-Identifier: MIT */
/* What spd knows of one session, out of its answer.  Keys that are not known
 * here are skipped; those that are must make sense.  Asking is
 * session.c's and async.c's. */
#include "info.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "result.h"

static const char *const required[] = {
#define NAME(key) #key,
    INFO_REQUIRED(NAME)
#undef NAME
    NULL};

/* "end" is an object, or null. */
static enum sp_error take_end(const json_t *session,
                              struct sp_session_info *info)
{
    const json_t *end = json_object_get(session, "end");

    info->has_end = end && !json_is_null(end);
    return info->has_end ? end_decode(end, &info->end) : SP_OK;
}

enum sp_error info_decode(const json_t *session,
                          struct sp_session_info *out_info)
{
    struct sp_session_info info;
    bool good = fields_present(session, required);

#define TEXT(key)                                                              \
    info.key = "";                                                             \
    good = good && field_text(session, #key, &info.key);
    INFO_TEXTS(TEXT)
#undef TEXT
#define NUMBER(type, key, low, high, without)                                  \
    {                                                                          \
        long long number = (without);                                          \
                                                                               \
        good = good && field_number(session, #key, (low), (high), &number);    \
        info.key = (type)number;                                               \
    }
    INFO_NUMBERS(NUMBER)
#undef NUMBER
#define FLAG(key)                                                              \
    info.key = false;                                                          \
    good = good && field_flag(session, #key, &info.key);
    INFO_FLAGS(FLAG)
#undef FLAG
    if (!good || !sp_id_valid(info.id, strlen(info.id)) ||
        take_end(session, &info) != SP_OK)
        return SP_EPROTO;
    *out_info = info;
    return SP_OK;
}

bool info_is_gone(const struct sp_session_info *info)
{
    return strcmp(info->state, "gone") == 0;
}

enum sp_error info_refuse_gone(const struct sp_session_info *info,
                               struct sp_result *result)
{
    if (!result)
        return SP_ENOENT;
    return result_fail(result, SP_ENOENT, SP_PROGRESS_NOT_SENT,
                       "%s (%s, %llu s ago)", sp_strerror(SP_ENOENT),
                       *info->fate ? info->fate : "gone",
                       info->gone_ms / 1000);
}

enum sp_error info_take(json_t *answer, struct sp_session_info **out_info)
{
    struct sp_session_info *info = malloc(sizeof *info);
    enum sp_error error = SP_ENOMEM;

    if (info)
        error = info_decode(json_object_get(answer, "session"), info);
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

const struct sp_session_end *sp_info_end(const struct sp_session_info *info)
{
    return info->has_end ? &info->end : NULL;
}

/* ---- the rest of the accessors: sp_info_KEY() ---- */

#define TEXT(key)                                                              \
    const char *sp_info_##key(const struct sp_session_info *info)              \
    {                                                                          \
        return info->key;                                                      \
    }
INFO_TEXTS(TEXT)
#undef TEXT

#define NUMBER(type, key, low, high, without)                                  \
    type sp_info_##key(const struct sp_session_info *info)                     \
    {                                                                          \
        return info->key;                                                      \
    }
INFO_NUMBERS(NUMBER)
#undef NUMBER

#define FLAG(key)                                                              \
    bool sp_info_##key(const struct sp_session_info *info)                     \
    {                                                                          \
        return info->key;                                                      \
    }
INFO_FLAGS(FLAG)
#undef FLAG
