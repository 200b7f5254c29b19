/* SPDX-License-Identifier: MIT */
/* spctl ping: whether a supervisor answers. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"

static enum sp_error print_answer(const struct invocation *invocation)
{
    const char *dir = sp_client_runtime_dir(invocation->client);
    const char *version = sp_result_data(invocation->result);
    pid_t pid = sp_result_pid(invocation->result);

    if (invocation_has(invocation, OPTION_QUIET))
        return SP_OK;
    if (invocation_has(invocation, OPTION_JSON))
        return output_json(json_pack("{s:s, s:I, s:s}", "version", version,
                                     "pid", (json_int_t)pid, "runtime_dir",
                                     dir));
    printf("spd %s answers in %s, process %ld\n", version, dir, (long)pid);
    return SP_OK;
}

static enum sp_error run(struct invocation *invocation)
{
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_ping(invocation->client, invocation->result);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    return print_answer(invocation);
}

const struct command command_ping = {
    .name = "ping",
    .synopsis = "",
    .summary = "Ask the supervisor for a sign of life.",
    .text = "Prints the version of the supervisor, its runtime directory and "
            "its process ID; with --json as an object with version, pid and "
            "runtime_dir.",
    .example = "  spctl -q ping || systemctl start spd\n",
    .errors = OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
