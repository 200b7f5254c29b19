/* SPDX-License-Identifier: MIT */
/* spctl resume: the end of a pause. */
#include <sp/client.h>

#include "command.h"
#include "invocation.h"
#include "outcome.h"
#include "session.h"

static enum sp_error run(struct invocation *invocation)
{
    return session_act(invocation, sp_resume);
}

const struct command command_resume = {
    .name = "resume",
    .synopsis = "ID",
    .summary = "Let a paused session go on.",
    .text = "Ends what pause began.",
    .example = "  spctl resume alice\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
