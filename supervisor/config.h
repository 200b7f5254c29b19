/* SPDX-License-Identifier: MIT */
/* supervisor/config.h - the configuration: settings of spd, and of each module
 * that it offers.  Read whole or not at all. */
#ifndef SUPERVISOR_CONFIG_H
#define SUPERVISOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/id.h>

#include "settings.h"

/* Modules in one configuration. */
#define CONFIG_MODULES_MAX 256

struct module_config {
    char name[SP_ID_MAX + 1];
    struct module_settings settings;
    unsigned line; /* of its section; 0 for a module that ships */
};

struct config {
    struct supervisor_settings supervisor;
    struct module_config *modules; /* owned; ordered by name */
    size_t module_count;
};

/* Where an installation keeps what spd runs: module_dir and worker, unless
 * they are configured. */
struct config_places {
    const char *module_dir;
    const char *worker;
};

/* What a configuration is read from; borrowed texts. */
struct config_source {
    const char *file; /* NULL: none */
    struct config_places places;
};

/* Reads the file (NULL: no file, the defaults alone), checks the whole, and
 * that modules and worker can be read.  -1: out_text is one line, "FILE:LINE:
 * what is wrong"; *out_config is untouched. */
int config_load(const char *file, const struct config_places *places,
                struct config *out_config, char *out_text, size_t text_size);

void config_fini(struct config *config);
/* Frees its modules alone. */
void config_drop_modules(struct config *config);

/* NULL without a module of this name. */
const struct module_config *config_module(const struct config *config,
                                          const char *name);

#endif
