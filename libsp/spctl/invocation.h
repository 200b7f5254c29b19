/* SPDX-License-Identifier: MIT */
/* invocation.h - one run of spctl: what the command line says, and what its
 * command works with. */
#ifndef SPCTL_INVOCATION_H
#define SPCTL_INVOCATION_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/error.h>

#include "option.h"

struct command;
struct sp_client;
struct sp_result;

/* The most operands that a command has. */
#define OPERANDS_MAX 2

struct invocation {
    const struct command *command;      /* NULL if none was named */
    const char *values[OPTIONS];        /* borrowed from argv; NULL: not given,
                                         * "" for an option without argument */
    const char *operands[OPERANDS_MAX]; /* borrowed; NULL beyond the count */
    size_t operand_count;               /* may be over OPERANDS_MAX */
    struct sp_client *client; /* owned; NULL before invocation_open() */
    struct sp_result *result; /* owned; as client */
};

/* Reads the command line.  Operands are not checked yet: they do not matter
 * to --help.  An error has been told to the user. */
enum sp_error invocation_parse(int argc, char **argv,
                               struct invocation *out_invocation);

/* Checks the number of operands, and the session ID.  There is a command.  An
 * error has been told to the user. */
enum sp_error invocation_check(const struct invocation *invocation);

/* Opens the client: for commands that talk to the supervisor or to a session,
 * once they have found nothing wrong with their operands and options.  An
 * error has been told to the user. */
enum sp_error invocation_open(struct invocation *invocation);

/* Closes what invocation_open() has opened. */
void invocation_close(struct invocation *invocation);

/* Whether the option was given. */
bool invocation_has(const struct invocation *invocation,
                    enum option_key option);

/* The session ID that the command is about, or NULL. */
const char *invocation_id(const struct invocation *invocation);

#endif
