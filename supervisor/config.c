/* SPDX-License-Identifier: MIT */
/* The configuration file: inih splits it into sections, names and values; the
 * tables of settings say what they mean.  Anything that is not understood is
 * an error with its line: a misspelt limit must not be a silent default. */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trust.h"

static const char *const shipped[] = {"counter", "echo", "kv"};
#define SHIPPED (sizeof shipped / sizeof shipped[0])

struct parse {
    const char *file;
    FILE *stream;
    struct config *config;
    unsigned line;
    char *text; /* of the first error */
    size_t text_size;
    bool failed;
    /* "section name" of each value seen, to find double ones */
    char (*seen)[160];
    size_t seen_count;
};

__attribute__((format(printf, 3, 4))) static void
fail(struct parse *parse, unsigned line, const char *format, ...)
{
    va_list args;
    int len;

    if (parse->failed)
        return;
    parse->failed = true;
    len = line ? snprintf(parse->text, parse->text_size, "%s:%u: ",
                          parse->file, line)
               : snprintf(parse->text, parse->text_size, "%s: ", parse->file);
    if ((size_t)len >= parse->text_size)
        return;
    va_start(args, format);
    vsnprintf(parse->text + len, parse->text_size - (size_t)len, format, args);
    va_end(args);
}

/* ---- modules ---- */

const struct module_config *config_module(const struct config *config,
                                          const char *name)
{
    for (size_t i = 0; i < config->module_count; i++)
        if (strcmp(config->modules[i].name, name) == 0)
            return &config->modules[i];
    return NULL;
}

static struct module_config *module_make(struct config *config,
                                         const char *name)
{
    struct module_config *module =
        (struct module_config *)config_module(config, name);

    if (module)
        return module;
    if (config->module_count == CONFIG_MODULES_MAX)
        return NULL;
    module = &config->modules[config->module_count];
    memset(module, 0, sizeof *module);
    if (settings_init(module_setting_rows, module_setting_count,
                      &module->settings) < 0)
        return NULL;
    snprintf(module->name, sizeof module->name, "%s", name);
    config->module_count++;
    return module;
}

static int compare_modules(const void *a, const void *b)
{
    return strcmp(((const struct module_config *)a)->name,
                  ((const struct module_config *)b)->name);
}

/* ---- sections and values ---- */

static const char *module_name_of(const char *section)
{
    if (strncmp(section, "module ", 7) != 0)
        return NULL;
    section += 7;
    while (*section == ' ')
        section++;
    return section;
}

static void take_section(struct parse *parse, const char *section)
{
    const char *name = module_name_of(section);
    struct module_config *module;

    if (strcmp(section, "supervisor") == 0)
        return;
    if (!name) {
        fail(parse, parse->line,
             "[%.80s]: there are [supervisor] and [module NAME]", section);
        return;
    }
    if (!sp_id_valid(name, strlen(name))) {
        fail(parse, parse->line,
             "[%.80s]: a module's name is 1 to %d of A-Z a-z 0-9 _ -", section,
             SP_ID_MAX);
        return;
    }
    module = module_make(parse->config, name);
    if (!module)
        fail(parse, parse->line, "[%.80s]: more than %d modules", section,
             CONFIG_MODULES_MAX);
    else if (module->line)
        fail(parse, parse->line, "[%.80s]: stands in line %u already", section,
             module->line);
    else
        module->line = parse->line;
}

static bool seen_before(struct parse *parse, const char *section,
                        const char *name)
{
    char key[sizeof *parse->seen];
    void *grown;

    snprintf(key, sizeof key, "%.80s %.70s", section, name);
    for (size_t i = 0; i < parse->seen_count; i++)
        if (strcmp(parse->seen[i], key) == 0)
            return true;
    grown = reallocarray(parse->seen, parse->seen_count + 1,
                         sizeof *parse->seen);
    if (grown) {
        parse->seen = grown;
        memcpy(parse->seen[parse->seen_count++], key, sizeof key);
    }
    return false;
}

/* inih's handler; 0 is an error. */
static int on_value(void *user, const char *section, const char *name,
                    const char *value)
{
    struct parse *parse = user;
    const char *module_name = module_name_of(section);
    const struct setting *row;
    char text[512];
    void *fields;

    if (parse->failed)
        return 0;
    if (module_name) {
        struct module_config *module = module_make(parse->config, module_name);

        row = setting_find(module_setting_rows, module_setting_count, name);
        fields = module ? &module->settings : NULL;
    } else {
        row = setting_find(supervisor_setting_rows, supervisor_setting_count,
                           name);
        fields = &parse->config->supervisor;
    }
    if (!*section)
        fail(parse, parse->line, "%.80s: stands before any [section]", name);
    else if (!row)
        fail(parse, parse->line, "%.80s: not a setting of [%s]", name,
             module_name ? "module" : section);
    else if (seen_before(parse, section, name))
        fail(parse, parse->line, "%s: is set a second time", name);
    else if (!fields || setting_parse(row, value, fields, text, sizeof text) < 0)
        fail(parse, parse->line, "%s", fields ? text : "out of memory");
    return !parse->failed;
}

/* inih's reader: counts lines, and finds sections, for which inih has no
 * callback. */
static char *read_line(char *to, int size, void *user)
{
    struct parse *parse = user;
    char *end;
    size_t at;

    if (!fgets(to, size, parse->stream))
        return NULL;
    parse->line++;
    if (!strchr(to, '\n') && !feof(parse->stream)) {
        fail(parse, parse->line, "longer than %d bytes", size - 2);
        return NULL;
    }
    at = strspn(to, " \t");
    if (to[at] == '[' && (end = strchr(to + at, ']'))) {
        char section[128];

        snprintf(section, sizeof section, "%.*s", (int)(end - to - (int)at) - 1,
                 to + at + 1);
        take_section(parse, section);
    }
    return parse->failed ? NULL : to;
}

/* ---- the whole ---- */

/* Of settings that exclude each other, while it is known which were given. */
static void check_choices(struct parse *parse)
{
    for (size_t i = 0; i < parse->config->module_count; i++) {
        const struct module_config *module = &parse->config->modules[i];

        if (*module->settings.path && *module->settings.command)
            fail(parse, module->line, "module %s: it has a path and a command: "
                                      "one of them",
                 module->name);
    }
}

static int add_shipped(struct config *config)
{
    config->modules = calloc(CONFIG_MODULES_MAX, sizeof *config->modules);
    if (!config->modules ||
        settings_init(supervisor_setting_rows, supervisor_setting_count,
                      &config->supervisor) < 0)
        return -1;
    for (size_t i = 0; i < SHIPPED; i++)
        if (!module_make(config, shipped[i]))
            return -1;
    return 0;
}

static int replace(char **text, char *by)
{
    if (!by)
        return -1;
    free(*text);
    *text = by;
    return 0;
}

/* Where its file is: its command's, else in module_dir. */
static char *find_path(const struct config *config,
                       const struct module_config *module)
{
    const char *command = module->settings.command;
    char *path;

    if (*command)
        return strndup(command, strcspn(command, " \t"));
    return asprintf(&path, "%s/%s.so", config->supervisor.module_dir,
                    module->name) < 0
               ? NULL
               : path;
}

/* Works out the texts that were not given. */
static int complete(struct config *config, const struct config_places *places)
{
    struct supervisor_settings *settings = &config->supervisor;

    if (!*settings->module_dir &&
        replace(&settings->module_dir, strdup(places->module_dir)) < 0)
        return -1;
    if (!*settings->worker &&
        replace(&settings->worker, strdup(places->worker)) < 0)
        return -1;
    for (size_t i = 0; i < config->module_count; i++) {
        struct module_config *module = &config->modules[i];

        if (!*module->settings.path &&
            replace(&module->settings.path, find_path(config, module)) < 0)
            return -1;
    }
    qsort(config->modules, config->module_count, sizeof *config->modules,
          compare_modules);
    return 0;
}

/* Of a program instead of a shared object. */
static void check_command(struct parse *parse,
                          const struct module_config *module)
{
    const struct module_settings *settings = &module->settings;

    if (!*settings->command)
        return;
    if (access(settings->path, X_OK) < 0)
        fail(parse, module->line, "module %s: command %s: %s", module->name,
             settings->path, strerrordesc_np(errno));
    else if (settings->max_memory_recycle > 0)
        fail(parse, module->line, "module %s: max_memory_recycle is not for a "
                                  "command, which nobody measures",
             module->name);
}

static void check(struct parse *parse)
{
    const struct config *config = parse->config;
    char text[512];

    if (access(config->supervisor.worker, X_OK) < 0)
        fail(parse, 0, "worker %s: %s", config->supervisor.worker,
             strerrordesc_np(errno));
    else if (trust_check(config->supervisor.worker, text, sizeof text) < 0)
        fail(parse, 0, "worker: %s", text);
    if (!config_module(config, config->supervisor.default_module))
        fail(parse, 0, "default_module = %s: there is no [module %s]",
             config->supervisor.default_module,
             config->supervisor.default_module);
    for (size_t i = 0; i < config->module_count; i++) {
        const struct module_config *module = &config->modules[i];

        if (access(module->settings.path, R_OK) < 0)
            fail(parse, module->line, "module %s: %s: %s", module->name,
                 module->settings.path, strerrordesc_np(errno));
        else if (trust_check(module->settings.path, text, sizeof text) < 0)
            fail(parse, module->line, "module %s: %s", module->name, text);
        check_command(parse, module);
    }
}

static void parse_file(struct parse *parse, const char *file)
{
    int line;

    parse->stream = fopen(file, "re");
    if (!parse->stream) {
        fail(parse, 0, "%s", strerrordesc_np(errno));
        return;
    }
    line = ini_parse_stream(read_line, parse, on_value, parse);
    if (line != 0)
        fail(parse, line > 0 ? (unsigned)line : 0,
             "neither [section], name = value, nor a comment");
    if (ferror(parse->stream))
        fail(parse, 0, "cannot be read");
    fclose(parse->stream);
}

int config_load(const char *file, const struct config_places *places,
                struct config *out_config, char *out_text, size_t text_size)
{
    struct config config = {0};
    struct parse parse = {.file = file ? file : "built-in configuration",
                          .config = &config,
                          .text = out_text,
                          .text_size = text_size};

    if (add_shipped(&config) < 0)
        fail(&parse, 0, "out of memory");
    else if (file)
        parse_file(&parse, file);
    if (!parse.failed)
        check_choices(&parse);
    if (!parse.failed && complete(&config, places) < 0)
        fail(&parse, 0, "out of memory");
    if (!parse.failed)
        check(&parse);
    free(parse.seen);
    if (parse.failed) {
        config_fini(&config);
        return -1;
    }
    *out_config = config;
    return 0;
}

void config_drop_modules(struct config *config)
{
    for (size_t i = 0; i < config->module_count; i++)
        settings_fini(module_setting_rows, module_setting_count,
                      &config->modules[i].settings);
    free(config->modules);
    config->modules = NULL;
    config->module_count = 0;
}

void config_fini(struct config *config)
{
    config_drop_modules(config);
    settings_fini(supervisor_setting_rows, supervisor_setting_count,
                  &config->supervisor);
    *config = (struct config){0};
}
