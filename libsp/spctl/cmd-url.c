/* SPDX-License-Identifier: MIT */
/* spctl url: where a session listens, for other programs that speak to it. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"

static enum sp_error run(struct invocation *invocation)
{
    const char *id = invocation_id(invocation);
    char url[SP_URL_MAX + 1];
    enum sp_error error;

    error = invocation_open(invocation);
    if (error != SP_OK)
        return error;
    error = sp_session_url(invocation->client, id, url, sizeof url);
    if (error != SP_OK)
        return complain_outcome(invocation, error, NULL);
    if (invocation_has(invocation, OPTION_JSON))
        return output_json(json_pack("{s:s, s:s}", "id", id, "url", url));
    puts(url);
    return SP_OK;
}

const struct command command_url = {
    .name = "url",
    .synopsis = "ID",
    .summary = "Print the address of a session.",
    .text =
        "Prints the ipc:// address at which the session of this ID listens. "
        "Any program that speaks nng's REQ, PUSH or SUB there is a client. "
        "Whether there is such a session is not checked.",
    .example = "  nngcat --req --dial \"$(spctl url alice)\" --data 'incr n' "
               "--ascii\n",
    .errors = OUTCOME_BIT(SP_EBADID) | OUTCOME_BIT(SP_ENOSUP),
    .min_operands = 1,
    .max_operands = 1,
    .about_session = true,
    .run = run,
};
