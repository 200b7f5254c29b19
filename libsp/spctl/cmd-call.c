/* SPDX-License-Identifier: MIT */
/* spctl call: a request and its reply, byte for byte. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "input.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "progress.h"

/* "2.5" as milliseconds, rounded up: a timeout of more than 0 stays one. */
static bool parse_timeout(const char *text, int *out_ms)
{
    char *end;
    double ms;

    if (strcmp(text, "infinity") == 0) {
        *out_ms = SP_TIMEOUT_INFINITE;
        return true;
    }
    /* strtod also takes signs, hex, exponents and names */
    if (text[strspn(text, "0123456789.")])
        return false;
    ms = strtod(text, &end) * 1000;
    if (*end || end == text || ms > INT_MAX)
        return false;
    *out_ms = (int)ms;
    if (*out_ms < ms)
        (*out_ms)++;
    return true;
}

static enum sp_error timeout_get(const struct invocation *invocation,
                                 int *out_ms)
{
    const char *text = invocation->values[OPTION_TIMEOUT];
    char quoted[QUOTED_SIZE];

    *out_ms = SP_TIMEOUT_DEFAULT;
    if (!text || parse_timeout(text, out_ms))
        return SP_OK;
    complain_quote(quoted, text);
    return complain_usage(invocation->command,
                          "--timeout wants a number of seconds up to %d, or "
                          "infinity, not %s",
                          INT_MAX / 1000, quoted);
}

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
