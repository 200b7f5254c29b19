/* SPDX-License-Identifier: MIT */
/* The lists that spd answers with: its sessions, and its modules.  Their order
 * is made sure of here, since callers are promised it. */
#include "list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "info.h"

struct sp_session_list {
    json_t *answer; /* owned; the strings of the infos are in it */
    size_t count;
    struct sp_session_info infos[];
};

struct module {
    const char *name; /* borrowed from the answer, as is path */
    const char *path;
    bool is_default;
    unsigned sessions;
};

struct sp_module_list {
    json_t *answer; /* owned */
    size_t count;
    struct module modules[];
};

/* ---- sessions ---- */

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
    const json_t *array = json_object_get(answer, "sessions");
    struct sp_session_list *list = NULL;
    enum sp_error error = json_is_array(array) ? SP_ENOMEM : SP_EPROTO;

    if (json_is_array(array))
        list = malloc(sizeof *list +
                      json_array_size(array) * sizeof *list->infos);
    if (!list) {
        json_decref(answer);
        return error;
    }
    list->answer = answer;
    list->count = json_array_size(array);
    error = list_decode(array, list);
    if (error == SP_OK)
        *out_list = list;
    else
        sp_list_free(list);
    return error;
}

static enum sp_error list_sessions(struct sp_client *client,
                                   const struct control_request *request,
                                   struct sp_session_list **out_list,
                                   struct sp_result *result)
{
    enum sp_error error;
    json_t *answer;

    result_begin(result);
    if (!client || !out_list)
        return result_refuse(result, SP_EINVAL);
    error = ask(client, request, result, &answer);
    if (error != SP_OK) {
        json_decref(answer);
        return error;
    }
    error = list_take(answer, out_list);
    return error == SP_OK ? SP_OK : result_refuse(result, error);
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

/* ---- modules ---- */

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct module *)left)->name,
                  ((const struct module *)right)->name);
}

static enum sp_error module_decode(const json_t *object, struct module *module)
{
    long long sessions = ask_integer(object, "sessions", 0, UINT_MAX, -1);

    module->name = json_string_value(json_object_get(object, "name"));
    module->path = json_string_value(json_object_get(object, "path"));
    module->is_default = json_is_true(json_object_get(object, "default"));
    if (!module->name || !module->path || sessions < 0)
        return SP_EPROTO;
    module->sessions = (unsigned)sessions;
    return SP_OK;
}

static enum sp_error modules_decode(const json_t *array,
                                    struct sp_module_list *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        enum sp_error error =
            module_decode(json_array_get(array, i), &modules->modules[i]);

        if (error != SP_OK)
            return error;
    }
    qsort(modules->modules, modules->count, sizeof modules->modules[0],
          by_name);
    return SP_OK;
}

enum sp_error sp_modules(struct sp_client *client,
                         struct sp_module_list **out_modules,
                         struct sp_result *result)
{
    struct control_request request = {.op = CONTROL_MODULES};
    struct sp_module_list *modules;
    const json_t *array;
    enum sp_error error;
    json_t *answer;

    result_begin(result);
    if (!client || !out_modules)
        return result_refuse(result, SP_EINVAL);
    error = ask_for_array(client, &request, "modules", &answer, &array, result);
    if (error != SP_OK)
        return error;
    modules = malloc(sizeof *modules +
                     json_array_size(array) * sizeof *modules->modules);
    if (!modules) {
        json_decref(answer);
        return result_refuse(result, SP_ENOMEM);
    }
    modules->answer = answer;
    modules->count = json_array_size(array);
    error = modules_decode(array, modules);
    if (error != SP_OK) {
        sp_modules_free(modules);
        return result_refuse(result, error);
    }
    *out_modules = modules;
    return SP_OK;
}

void sp_modules_free(struct sp_module_list *modules)
{
    if (!modules)
        return;
    json_decref(modules->answer);
    free(modules);
}

size_t sp_modules_count(const struct sp_module_list *modules)
{
    return modules->count;
}

const char *sp_modules_name(const struct sp_module_list *modules, size_t index)
{
    return modules->modules[index].name;
}

const char *sp_modules_path(const struct sp_module_list *modules, size_t index)
{
    return modules->modules[index].path;
}

bool sp_modules_is_default(const struct sp_module_list *modules, size_t index)
{
    return modules->modules[index].is_default;
}

unsigned sp_modules_sessions(const struct sp_module_list *modules, size_t index)
{
    return modules->modules[index].sessions;
}
