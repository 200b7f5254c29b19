/* SPDX-License-Identifier: MIT */
/* spctl help: texts for people, and the same tables for man and the shell. */
#include <stddef.h>

#include "command.h"
#include "complaint.h"
#include "help.h"
#include "invocation.h"
#include "manual.h"
#include "outcome.h"

static enum sp_error run(struct invocation *invocation)
{
    const char *name = invocation->operands[0];
    const struct command *command = name ? command_find(name) : NULL;
    char quoted[QUOTED_SIZE];

    if (name && !command) {
        complain_quote(quoted, name);
        return complain_usage(NULL, "there is no command %s", quoted);
    }
    if (invocation_has(invocation, OPTION_MAN))
        manual_print();
    else if (invocation_has(invocation, OPTION_WORDS))
        help_words(command);
    else
        help_print(command);
    return SP_OK;
}

const struct command command_help = {
    .name = "help",
    .synopsis = "[COMMAND] [--man | --words]",
    .summary = "Explain spctl, or one command.",
    .text = "Prints what COMMAND --help prints, or an overview.",
    .example = "  spctl help call\n"
               "  spctl help --man | man -l -\n",
    .options = OPTION_BIT(OPTION_MAN) | OPTION_BIT(OPTION_WORDS),
    .errors = OUTCOME_BIT(SP_EINVAL),
    .min_operands = 0,
    .max_operands = 1,
    .run = run,
};
