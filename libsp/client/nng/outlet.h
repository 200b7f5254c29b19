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
};

/* Opens a socket.  again_ms: it connects again, at once first and after this
 * time at most later; OUTLET_ONCE: it is not to.  (nng 1.5 does all the same,
 * half the time, once and at once: its chance has a sign.)  0, or nng's error;
 * what was opened then is closed. */
#define OUTLET_ONCE 0
int outlet_open(enum outlet_kind kind, int again_ms, nng_socket *out_socket);

/* Has it connect to a session, or to spd (DIAL_CONTROL), without waiting.  0,
 * or nng's error. */
int outlet_dial(nng_socket socket, const struct place *place, const char *id);

/* Whether the peer is whom the place belongs to. */
bool outlet_trusts(const struct place *place, nng_pipe pipe);

/* A message with this tag before its body; 0: with none.  NULL: no memory. */
nng_msg *outlet_message(char tag, const void *body, size_t size);

#endif
