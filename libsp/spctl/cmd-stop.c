/* SPDX-License-Identifier: MIT */
/* spctl stop: the end of a session, by its ID or by its process. */
#include <stdio.h>
#include <sys/types.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "process_id.h"

/* The process of --pid; 0 if the session is named by its ID. */
static enum sp_error target(const struct invocation *invocation, pid_t *out_pid)
{
    bool by_pid = invocation_has(invocation, OPTION_PID);

    if (by_pid && invocation_has(invocation, OPTION_DRAIN))
        return complain_usage(invocation->command,
                              "--drain wants the session's ID, not --pid");
    if (by_pid == (invocation_id(invocation) != NULL))
        return complain_usage(invocation->command,
                              "name the session by its ID or by --pid");
    return process_id_get(invocation, out_pid);
}

static enum sp_error fail(const struct invocation *invocation,
                          enum sp_error error, pid_t pid)
{
    char text[64];

    if (error != SP_ENOENT || pid == 0)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    snprintf(text, sizeof text, "no session has process %ld", (long)pid);
    return complain_outcome(invocation, error, text);
}

static enum sp_error run(struct invocation *invocation)
{
    enum sp_error error;
    pid_t pid;

    error = target(invocation, &pid);
    if (error == SP_OK)
        error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    if (pid > 0)
        error = sp_terminate_pid(invocation->client, pid, invocation->result);
    else if (invocation_has(invocation, OPTION_DRAIN))
        error = sp_drain(invocation->client, invocation_id(invocation),
                         SP_TIMEOUT_INFINITE, invocation->result);
    else
        error = sp_terminate(invocation->client, invocation_id(invocation),
                             invocation->result);
    return error == SP_OK ? SP_OK : fail(invocation, error, pid);
}

const struct command command_stop = {
    .name = "stop",
    .synopsis = "ID [--drain] | --pid PID",
    .summary = "End a session for good.",
    .text =
        "Ends a session and waits until its process is gone. What its module "
        "does at the end (its terminate) runs; after the stop deadline, 5 "
        "seconds, the process is killed. It is not restarted."
        "\n\n"
        "With --drain the session first finishes what it has been sent, and "
        "nothing new reaches it from then on. This may take up to the drain "
        "deadline, 30 seconds; then it is ended as without.",
    .example = "  spctl stop alice\n"
               "  spctl stop alice --drain\n",
    .options = OPTION_BIT(OPTION_PID) | OPTION_BIT(OPTION_DRAIN),
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
