/* SPDX-License-Identifier: MIT */
/* The table of options as data.  invocation.c reads a command line by it,
 * help.c and manual.c print it. */
#include "option.h"

#include <assert.h>
#include <stdio.h>

const struct option_row option_rows[OPTIONS] = {
#define OPTION_ROW_(NAME, name, letter, argument, text)                        \
    {name, letter, argument, text},
    OPTION_TABLE(OPTION_ROW_)
#undef OPTION_ROW_
};

static_assert(OPTIONS <= 32, "a set of options is an unsigned");

void option_usage(enum option_key option, char *out, size_t size)
{
    const struct option_row *row = &option_rows[option];
    char letter[] = "-?, ";

    letter[1] = row->letter;
    snprintf(out, size, "%s--%s%s%s", row->letter ? letter : "", row->name,
             row->argument ? " " : "", row->argument ? row->argument : "");
}
