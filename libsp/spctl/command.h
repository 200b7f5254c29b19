/* SPDX-License-Identifier: MIT */
/* command.h - what a command is.  Each has a file of its own, cmd-NAME.c, with
 * its row and its function; the list below names them all. */
#ifndef SPCTL_COMMAND_H
#define SPCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/error.h>

struct invocation;

/* X(row), in the order of --help */
#define COMMAND_TABLE(X)                                                       \
    X(start)                                                                   \
    X(stop)                                                                    \
    X(restart)                                                                 \
    X(call)                                                                    \
    X(cast)                                                                    \
    X(broadcast)                                                               \
    X(started)                                                                 \
    X(list)                                                                    \
    X(info)                                                                    \
    X(events)                                                                  \
    X(subscribe)                                                               \
    X(stats)                                                                   \
    X(wait)                                                                    \
    X(pause)                                                                   \
    X(resume)                                                                  \
    X(signal)                                                                  \
    X(touch)                                                                   \
    X(url)                                                                     \
    X(new_id)                                                                  \
    X(modules)                                                                 \
    X(doctor)                                                                  \
    X(ping)                                                                    \
    X(reload)                                                                  \
    X(help)

struct command {
    const char *name;
    const char *synopsis; /* what follows the name */
    const char *summary;  /* one line */
    const char *text;     /* paragraphs, with empty lines between them */
    const char *example;  /* lines as they are typed */
    unsigned options;     /* those of its own: OPTION_BIT() */
    unsigned errors;      /* those worth knowing: OUTCOME_BIT() */
    size_t min_operands;
    size_t max_operands;
    bool about_session; /* its first operand, if there, is a session ID */

    /* Runs it.  What is returned makes the exit status; an error has been told
     * to the user. */
    enum sp_error (*run)(struct invocation *invocation);
};

#define COMMAND_DECLARE_(row) extern const struct command command_##row;
COMMAND_TABLE(COMMAND_DECLARE_)
#undef COMMAND_DECLARE_

/* All commands, then NULL. */
extern const struct command *const command_rows[];

/* The command of this name, or NULL. */
const struct command *command_find(const char *name);

#endif
