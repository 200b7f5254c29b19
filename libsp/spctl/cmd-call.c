/* SPDX-License-Identifier: MIT */
/* spctl call: a request and its reply, byte for byte. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "input.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "progress.h"
#include "timeout.h"

static void print_reply(const struct sp_result *result)
{
    const char *data = sp_result_data(result);
    size_t size = sp_result_size(result);

    fwrite(data, 1, size, stdout);
    if (output_is_terminal() && size > 0 && data[size - 1] != '\n')
        putchar('\n');
}

static enum sp_error run(struct invocation *invocation)
{
    struct input request;
    enum sp_error error;
    int timeout_ms;

    error = timeout_get(invocation, &timeout_ms);
    if (error == SP_OK)
        error = invocation_open(invocation);
    if (error == SP_OK)
        error = input_request(invocation, 1, &request);
    if (error != SP_OK)
        return error;
    error = sp_call(invocation->client, invocation_id(invocation),
                    request.bytes, request.size, timeout_ms,
                    invocation->result);
    input_fini(&request);
    if (error != SP_OK)
        return progress_complain(invocation, error);
    print_reply(invocation->result);
    return SP_OK;
}

const struct command command_call = {
    .name = "call",
    .synopsis = "ID [REQUEST] [--timeout SECONDS]",
    .summary = "Send a request and print the reply.",
    .text =
        "Sends REQUEST to the session, waits for its reply and prints it. "
        "Without REQUEST all of standard input is sent, every byte of it, up "
        "to 1 GiB: what printf writes, or a file. What requests there are "
        "is up to the session's module."
        "\n\n"
        "If the session dies meanwhile, this is known at once, and the message "
        "says whether the request may have run. After a timeout it may still "
        "run; its reply is dropped.",
    .example = "  spctl call alice 'put greeting hello'\n"
               "  spctl call alice 'get greeting'\n"
               "  printf 'put photo ' | cat - photo.jpg | spctl call alice\n",
    .options = OPTION_BIT(OPTION_TIMEOUT),
    .errors = OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_EBADID) |
              OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_EDIED) |
              OUTCOME_BIT(SP_EREPLY) | OUTCOME_BIT(SP_EREQUEST) |
              OUTCOME_BIT(SP_ENOSUP) | OUTCOME_BIT(SP_EAGAIN) |
              OUTCOME_BIT(SP_EMSGSIZE) | OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 2,
    .about_session = true,
    .run = run,
};
