/* SPDX-License-Identifier: MIT */
/* spctl start: one new session.  Its process ID is the answer, as Elixir's
 * {:ok, pid}. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "input.h"
#include "invocation.h"
#include "outcome.h"
#include "session.h"

static enum sp_error fail(const struct invocation *invocation,
                          enum sp_error error)
{
    const struct sp_result *result = invocation->result;
    char text[SP_TEXT_MAX + 64];

    snprintf(text, sizeof text, "%s", sp_result_text(result));
    if (error == SP_EALREADY && sp_result_pid(result) > 0)
        snprintf(text, sizeof text, "%s, as process %ld",
                 sp_result_text(result), (long)sp_result_pid(result));
    return complain_outcome(invocation, error, text);
}

static enum sp_error start(const struct invocation *invocation,
                           const struct input *arg)
{
    enum sp_error error = sp_start(invocation->client,
                                   invocation_id(invocation),
                                   invocation->values[OPTION_MODULE],
                                   arg->bytes, arg->size, invocation->result);

    return error == SP_OK ? SP_OK : fail(invocation, error);
}

static enum sp_error run(struct invocation *invocation)
{
    struct input arg;
    enum sp_error error;

    error = input_argument(invocation, &arg);
    if (error != SP_OK)
        return error;
    error = invocation_open(invocation);
    if (error == SP_OK)
        error = start(invocation, &arg);
    input_fini(&arg);
    if (error != SP_OK)
        return error;
    return session_print_pid(invocation);
}

const struct command command_start = {
    .name = "start",
    .synopsis = "ID [--module MODULE] [--arg ARG | --arg-file FILE]",
    .summary = "Start a session and print its process ID.",
    .text =
        "Starts one process, a session found by its ID from then on, and "
        "waits until its module's init has succeeded. Without --module it is "
        "of the supervisor's default module. The argument is kept: a session "
        "that crashes is restarted with the same one."
        "\n\n"
        "If there is a session of this ID already, nothing is started.",
    .example = "  spctl start alice\n"
               "  spctl start hits --module counter --arg 100\n",
    .options = OPTION_BIT(OPTION_MODULE) | OPTION_BIT(OPTION_ARG) |
               OPTION_BIT(OPTION_ARG_FILE),
    .errors = OUTCOME_BIT(SP_EBADID) | OUTCOME_BIT(SP_EALREADY) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_ELIMIT) |
              OUTCOME_BIT(SP_EINIT) | OUTCOME_BIT(SP_EIGNORED) |
              OUTCOME_BIT(SP_EMODULE) | OUTCOME_BIT(SP_ELOAD) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
