/* SPDX-License-Identifier: MIT */
/* spctl info: what the supervisor knows of one session. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "session.h"
#include "wrap.h"

#define LABEL 10

static void print_line(const char *label, const char *text)
{
    printf("%-*s", LABEL, label);
    wrap_print(LABEL, LABEL, text);
}

static void print_people(const struct sp_session_info *info)
{
    char pid[SESSION_PID_SIZE], restarts[16], age[SESSION_AGE_SIZE];

    session_pid(info, pid);
    session_age(info, age);
    snprintf(restarts, sizeof restarts, "%u", sp_info_restarts(info));
    print_line("id", sp_info_id(info));
    print_line("module", sp_info_module(info));
    print_line("state", sp_info_state(info));
    print_line("pid", pid);
    print_line("age", age);
    print_line("restarts", restarts);
    if (*sp_info_last_end(info))
        print_line("last end", sp_info_last_end(info));
}

static enum sp_error run(struct invocation *invocation)
{
    struct sp_session_info *info;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_info(invocation->client, invocation_id(invocation), &info,
                    invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    if (invocation_has(invocation, OPTION_JSON))
        error = output_json(session_json(info));
    else
        print_people(info);
    sp_info_free(info);
    return error;
}

const struct command command_info = {
    .name = "info",
    .synopsis = "ID",
    .summary = "Show what is known of a session.",
    .text = "Prints one line a fact; with --json one object with the keys that "
            "list has.",
    .example = "  spctl info alice\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
