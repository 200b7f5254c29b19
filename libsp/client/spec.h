/* SPDX-License-Identifier: MIT */
/* client/spec.h - what a session is started from, as a question to spd. */
#ifndef CLIENT_SPEC_H
#define CLIENT_SPEC_H

#include <sp/client.h>

#include "wire/control.h"

/* SP_OK, SP_EINVAL for a NULL argument with a size, SP_EMSGSIZE for one that no
 * spd takes, SP_EMODULE for what is no module's name. */
enum sp_error spec_check(const struct sp_spec *spec);

/* The question that starts it.  The spec has been checked, the ID is valid, and
 * the argument is borrowed. */
struct control_request spec_question(const struct sp_spec *spec,
                                     const char *id);

#endif
