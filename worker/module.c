/* SPDX-License-Identifier: MIT */
/* dlopen and the checks of what it gave. */
#include "module.h"

#include <dlfcn.h>
#include <stdio.h>

const struct sp_module *module_load(const char *path, char *out_text,
                                    size_t text_size)
{
    const struct sp_module *module;
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!object) {
        snprintf(out_text, text_size, "%s", dlerror());
        return NULL;
    }
    module = dlsym(object, SP_MODULE_SYMBOL);
    if (!module) {
        snprintf(out_text, text_size, "%s: not a module: no SP_MODULE(...)",
                 path);
        return NULL;
    }
    if (module->abi != SP_MODULE_ABI || !module->name) {
        snprintf(out_text, text_size,
                 "%s: built for module interface %u, this is %u", path,
                 module->abi, SP_MODULE_ABI);
        return NULL;
    }
    return module;
}
