/* SPDX-License-Identifier: MIT */
/* help.h - texts on standard output, for people. */
#ifndef SPCTL_HELP_H
#define SPCTL_HELP_H

struct command;

/* Explains a command, or spctl as a whole for NULL. */
void help_print(const struct command *command);

/* Prints the words that a shell completes, one a line: the options of the
 * command, or all commands for NULL. */
void help_words(const struct command *command);

#endif
