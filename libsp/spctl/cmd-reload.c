/* SPDX-License-Identifier: MIT */
/* spctl reload: the supervisor's configuration, read anew. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"

static enum sp_error run(struct invocation *invocation)
{
    unsigned changed, added, removed;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_reload(invocation->client, &changed, &added, &removed,
                      invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    if (invocation_has(invocation, OPTION_QUIET))
        return SP_OK;
    if (invocation_has(invocation, OPTION_JSON))
        return output_json(json_pack("{s:I, s:I, s:I}", "changed",
                                     (json_int_t)changed, "added",
                                     (json_int_t)added, "removed",
                                     (json_int_t)removed));
    printf("modules: %u changed, %u added, %u removed\n", changed, added,
           removed);
    return SP_OK;
}

const struct command command_reload = {
    .name = "reload",
    .synopsis = "",
    .summary = "Have the supervisor read its configuration anew.",
    .text = "It is taken whole or not at all: if anything in it is wrong, exit "
            "status 2 and a message with file and line say so, and nothing "
            "changes. Sessions that are there keep what they were started "
            "with. Prints how many modules were changed, added and removed; "
            "with --json as an object. SIGHUP to spd does the same.",
    .example = "  spctl reload\n",
    .errors = OUTCOME_BIT(SP_EINVAL) | OUTCOME_BIT(SP_ETIMEDOUT) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
