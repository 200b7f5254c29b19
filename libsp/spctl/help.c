/* SPDX-License-Identifier: MIT */
/* --help, made from the tables of commands, options and exit statuses.
 * Callers: main and cmd-help.c. */
#include "help.h"

#include <stdio.h>

#include "about.h"
#include "command.h"
#include "option.h"
#include "outcome.h"
#include "wrap.h"

static void print_options(unsigned options)
{
    char usage[64];

    for (int i = 0; i < OPTIONS; i++) {
        if (!(options & OPTION_BIT(i)))
            continue;
        option_usage((enum option_key)i, usage, sizeof usage);
        wrap_row(usage, option_rows[i].text);
    }
}

static void print_statuses(unsigned errors)
{
    char text[OUTCOME_TEXT_SIZE];

    for (int status = 0; status < OUTCOME_STATUSES; status++) {
        outcome_describe(status, errors, text, sizeof text);
        if (*text) {
            printf("  %2d  ", status);
            wrap_print(6, 6, text);
        }
    }
}

static void print_all(void)
{
    printf("spctl - %s\n\nUsage: spctl %s\n\n", about_summary, about_synopsis);
    wrap_print(0, 0, about_text);
    puts("\nCommands:");
    for (const struct command *const *row = command_rows; *row; row++)
        wrap_row((*row)->name, (*row)->summary);
    puts("\nOptions of all commands:");
    print_options(OPTIONS_GLOBAL);
    puts("\nExit status:");
    print_statuses(OUTCOME_ALL);
    puts("\n\"spctl help COMMAND\" says more about a command.");
}

static void print_command(const struct command *command)
{
    printf("spctl %s - %s\n\nUsage: spctl %s%s%s\n\n", command->name,
           command->summary, command->name, *command->synopsis ? " " : "",
           command->synopsis);
    wrap_print(0, 0, command->text);
    puts("\nOptions:");
    print_options(command->options);
    print_options(OPTIONS_GLOBAL);
    puts("\nExit status (\"spctl help\" lists them all):");
    print_statuses(command->errors | OUTCOME_BIT(SP_OK));
    printf("\nExample:\n%s", command->example);
}

void help_print(const struct command *command)
{
    if (command)
        print_command(command);
    else
        print_all();
}

void help_words(const struct command *command)
{
    unsigned options = OPTIONS_GLOBAL | (command ? command->options : 0);

    if (!command) {
        for (const struct command *const *row = command_rows; *row; row++)
            puts((*row)->name);
        return;
    }
    for (int i = 0; i < OPTIONS; i++)
        if (options & OPTION_BIT(i))
            printf("--%s\n", option_rows[i].name);
}
