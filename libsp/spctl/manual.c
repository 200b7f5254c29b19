/* SPDX-License-Identifier: MIT */
/* Writes roff with the macros of man(7).  Caller: cmd-help.c, which the build
 * runs to make spctl.1. */
#include "manual.h"

#include <stdio.h>

#include <sp/version.h>

#include "about.h"
#include "command.h"
#include "option.h"
#include "outcome.h"

/* Prints text so that roff takes none of it for its own; an empty line begins
 * a new paragraph. */
static void print_text(const char *text)
{
    char last = '\n';

    for (; *text; last = *text++) {
        if (last == '\n' && *text == '\n')
            fputs(".PP\n", stdout);
        else if (last == '\n' && (*text == '.' || *text == '\''))
            printf("\\&%c", *text);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
    if (last != '\n')
        putchar('\n');
}

static void print_row(const char *label, const char *text)
{
    fputs(".TP\n.B ", stdout);
    print_text(label);
    print_text(text);
}

static void print_options(unsigned options)
{
    char usage[64];

    for (int i = 0; i < OPTIONS; i++) {
        if (!(options & OPTION_BIT(i)))
            continue;
        option_usage((enum option_key)i, usage, sizeof usage);
        print_row(usage, option_rows[i].text);
    }
}

static void print_command(const struct command *command)
{
    printf(".SS %s%s", command->name, *command->synopsis ? " " : "\n");
    print_text(command->synopsis);
    print_text(command->text);
    print_options(command->options);
    fputs(".PP\nExample:\n.PP\n.nf\n", stdout);
    print_text(command->example);
    fputs(".fi\n", stdout);
}

static void print_statuses(void)
{
    char text[OUTCOME_TEXT_SIZE];
    char label[16];

    for (int status = 0; status < OUTCOME_STATUSES; status++) {
        outcome_describe(status, OUTCOME_ALL, text, sizeof text);
        snprintf(label, sizeof label, "%d", status);
        print_row(label, text);
    }
}

void manual_print(void)
{
    printf(".TH SPCTL 1 \"\" \"libsp %s\" \"libsp\"\n", SP_VERSION);
    fputs(".SH NAME\nspctl \\- ", stdout);
    print_text(about_summary);
    fputs(".SH SYNOPSIS\n.B spctl\n", stdout);
    print_text(about_synopsis);
    puts(".SH DESCRIPTION");
    print_text(about_text);
    puts(".SH OPTIONS\nAll commands take these.");
    print_options(OPTIONS_GLOBAL);
    puts(".SH COMMANDS");
    for (const struct command *const *row = command_rows; *row; row++)
        print_command(*row);
    puts(".SH OUTPUT");
    print_text(about_output);
    puts(".SH EXIT STATUS");
    print_statuses();
    puts(".SH ENVIRONMENT");
    for (const struct about_row *row = about_environment; row->name; row++)
        print_row(row->name, row->text);
    puts(".SH SEE ALSO");
    print_text(about_see_also);
}
