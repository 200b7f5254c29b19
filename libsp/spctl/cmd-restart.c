/* SPDX-License-Identifier: MIT */
/* spctl restart: a fresh process for a session. */
#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "session.h"

static enum sp_error run(struct invocation *invocation)
{
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_restart(invocation->client, invocation_id(invocation),
                       invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    return session_print_pid(invocation);
}

const struct command command_restart = {
    .name = "restart",
    .synopsis = "ID",
    .summary = "Give a session a fresh process and print its process ID.",
    .text =
        "Ends the session's process as stop does, starts another with the "
        "argument of the first start, and waits until its module's init has "
        "succeeded. Its memory is lost; requests that wait are served by the "
        "new process. It does not count as a crash.",
    .example = "  spctl restart alice\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EINIT) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
