/* SPDX-License-Identifier: MIT */
/* spctl new-id: a session ID that nobody can guess. */
#include <stdio.h>

#include <sp/id.h>

#include "command.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"

static enum sp_error run(struct invocation *invocation)
{
    char id[SP_ID_MAX + 1];

    sp_session_id_new(id);
    if (invocation_has(invocation, OPTION_JSON))
        return output_json(json_pack("{s:s}", "id", id));
    puts(id);
    return SP_OK;
}

const struct command command_new_id = {
    .name = "new-id",
    .synopsis = "",
    .summary = "Print a new session ID that nobody can guess.",
    .text = "Prints a random UUID. No session is started, and the supervisor "
            "is not asked.",
    .example = "  id=$(spctl new-id) && spctl start \"$id\"\n",
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
