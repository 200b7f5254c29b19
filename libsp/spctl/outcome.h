/* SPDX-License-Identifier: MIT */
/* outcome.h - exit statuses.  They are the `exit` column of SP_ERROR_TABLE in
 * <sp/error.h>; what they mean derives from its texts. */
#ifndef SPCTL_OUTCOME_H
#define SPCTL_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/error.h>

/* 0 to OUTCOME_STATUSES - 1 */
#define OUTCOME_STATUSES 12

/* The exit status of an error. */
int outcome_status(enum sp_error error);

/* Whether the exit status says all that there is to say, so that --quiet drops
 * the message. */
bool outcome_expected(enum sp_error error);

/* What an exit status means, as "no such session; the answer no of started",
 * to out; OUTCOME_TEXT_SIZE is enough.  errors: those to speak of, a set of
 * OUTCOME_BIT(), or OUTCOME_ALL for all and what spctl adds to them.  "" if
 * there is none of this status. */
#define OUTCOME_TEXT_SIZE 512
#define OUTCOME_BIT(error) (1u << (error))
#define OUTCOME_ALL (~0u)
void outcome_describe(int status, unsigned errors, char *out, size_t size);

#endif
