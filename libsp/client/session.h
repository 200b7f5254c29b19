/* SPDX-License-Identifier: MIT */
/* client/session.h - what other files of the client need of session.c. */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include <stdint.h>

#include "client.h"

/* sp_ensure() with a deadline; spec is not NULL. */
enum sp_error session_ensure(struct sp_client *client, const char *id,
                             const struct sp_spec *spec, int64_t deadline,
                             struct sp_result *result);

#endif
