/* SPDX-License-Identifier: MIT */
/* support/raw_peer.h - an SP peer made of a plain socket, that says exactly the
 * bytes it is told to: a client that can misbehave.  What goes wrong on our
 * side, or takes longer than WAIT_MS, fails the test. */
#ifndef SUPPORT_RAW_PEER_H
#define SUPPORT_RAW_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/sp.h"

struct raw_peer {
    int fd;        /* owned, non-blocking */
    struct buf in; /* received, not yet taken */
};

/* A message that was received; ends with raw_message_fini(). */
struct raw_message {
    uint8_t *bytes; /* owned; a NUL that does not count follows them */
    size_t size;
};
void raw_message_fini(struct raw_message *message);

/* Connects, and says nothing. */
void raw_peer_connect(struct raw_peer *out_peer, const char *path);

/* Connects, says which protocol it is, and waits for the right answer. */
void raw_peer_open(struct raw_peer *out_peer, const char *path,
                   enum wire_protocol own);

void raw_peer_close(struct raw_peer *peer);

/* Sends bytes as they are, in one write if the socket takes them. */
void raw_peer_send(struct raw_peer *peer, const void *bytes, size_t size);

/* The same for a peer that may have closed: false if it has. */
bool raw_peer_try_send(struct raw_peer *peer, const void *bytes, size_t size);

/* Sends a frame with this message. */
void raw_peer_send_frame(struct raw_peer *peer, const void *message,
                         size_t size);

/* Sends a request: an id (the top bit is set for you) and a body. */
void raw_peer_send_request(struct raw_peer *peer, uint32_t id,
                           const void *body, size_t size);

/* Receives one frame. */
void raw_peer_recv(struct raw_peer *peer, struct raw_message *out_message);

/* Receives one frame, or finds the connection closed: false. */
bool raw_peer_try_recv(struct raw_peer *peer, struct raw_message *out_message);

/* Receives the reply to a request with this id (and no hop words): its body. */
void raw_peer_recv_reply(struct raw_peer *peer, uint32_t id,
                         struct raw_message *out_body);

/* Sends a request, receives its reply and compares: fails unless `body`. */
void raw_peer_expect(struct raw_peer *peer, uint32_t id, const char *request,
                     const char *body);

/* Waits for the other side to close; what it sends before that is dropped.
 * False: deadline. */
bool raw_peer_wait_closed(struct raw_peer *peer, int timeout_ms);

/* Whether the other side neither sends nor closes for this long.  Only for
 * bounding what must not happen; no test depends on its length. */
bool raw_peer_silent(struct raw_peer *peer, int for_ms);

/* One call on a connection of its own; the reply's body. */
void raw_call(const char *path, const void *request, size_t size,
              struct raw_message *out_body);

#endif
