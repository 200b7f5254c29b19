/* SPDX-License-Identifier: MIT */
/* spctl signal: a signal for a session's process, and for no other that has its
 * number by then. */
#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"

static enum sp_error run(struct invocation *invocation)
{
    const char *signal = invocation->operands[1];
    char quoted[QUOTED_SIZE];
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_signal(invocation->client, invocation_id(invocation), signal,
                      invocation->result);
    if (error == SP_OK)
        return SP_OK;
    if (error != SP_EINVAL)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    complain_quote(quoted, signal);
    return complain_usage(invocation->command, "there is no signal %s", quoted);
}

const struct command command_signal = {
    .name = "signal",
    .synopsis = "ID NAME",
    .summary = "Send a signal to a session's process.",
    .text = "NAME is USR1, SIGUSR1 or another name of kill -l. It reaches the "
            "session's process and no other, even if that ends meanwhile. What "
            "a module does not handle may end the session, which is then a "
            "crash.",
    .example = "  spctl signal alice USR1\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EINVAL) |
              OUTCOME_BIT(SP_EBADID) | OUTCOME_BIT(SP_ETIMEDOUT) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 2,
    .max_operands = 2,
    .about_session = true,
    .run = run,
};
