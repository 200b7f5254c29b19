/* SPDX-License-Identifier: MIT */
/* client/dial.h - connect to a socket in the runtime directory, and be sure of
 * who serves it. */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "place.h"

struct sp_result;

/* The supervisor's own socket, where an ID names a session's. */
#define DIAL_CONTROL ""

/* Connects without waiting.  SP_OK: *out_fd is a blocking stream socket, the
 * caller's to close.  SP_EAGAIN: the queue of connections is full; try again.
 * SP_ENOENT: no such session, but a supervisor; SP_ENOSUP: no supervisor;
 * SP_EPERM, SP_ESYSTEM.  An error is set in result, as not sent. */
enum sp_error dial(const struct place *place, const char *id, int *out_fd,
                   struct sp_result *result);

/* Waits between two tries: first 1 ms, then longer, never past the deadline.
 * Nothing says when a queue of connections has room again, so this is by the
 * clock.  False: the deadline has passed. */
struct dial_pause {
    int next_ms;
};
#define DIAL_PAUSE_FIRST ((struct dial_pause){.next_ms = 1})
bool dial_pause(struct dial_pause *pause, int64_t deadline);

/* The same for who does not wait: the milliseconds of the next pause. */
int dial_pause_next(struct dial_pause *pause);

#endif
