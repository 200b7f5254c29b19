/* SPDX-License-Identifier: MIT */
/* client/nng/outlet.h - an nng socket that leads to a session, or to spd: what
 * lanes, whose users wait, and strands, whose users do not, have in common. */
#ifndef CLIENT_NNG_OUTLET_H
#define CLIENT_NNG_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include <nng/nng.h>

struct place;

enum outlet_kind {
    OUTLET_CALLS, /* REQ, which never resends */
    OUTLET_CASTS, /* PUSH */
    OUTLET_NEWS,  /* SUB, to be told what by outlet_subscribe() */
};

/* What may be received from a session, or from spd (DIAL_CONTROL). */
size_t outlet_message_max(const struct place *place, const char *id);

/* Opens a socket that tries to connect until it has succeeded, at once first
 * and after this time at most later.  message_max: bytes of what it receives.
 * 0, or nng's error; what was opened then is closed. */
int outlet_open(enum outlet_kind kind, int again_ms, size_t message_max,
                nng_socket *out_socket);

/* Has it connect to a session, or to spd (DIAL_CONTROL), without waiting.  0,
 * or nng's error.
 *
 * When a connection ends, nng makes the next, and where there is nobody to
 * connect to it tries again and again, half the time at once.  Each try that
 * fails leaves a descriptor to nng's one reaper, which takes the longer for
 * each the more there are: when many sessions end at once, nng 1.5.2 can open
 * them faster than it closes them, until the program has none left.  So the
 * dialer is to be closed when nng tells of the connection's end
 * (NNG_PIPE_EV_REM_POST): nng dials after that. */
int outlet_dial(nng_socket socket, const struct place *place, const char *id,
                nng_dialer *out_dialer);

/* What is wanted of a SUB socket: what begins so.  0, or nng's error. */
int outlet_subscribe(nng_socket socket, const void *prefix, size_t size);
/* The opposite; what waits in the socket is dropped. */
void outlet_unsubscribe(nng_socket socket, const void *prefix, size_t size);

/* Whether the peer is whom the place belongs to. */
bool outlet_trusts(const struct place *place, nng_pipe pipe);

/* A message with this tag before its body; 0: with none.  NULL: no memory. */
nng_msg *outlet_message(char tag, const void *body, size_t size);

#endif
