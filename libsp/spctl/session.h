/* SPDX-License-Identifier: MIT */
/* session.h - what is known of a session, in the forms that `list` and `info`
 * share. */
#ifndef SPCTL_SESSION_H
#define SPCTL_SESSION_H

#include <stddef.h>

#include <jansson.h>
#include <sp/client.h>

/* The session as a new JSON object, or NULL if there is no memory. */
json_t *session_json(const struct sp_session_info *info);

/* Its age in its two largest units, as "3m12s", to out. */
#define SESSION_AGE_SIZE 32
void session_age(const struct sp_session_info *info,
                 char out[SESSION_AGE_SIZE]);

/* Its process, "-" when it has none at this moment, to out. */
#define SESSION_PID_SIZE 16
void session_pid(const struct sp_session_info *info,
                 char out[SESSION_PID_SIZE]);

#endif
