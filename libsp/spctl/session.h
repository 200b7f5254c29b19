/* SPDX-License-Identifier: MIT */
/* session.h - what is known of a session, in the forms that commands share. */
#ifndef SPCTL_SESSION_H
#define SPCTL_SESSION_H

#include <stdbool.h>

#include <jansson.h>
#include <sp/client.h>

#include "quantity.h"

struct invocation;

/* The session as a new JSON object, or NULL if there is no memory.  detailed:
 * with what its process has used, which has been asked for. */
json_t *session_json(const struct sp_session_info *info, bool detailed);

/* Its state, or "paused". */
const char *session_state(const struct sp_session_info *info);

/* Its process, "-" when it has none at this moment, to out. */
#define SESSION_PID_SIZE 16
void session_pid(const struct sp_session_info *info,
                 char out[SESSION_PID_SIZE]);

/* What a command is that does one thing to the session it names, and prints
 * nothing. */
enum sp_error session_act(struct invocation *invocation,
                          enum sp_error (*act)(struct sp_client *client,
                                               const char *id,
                                               struct sp_result *result));

/* Prints the process that the result of a command has: nothing with --quiet,
 * and without a process only as JSON. */
enum sp_error session_print_pid(const struct invocation *invocation);

#endif
