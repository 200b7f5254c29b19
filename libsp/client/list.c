/* SPDX-License-Identifier: MIT */
/* The sessions that spd lists, out of its answer.  Their order is made sure of
 * here, since callers are promised it. */
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "info.h"

struct sp_session_list {
    json_t *answer; /* owned; the strings of the infos are in it */
    size_t count;
    struct sp_session_info infos[];
};

static int by_id(const void *left, const void *right)
{
    return strcmp(((const struct sp_session_info *)left)->id,
                  ((const struct sp_session_info *)right)->id);
}

static enum sp_error list_decode(const json_t *array,
                                 struct sp_session_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        enum sp_error error =
            info_decode(json_array_get(array, i), &list->infos[i]);

        if (error != SP_OK)
            return error;
    }
    qsort(list->infos, list->count, sizeof list->infos[0], by_id);
    return SP_OK;
}

enum sp_error list_take(json_t *answer, struct sp_session_list **out_list)
{
    const json_t *array;
    size_t count;
    bool good = field_list(answer, "sessions", &array, &count);
    struct sp_session_list *list =
        good ? malloc(sizeof *list + count * sizeof *list->infos) : NULL;
    enum sp_error error;

    if (!list) {
        json_decref(answer);
        return good ? SP_ENOMEM : SP_EPROTO;
    }
    list->answer = answer;
    list->count = count;
    error = list_decode(array, list);
    if (error == SP_OK)
        *out_list = list;
    else
        sp_list_free(list);
    return error;
}

void sp_list_free(struct sp_session_list *list)
{
    if (!list)
        return;
    json_decref(list->answer);
    free(list);
}

size_t sp_list_count(const struct sp_session_list *list)
{
    return list->count;
}

const struct sp_session_info *sp_list_at(const struct sp_session_list *list,
                                         size_t index)
{
    return &list->infos[index];
}
