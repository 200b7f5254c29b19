/* SPDX-License-Identifier: MIT */
/* supervisor/control.h - the control socket: requests of front ends and spctl.
 * One function an operation of wire/control.h's table. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include <stdbool.h>

struct control;
struct supervisor;

/* Serves listen_fd, which stays the caller's to close.  The supervisor is
 * borrowed.  NULL: no memory. */
struct control *control_create(struct supervisor *supervisor, int listen_fd);
void control_destroy(struct control *control); /* NULL is allowed */

/* Whether all answers have been written. */
bool control_flushed(const struct control *control);

#endif
