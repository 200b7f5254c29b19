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

static const struct table_column long_columns[] = {
    {"PID", true},    {"STATE", false}, {"MODULE", false}, {"RESTARTS", true},
    {"AGE", true},    {"IDLE", true},   {"CALLS", true},   {"CPU", true},
    {"MEMORY", true}, {"ID", false},
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
    bool detailed = invocation_has(invocation, OPTION_LONG);
    json_t *array = json_array();

    for (size_t i = 0; i < sp_list_count(list); i++) {
        const struct sp_session_info *info = sp_list_at(list, i);

        if (wanted(invocation, info) &&
            json_array_append_new(array, session_json(info, detailed)) < 0) {
            json_decref(array);
            array = NULL;
            break;
        }
    }
    return output_json_lines(array);
}

static bool add_row(struct table *table, const struct sp_session_info *info)
{
    char pid[SESSION_PID_SIZE], restarts[16], age[QUANTITY_SIZE];

    session_pid(info, pid);
    quantity_time(sp_info_age_ms(info), age);
    snprintf(restarts, sizeof restarts, "%u", sp_info_restarts(info));
    return table_add(table, (const char *[]){pid, session_state(info),
                                             sp_info_module(info), restarts,
                                             age, sp_info_id(info)});
}

static bool add_long_row(struct table *table,
                         const struct sp_session_info *info)
{
    char pid[SESSION_PID_SIZE], restarts[16], calls[32], age[QUANTITY_SIZE];
    char idle[QUANTITY_SIZE], cpu[QUANTITY_SIZE], memory[QUANTITY_SIZE];

    session_pid(info, pid);
    quantity_time(sp_info_age_ms(info), age);
    quantity_time(sp_info_idle_ms(info), idle);
    quantity_time(sp_info_cpu_ms(info), cpu);
    quantity_memory(sp_info_memory_kb(info), memory);
    snprintf(restarts, sizeof restarts, "%u", sp_info_restarts(info));
    snprintf(calls, sizeof calls, "%llu", sp_info_calls(info));
    return table_add(table,
                     (const char *[]){pid, session_state(info),
                                      sp_info_module(info), restarts, age, idle,
                                      calls, cpu, memory, sp_info_id(info)});
}

static enum sp_error print_table(const struct invocation *invocation,
                                 const struct sp_session_list *list)
{
    bool detailed = invocation_has(invocation, OPTION_LONG);
    struct table *table =
        detailed ? table_create(long_columns,
                                sizeof long_columns / sizeof long_columns[0])
                 : table_create(columns, sizeof columns / sizeof columns[0]);
    bool ok = table;

    for (size_t i = 0; ok && i < sp_list_count(list); i++) {
        const struct sp_session_info *info = sp_list_at(list, i);

        if (wanted(invocation, info))
            ok = (detailed ? add_long_row : add_row)(table, info);
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
    error = (invocation_has(invocation, OPTION_LONG)
                 ? sp_list_detailed
                 : sp_list)(invocation->client, &list, invocation->result);
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
    .synopsis = "[--module MODULE] [-l | --long | -1 | --names]",
    .summary = "List the sessions.",
    .text =
        "Lists all sessions, or those of one module, in the order of their "
        "IDs. PID is - for a session that has no process at this moment. "
        "STATE is starting, running, paused, restarting, stopping, or backoff "
        "for one that waits for its restart. AGE is the time since it was "
        "started; a restart does not begin it anew."
        "\n\n"
        "--long adds IDLE, the time since it last did something; the CALLS "
        "that its present process has handled; and the CPU time and the "
        "resident MEMORY of that."
        "\n\n"
        "With --json: an array of objects, one a line, with id, pid (0 for "
        "none), module, state, restarts, age_ms, last_end (why its last "
        "process ended), uid and paused; with --long also all the rest that "
        "info explains.",
    .example = "  spctl list\n"
               "  spctl list --names --module kv | xargs -n 1 spctl stop --\n",
    .options = OPTION_BIT(OPTION_MODULE) | OPTION_BIT(OPTION_LONG) |
               OPTION_BIT(OPTION_NAMES),
    .errors = OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
