/* SPDX-License-Identifier: MIT */
/* spctl cast: a message that wants no reply. */
#include <sp/client.h>

#include "command.h"
#include "input.h"
#include "invocation.h"
#include "outcome.h"
#include "progress.h"

static enum sp_error run(struct invocation *invocation)
{
    struct input message;
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = input_request(invocation, 1, &message);
    if (error != SP_OK)
        return error;
    error = sp_cast(invocation->client, invocation_id(invocation),
                    message.bytes, message.size, invocation->result);
    input_fini(&message);
    return error == SP_OK ? SP_OK : progress_complain(invocation, error);
}

const struct command command_cast = {
    .name = "cast",
    .synopsis = "ID [MESSAGE]",
    .summary = "Send a message and do not wait for an answer.",
    .text = "Puts MESSAGE, or without it all of standard input, into the "
            "session's queue and prints nothing. Success means that it is in "
            "the queue, not that the session has handled it or likes it.",
    .example = "  spctl cast alice 'append log hello'\n",
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_EDIED) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EAGAIN) |
              OUTCOME_BIT(SP_EMSGSIZE) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 2,
    .about_session = true,
    .run = run,
};
