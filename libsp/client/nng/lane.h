/* SPDX-License-Identifier: MIT */
/* client/nng/lane.h - a connection to a session (or spd) made of nng's own
 * sockets, REQ for calls or PUSH for casts, for who waits.
 *
 * A lane serves one thread at a time (that is its user's to see to): nng 1.5 to
 * 1.7 at least can block for ever, and nng_close() with it, when a connection
 * ends while one thread's message is being sent and another's received (its
 * issues 1543 and 1813). */
#ifndef CLIENT_NNG_LANE_H
#define CLIENT_NNG_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place;
struct sp_result;

enum lane_kind { LANE_CALLS, LANE_CASTS };

enum lane_outcome {
    LANE_OVER,    /* result says what came of it */
    LANE_NOT_RUN, /* the connection ended; it has certainly not run */
    LANE_STALE,   /* nothing was sent, nor will be: take a new lane */
};

struct lane;

/* Opens nothing yet.  id: a session's, or DIAL_CONTROL.  Both are borrowed.
 * NULL: no memory. */
struct lane *lane_create(const struct place *place, const char *id,
                         enum lane_kind kind);
void lane_destroy(struct lane *lane); /* NULL is allowed */

/* Whether it leads to nobody any more: its connection has ended, or the session
 * has, which nng notices late.  What is sent by it then would not run, but that
 * could not be told. */
bool lane_has_ended(struct lane *lane);

/* Sends one message, connecting first if need be.  tag: of what stands before
 * the body; 0: nothing does.  A call waits for its reply.
 * A cast waits until the kernel has all of it, so that closing the client does
 * not lose it; after a time-out nng may still deliver it.  result is written
 * for LANE_OVER. */
enum lane_outcome lane_run(struct lane *lane, char tag, const void *body,
                           size_t size, int64_t deadline,
                           struct sp_result *result);

#endif
