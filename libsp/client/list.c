/* SPDX-License-Identifier: MIT */
/* The sessions that spd lists, out of its answer.  Their order is made sure of
 * here, since callers are promised it. */
#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "info.h"
#include "list_scan.h"
#include "wire/control.h"

/* The strings of the infos are in one of the two. */
struct sp_session_list {
    json_t *answer; /* owned */
    char *text;     /* owned */
    size_t count;
    struct sp_session_info infos[];
};

static int by_id(const void *left, const void *right)
{
    return strcmp(((const struct sp_session_info *)left)->id,
                  ((const struct sp_session_info *)right)->id);
}

static struct sp_session_list *list_new(size_t count)
{
    struct sp_session_list *list =
        malloc(sizeof *list + count * sizeof *list->infos);

    if (list)
        *list = (struct sp_session_list){.count = count};
    return list;
}

/* They come in order from an spd that works. */
static void list_sort(struct sp_session_list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        if (by_id(&list->infos[i - 1], &list->infos[i]) <= 0)
            continue;
        qsort(list->infos, list->count, sizeof list->infos[0], by_id);
        return;
    }
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
    list_sort(list);
    return SP_OK;
}

enum sp_error list_take(json_t *answer, struct sp_session_list **out_list)
{
    const json_t *array;
    size_t count;
    bool good = field_list(answer, "sessions", &array, &count);
    struct sp_session_list *list = good ? list_new(count) : NULL;
    enum sp_error error;

    if (!list) {
        json_decref(answer);
        return good ? SP_ENOMEM : SP_EPROTO;
    }
    list->answer = answer;
    error = list_decode(array, list);
    if (error == SP_OK)
        *out_list = list;
    else
        sp_list_free(list);
    return error;
}

/* What is not needed of it goes back. */
static struct sp_session_list *list_shrunk(struct sp_session_list *list)
{
    struct sp_session_list *smaller = realloc(
        list, sizeof *list + list->count * sizeof *list->infos);

    return smaller ? smaller : list;
}

struct sp_session_list *list_read(struct buf *json)
{
    size_t max = buf_size(json) / LIST_SCAN_SESSION_MIN;
    struct sp_session_list *list =
        list_new(max < CONTROL_ITEMS_MAX ? max : CONTROL_ITEMS_MAX);

    if (!list)
        return NULL;
    if (!list_scan((char *)buf_data(json), buf_size(json), list->infos,
                   list->count, &list->count)) {
        free(list);
        return NULL;
    }
    list->text = (char *)json->bytes;
    *json = BUF_EMPTY;
    list_sort(list);
    return list_shrunk(list);
}

void sp_list_free(struct sp_session_list *list)
{
    if (!list)
        return;
    json_decref(list->answer);
    free(list->text);
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
