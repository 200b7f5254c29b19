/* SPDX-License-Identifier: MIT */
/* spctl list: all sessions, as a table, as JSON or as bare IDs. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "session.h"
#include "table.h"

/* The ID is last: a long one goes to a line of its own (table.h). */
static const struct table_column columns[] = {
    {"PID", true},      {"STATE", false}, {"MODULE", false},
    {"RESTARTS", true}, {"AGE", true},    {"ID", false},
};

static bool wanted(const struct invocation *invocation,
                   const struct sp_session_info *info)
{
    const char *module = invocation->values[OPTION_MODULE];

    return !module || strcmp(module, sp_info_module(info)) == 0;
}

static enum sp_error print_names(const struct invocation *invocation,
                                 const struct sp_session_list *list)
{
    for (size_t i = 0; i < sp_list_count(list); i++) {
        const struct sp_session_info *info = sp_list_at(list, i);

        if (wanted(invocation, info))
            puts(sp_info_id(info));
    }
    return SP_OK;
}

static enum sp_error print_json(const struct invocation *invocation,
                                const struct sp_session_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < sp_list_count(list); i++) {
        const struct sp_session_info *info = sp_list_at(list, i);

        if (wanted(invocation, info) &&
            json_array_append_new(array, session_json(info)) < 0) {
            json_decref(array);
            array = NULL;
            break;
        }
    }
    return output_json_lines(array);
}

static bool add_row(struct table *table, const struct sp_session_info *info)
{
    char pid[SESSION_PID_SIZE], restarts[16], age[SESSION_AGE_SIZE];

    session_pid(info, pid);
    session_age(info, age);
    snprintf(restarts, sizeof restarts, "%u", sp_info_restarts(info));
    return table_add(table, (const char *[]){pid, sp_info_state(info),
                                             sp_info_module(info), restarts,
                                             age, sp_info_id(info)});
}

static enum sp_error print_table(const struct invocation *invocation,
                                 const struct sp_session_list *list)
{
    struct table *table =
        table_create(columns, sizeof columns / sizeof columns[0]);
    bool ok = table;

    for (size_t i = 0; ok && i < sp_list_count(list); i++) {
        const struct sp_session_info *info = sp_list_at(list, i);

        if (wanted(invocation, info))
            ok = add_row(table, info);
    }
    if (ok)
        table_print(table, output_width());
    table_destroy(table);
    return ok ? SP_OK : complain_outcome(invocation, SP_ENOMEM, NULL);
}

static enum sp_error run(struct invocation *invocation)
{
    struct sp_session_list *list;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_list(invocation->client, &list, invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    if (invocation_has(invocation, OPTION_JSON))
        error = print_json(invocation, list);
    else if (invocation_has(invocation, OPTION_NAMES))
        error = print_names(invocation, list);
    else
        error = print_table(invocation, list);
    sp_list_free(list);
    return error;
}

const struct command command_list = {
    .name = "list",
    .synopsis = "[--module MODULE] [-1 | --names]",
    .summary = "List the sessions.",
    .text =
        "Lists all sessions, or those of one module, in the order of their "
        "IDs. PID is - for a session that has no process at this moment. "
        "STATE is starting, running, stopping, or backoff for one that waits "
        "for its restart. AGE is the time since it was started; a restart "
        "does not begin it anew."
        "\n\n"
        "With --json: an array of objects, one a line, with id, pid (0 for "
        "none), module, state, restarts, age_ms and last_end (why its last "
        "process ended).",
    .example = "  spctl list\n"
               "  spctl list --names --module kv | xargs -n 1 spctl stop --\n",
    .options = OPTION_BIT(OPTION_MODULE) | OPTION_BIT(OPTION_NAMES),
    .errors = OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
