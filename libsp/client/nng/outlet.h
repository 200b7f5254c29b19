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

/* Opens a socket that connects again after at most this time.  0, or nng's
 * error; what was opened then is closed. */
int outlet_open(enum outlet_kind kind, int reconnect_max_ms,
                nng_socket *out_socket);

/* Has it connect to a session, or to spd (DIAL_CONTROL), without waiting.  0,
 * or nng's error.  out_dialer: NULL is allowed. */
int outlet_dial(nng_socket socket, const struct place *place, const char *id,
                nng_dialer *out_dialer);

/* It is not to connect again. */
void outlet_stay(nng_dialer dialer);

/* Whether the peer is whom the place belongs to. */
bool outlet_trusts(const struct place *place, nng_pipe pipe);

/* A message with this tag before its body; 0: with none.  NULL: no memory. */
nng_msg *outlet_message(char tag, const void *body, size_t size);

#endif
