/* SPDX-License-Identifier: MIT */
/* supervisor/control.h - the control socket: requests of front ends and spctl,
 * and events for those who subscribe. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct control;
struct endpoint_counters;
struct supervisor;

/* Serves listen_fd, which stays the caller's to close.  The supervisor is
 * borrowed.  NULL: no memory. */
struct control *control_create(struct supervisor *supervisor, int listen_fd);
void control_destroy(struct control *control); /* NULL is allowed */

/* Whether all answers have been written. */
bool control_flushed(const struct control *control);

/* Sends an event to every subscriber, and answers those who wait for one. */
void control_publish(struct control *control, const char *event, size_t size);

/* Whether this child of spd works for an answer. */
bool control_has_child(const struct control *control, pid_t pid);

const struct endpoint_counters *control_counters(const struct control *control);

#endif
