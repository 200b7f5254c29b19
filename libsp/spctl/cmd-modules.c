/* SPDX-License-Identifier: MIT */
/* spctl modules: what sessions can be made of. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "table.h"

static const struct table_column columns[] = {
    {"NAME", false}, {"DEFAULT", false}, {"SESSIONS", true}, {"PATH", false},
};

static enum sp_error print_names(const struct sp_module_list *modules)
{
    for (size_t i = 0; i < sp_modules_count(modules); i++)
        puts(sp_modules_name(modules, i));
    return SP_OK;
}

static enum sp_error print_json(const struct sp_module_list *modules)
{
    json_t *array = json_array();

    for (size_t i = 0; i < sp_modules_count(modules); i++) {
        json_t *module = json_pack(
            "{s:s, s:s, s:b, s:I}", "name", sp_modules_name(modules, i), "path",
            sp_modules_path(modules, i), "default",
            (int)sp_modules_is_default(modules, i), "sessions",
            (json_int_t)sp_modules_sessions(modules, i));

        if (json_array_append_new(array, module) < 0) {
            json_decref(array);
            array = NULL;
            break;
        }
    }
    return output_json_lines(array);
}

static bool add_row(struct table *table, const struct sp_module_list *modules,
                    size_t index)
{
    char sessions[16];

    snprintf(sessions, sizeof sessions, "%u",
             sp_modules_sessions(modules, index));
    return table_add(table, (const char *[]){
                                sp_modules_name(modules, index),
                                sp_modules_is_default(modules, index) ? "yes"
                                                                      : "-",
                                sessions, sp_modules_path(modules, index)});
}

static enum sp_error print_table(const struct invocation *invocation,
                                 const struct sp_module_list *modules)
{
    struct table *table =
        table_create(columns, sizeof columns / sizeof columns[0]);
    bool ok = table;

    for (size_t i = 0; ok && i < sp_modules_count(modules); i++)
        ok = add_row(table, modules, i);
    if (ok)
        table_print(table, output_width());
    table_destroy(table);
    return ok ? SP_OK : complain_outcome(invocation, SP_ENOMEM, NULL);
}

static enum sp_error run(struct invocation *invocation)
{
    struct sp_module_list *modules;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_modules(invocation->client, &modules, invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    if (invocation_has(invocation, OPTION_JSON))
        error = print_json(modules);
    else if (invocation_has(invocation, OPTION_NAMES))
        error = print_names(modules);
    else
        error = print_table(invocation, modules);
    sp_modules_free(modules);
    return error;
}

const struct command command_modules = {
    .name = "modules",
    .synopsis = "[-1 | --names]",
    .summary = "List the modules that sessions can be started with.",
    .text = "Lists the supervisor's modules in the order of their names, with "
            "the number of sessions of each at this moment. start takes the "
            "default one if it is not told another."
            "\n\n"
            "With --json: an array of objects, one a line, with name, path, "
            "default and sessions.",
    .example = "  spctl modules\n",
    .options = OPTION_BIT(OPTION_NAMES),
    .errors = OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
