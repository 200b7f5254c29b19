/* SPDX-License-Identifier: MIT */
/* client/stream.h - what a PUB peer says to who has sent it a subscription, as
 * items.  Pure: bytes in, items out; knows no socket.  It decides nothing about
 * memory but that a message over `max` is dropped, and its buffer grows with
 * the bytes that have arrived, never with the length that was announced. */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct stream {
    struct buf in;
    size_t used;   /* of `in`: the item that was given last */
    uint64_t skip; /* bytes of a message that is dropped, still to come */
    bool greeted;  /* the peer has said its handshake */
    bool begun;    /* it has answered the subscription */
    bool bad;      /* it has said what it may not */
};

#define STREAM_EMPTY ((struct stream){0})
void stream_fini(struct stream *stream);

/* Where the next bytes go; stream_commit() counts them.  NULL: no memory. */
uint8_t *stream_room(struct stream *stream, size_t *out_size);
void stream_commit(struct stream *stream, size_t got);

enum stream_item_kind {
    STREAM_NOTHING, /* more bytes are needed */
    STREAM_BEGUN,   /* once: messages follow */
    STREAM_MESSAGE, /* data, size */
    STREAM_LOST,    /* `lost` messages, one at least */
    STREAM_BAD,     /* the peer speaks no language of ours; for ever */
};

struct stream_item {
    enum stream_item_kind kind;
    const uint8_t *data; /* valid until the stream is used again */
    size_t size;
    uint64_t lost;
};

/* Takes the next item.  max: bytes of the largest message that is wanted; a
 * larger one is an item of one that is lost. */
struct stream_item stream_next(struct stream *stream, size_t max);

/* Gives back the memory of what was taken, if nothing is left. */
void stream_relax(struct stream *stream);

#endif
