/* SPDX-License-Identifier: MIT */
/* spctl started: yes or no, above all as the exit status. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"

static enum sp_error print_answer(const struct invocation *invocation,
                                  bool started)
{
    if (invocation_has(invocation, OPTION_QUIET))
        return SP_OK;
    if (invocation_has(invocation, OPTION_JSON))
        return output_json(json_pack("{s:s, s:b}", "id",
                                     invocation_id(invocation), "started",
                                     (int)started));
    puts(started ? "yes" : "no");
    return SP_OK;
}

static enum sp_error run(struct invocation *invocation)
{
    enum sp_error error;
    bool started;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_started(invocation->client, invocation_id(invocation), &started,
                       invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    error = print_answer(invocation, started);
    if (error == SP_OK && !started)
        error = SP_ENOENT;
    return error;
}

const struct command command_started = {
    .name = "started",
    .synopsis = "ID",
    .summary = "Tell whether there is a session of this ID.",
    .text = "Prints yes, with exit status 0, or no, with exit status 1; with "
            "--quiet it leaves it to the exit status. A session that is "
            "starting, being restarted or stopping counts as started.",
    .example = "  spctl -q started alice || spctl start alice\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
