/* SPDX-License-Identifier: MIT */
/* spctl touch: an idle time that begins anew. */
#include <sp/client.h>

#include "command.h"
#include "invocation.h"
#include "outcome.h"
#include "session.h"

static enum sp_error run(struct invocation *invocation)
{
    return session_act(invocation, sp_touch);
}

const struct command command_touch = {
    .name = "touch",
    .synopsis = "ID",
    .summary = "Begin a session's idle time anew.",
    .text = "For sessions of a module with idle_timeout: it counts as if the "
            "session "
            "had just had a request. The session itself is not asked.",
    .example = "  spctl touch alice\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
