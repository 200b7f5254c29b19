/* SPDX-License-Identifier: MIT */
/* The list of commands as data: main finds a command in it, help and the
 * manual page print it. */
#include "command.h"

#include <string.h>

const struct command *const command_rows[] = {
#define COMMAND_ROW_(row) &command_##row,
    COMMAND_TABLE(COMMAND_ROW_)
#undef COMMAND_ROW_
        NULL,
};

const struct command *command_find(const char *name)
{
    for (const struct command *const *row = command_rows; *row; row++)
        if (strcmp((*row)->name, name) == 0)
            return *row;
    return NULL;
}
