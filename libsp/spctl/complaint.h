/* SPDX-License-Identifier: MIT */
/* complaint.h - what goes to standard error: one line, "spctl: ", what was
 * wrong, and what to do about it.  Each function returns the error that it was
 * about, so that a caller can say `return complain_...`. */
#ifndef SPCTL_COMPLAINT_H
#define SPCTL_COMPLAINT_H

#include <stddef.h>

#include <sp/error.h>

struct command;
struct invocation;

/* A line about this error. */
__attribute__((format(printf, 2, 3))) enum sp_error
complain(enum sp_error error, const char *format, ...);

/* The command line was wrong: SP_EINVAL.  The line ends with where to read on.
 * command: NULL if none is known. */
__attribute__((format(printf, 2, 3))) enum sp_error
complain_usage(const struct command *command, const char *format, ...);

/* What was asked for came to nothing.  text: the reason; NULL takes
 * sp_strerror().  The line names the session ID, if the command has one, and
 * the usual remedy.  --quiet drops it if the exit status says as much. */
enum sp_error complain_outcome(const struct invocation *invocation,
                               enum sp_error error, const char *text);

/* "text" in quotes to out, printable and cut to fit: for words that the user,
 * or somebody in his name, has given. */
#define QUOTED_SIZE 96
void complain_quote(char out[QUOTED_SIZE], const char *text);

#endif
