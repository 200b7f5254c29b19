/* SPDX-License-Identifier: MIT */
/* spctl - manage sessions from a shell.  It stands on the public library alone
 * and shows that this suffices.  Each command is a file, cmd-NAME.c. */
#include <stdio.h>
#include <string.h>

#include <sp/client.h>

#include "command.h"
#include "complaint.h"
#include "help.h"
#include "invocation.h"
#include "outcome.h"
#include "output.h"

static void print_version(void)
{
    printf("spctl %s", SP_VERSION);
    if (strcmp(SP_VERSION, sp_version()) != 0)
        printf(" (libsp %s)", sp_version());
    putchar('\n');
}

static enum sp_error run(struct invocation *invocation)
{
    enum sp_error error;

    if (invocation_has(invocation, OPTION_VERSION)) {
        print_version();
        return SP_OK;
    }
    if (invocation_has(invocation, OPTION_HELP)) {
        help_print(invocation->command);
        return SP_OK;
    }
    if (!invocation->command)
        return complain_usage(NULL, "no command was given");
    error = invocation_check(invocation);
    if (error == SP_OK)
        error = invocation->command->run(invocation);
    invocation_close(invocation);
    return error;
}

int main(int argc, char **argv)
{
    struct invocation invocation;
    enum sp_error error;

    output_init();
    error = invocation_parse(argc, argv, &invocation);
    if (error == SP_OK)
        error = run(&invocation);
    if (!output_finish())
        error = SP_ESYSTEM;
    return outcome_status(error);
}
