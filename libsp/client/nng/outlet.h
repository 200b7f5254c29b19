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

/* Opens a socket that connects again, at once first and after this time at most
 * later.  message_max: bytes of what it receives.  0, or nng's error; what was
 * opened then is closed. */
int outlet_open(enum outlet_kind kind, int again_ms, size_t message_max,
                nng_socket *out_socket);

/* Has it connect to a session, or to spd (DIAL_CONTROL), without waiting.  0,
 * or nng's error. */
int outlet_dial(nng_socket socket, const struct place *place, const char *id);

/* The same, but it finds nobody any more once the caller has closed *out_door,
 * a descriptor of its own; -1: there is none, since there is no /proc. */
int outlet_dial_by_door(nng_socket socket, const struct place *place,
                        const char *id, int *out_door);

/* What is wanted of a SUB socket: what begins so.  0, or nng's error. */
int outlet_subscribe(nng_socket socket, const void *prefix, size_t size);
/* The opposite; what waits in the socket is dropped. */
void outlet_unsubscribe(nng_socket socket, const void *prefix, size_t size);

/* Whether the peer is whom the place belongs to. */
bool outlet_trusts(const struct place *place, nng_pipe pipe);

/* A message with this tag before its body; 0: with none.  NULL: no memory. */
nng_msg *outlet_message(char tag, const void *body, size_t size);

#endif
