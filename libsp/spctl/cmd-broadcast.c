/* SPDX-License-Identifier: MIT */
/* spctl broadcast: one request or message to many sessions. */
#include <stdio.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "input.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"
#include "timeout.h"

/* ---- printing ---- */

static void print_replies(const struct sp_answers *answers)
{
    for (size_t i = 0; i < sp_answers_count(answers); i++) {
        if (sp_answers_error(answers, i) != SP_OK)
            continue;
        printf("%s\t", sp_answers_id(answers, i));
        fwrite(sp_answers_data(answers, i), 1, sp_answers_size(answers, i),
               stdout);
        putchar('\n');
    }
}

static json_t *answer_json(const struct sp_answers *answers, size_t i)
{
    enum sp_error error = sp_answers_error(answers, i);

    return json_pack("{s:s, s:i, s:s, s:s, s:o}", "id",
                     sp_answers_id(answers, i), "error", (int)error, "name",
                     sp_error_name(error), "text", sp_answers_text(answers, i),
                     "reply", output_bytes(sp_answers_data(answers, i),
                                           sp_answers_size(answers, i)));
}

static enum sp_error print_json(const struct sp_answers *answers)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < sp_answers_count(answers); i++)
        if (json_array_append_new(array, answer_json(answers, i)) < 0) {
            json_decref(array);
            array = NULL;
        }
    return output_json_lines(array);
}

/* The first failure makes the exit status; each is told. */
static enum sp_error complain_all(const struct invocation *invocation,
                                  const struct sp_answers *answers)
{
    enum sp_error first = SP_OK;

    for (size_t i = 0; i < sp_answers_count(answers); i++) {
        enum sp_error error = sp_answers_error(answers, i);

        if (first == SP_OK)
            first = error;
        if (error != SP_OK && !(invocation_has(invocation, OPTION_QUIET) &&
                                outcome_expected(error)))
            complain(error, "%s: %s", sp_answers_id(answers, i),
                     sp_answers_text(answers, i));
    }
    return first;
}

/* ---- running ---- */

static enum sp_error ask_all(struct invocation *invocation, int timeout_ms,
                             const struct input *request,
                             struct sp_answers **out_answers)
{
    struct sp_choice choice = {invocation->values[OPTION_MODULE],
                               invocation->operands[0]};
    enum sp_error error =
        (invocation_has(invocation, OPTION_CAST) ? sp_cast_all : sp_call_all)(
            invocation->client, &choice, request->bytes, request->size,
            timeout_ms, out_answers, invocation->result);

    if (error == SP_EINVAL)
        return complain(error, "broadcast: a pattern of more than %d bytes, or "
                               "a channel other than the local one",
                        SP_PATTERN_MAX);
    if (error != SP_OK)
        return complain_outcome(invocation, error,
                                sp_result_text(invocation->result));
    return SP_OK;
}

static enum sp_error run(struct invocation *invocation)
{
    struct sp_answers *answers;
    struct input request;
    enum sp_error error, failed;
    int timeout_ms;

    error = timeout_get(invocation, &timeout_ms);
    if (error == SP_OK)
        error = invocation_open(invocation);
    if (error == SP_OK)
        error = input_request(invocation, 1, &request);
    if (error != SP_OK)
        return error;
    error = ask_all(invocation, timeout_ms, &request, &answers);
    input_fini(&request);
    if (error != SP_OK)
        return error;
    if (invocation_has(invocation, OPTION_JSON))
        error = print_json(answers);
    else if (!invocation_has(invocation, OPTION_CAST))
        print_replies(answers);
    failed = complain_all(invocation, answers);
    sp_answers_free(answers);
    return error == SP_OK ? failed : error;
}

const struct command command_broadcast = {
    .name = "broadcast",
    .synopsis = "PATTERN [REQUEST] [--cast] [--module MODULE]",
    .summary = "Send a request to many sessions.",
    .text =
        "Sends REQUEST, or without it all of standard input, to all sessions "
        "whose IDs match PATTERN, where * stands for any characters, ? for one "
        "and [abc] for one of these; with --module to those of this module "
        "alone. Prints for each session its ID, a tab, its reply and a "
        "newline, in the order of the IDs. With --cast it sends a message and "
        "waits for no replies."
        "\n\n"
        "Sessions that fail are told by name on standard error, and the exit "
        "status is that of the first; it is 0 if there are none. No session "
        "waits for another."
        "\n\n"
        "With --json: an array of objects, one a line, with id, error (0: "
        "none), name and text of the error, and reply: a string, or where it "
        "is not UTF-8 an array with the number of each byte.",
    .example = "  spctl broadcast '*' 'get n' --module kv\n"
               "  spctl broadcast 'user-*' --cast 'put notice maintenance'\n",
    .options = OPTION_BIT(OPTION_MODULE) | OPTION_BIT(OPTION_CAST) |
               OPTION_BIT(OPTION_TIMEOUT),
    .errors = OUTCOME_BIT(SP_ETIMEDOUT) | OUTCOME_BIT(SP_EDIED) |
              OUTCOME_BIT(SP_EREPLY) | OUTCOME_BIT(SP_EREQUEST) |
              OUTCOME_BIT(SP_ENOENT) | OUTCOME_BIT(SP_ENOSUP) |
              OUTCOME_BIT(SP_EAGAIN) | OUTCOME_BIT(SP_EMSGSIZE) |
              OUTCOME_BIT(SP_EPERM),
    .min_operands = 1,
    .max_operands = 2,
    .run = run,
};
