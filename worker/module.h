/* SPDX-License-Identifier: MIT */
/* worker/module.h - load a module: a stranger's shared object. */
#ifndef WORKER_MODULE_H
#define WORKER_MODULE_H

#include <stddef.h>

#include <sp/module.h>

/* Loads the shared object at path, for good.  NULL: out_text (of text_size
 * bytes) says why. */
const struct sp_module *module_load(const char *path, char *out_text,
                                    size_t text_size);

#endif
