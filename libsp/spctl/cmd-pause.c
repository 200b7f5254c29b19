/* SPDX-License-Identifier: MIT */
/* spctl pause: a process that stands still. */
#include <sp/client.h>

#include "command.h"
#include "invocation.h"
#include "outcome.h"
#include "session.h"

static enum sp_error run(struct invocation *invocation)
{
    return session_act(invocation, sp_pause);
}

const struct command command_pause = {
    .name = "pause",
    .synopsis = "ID",
    .summary = "Stop a session's process where it is.",
    .text =
        "The process uses no CPU until resume lets it go on; its memory stays. "
        "What is sent to the session meanwhile waits, and callers with it, "
        "up to their timeouts.",
    .example = "  spctl pause alice\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
