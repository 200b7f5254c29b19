/* SPDX-License-Identifier: MIT */
/* The modules that spd lists, out of its answer, and in the order that callers
 * are promised. */
#include "modules.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

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

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct module *)left)->name,
                  ((const struct module *)right)->name);
}

static enum sp_error module_decode(const json_t *object, struct module *module)
{
    static const char *const required[] = {"name", "path", "sessions", NULL};
    long long sessions = 0;

    module->is_default = false;
    if (!fields_present(object, required) ||
        !field_text(object, "name", &module->name) ||
        !field_text(object, "path", &module->path) ||
        !field_flag(object, "default", &module->is_default) ||
        !field_number(object, "sessions", 0, UINT_MAX, &sessions))
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

enum sp_error modules_take(json_t *answer, struct sp_module_list **out_modules)
{
    const json_t *array;
    size_t count;
    bool good = field_list(answer, "modules", &array, &count);
    struct sp_module_list *modules =
        good ? malloc(sizeof *modules + count * sizeof *modules->modules)
             : NULL;
    enum sp_error error;

    if (!modules) {
        json_decref(answer);
        return good ? SP_ENOMEM : SP_EPROTO;
    }
    modules->answer = answer;
    modules->count = count;
    error = modules_decode(array, modules);
    if (error == SP_OK)
        *out_modules = modules;
    else
        sp_modules_free(modules);
    return error;
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
