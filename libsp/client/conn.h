/* SPDX-License-Identifier: MIT */
/* client/conn.h - one connection to a session (or to spd) as nng's REQ would
 * have it: handshake, frames, requests and their replies by id.
 *
 * A state machine over a connected stream socket.  It never waits, knows no
 * threads and no clock: who drives it says when the socket can be read and
 * written, and decides how long to wait.  The synchronous client (line.h)
 * drives it from its callers' threads, the asynchronous one (link.h) from an
 * event loop.
 *
 * Memory: a request belongs to the caller and is linked in, so that nothing is
 * allocated for a small call; a reply goes to the buffer that the request
 * lends; who reads lends the input buffer, so that an idle connection has none;
 * and the buffer of a reply larger than that grows with the bytes that have
 * arrived, never with the length that was announced. */
#ifndef CLIENT_CONN_H
#define CLIENT_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sp/client.h>

#include "base/buf.h"
#include "wire/sp.h"
#include "wire/tag.h"

/* The largest reply that is accepted unless set. */
#define CONN_REPLY_MAX SP_REPLY_MAX

enum conn_kind {
    CONN_CALL,    /* over when the reply is there */
    CONN_CAST,    /* over when the kernel has the whole frame */
    CONN_CONTROL, /* a call of spd: its bodies carry no marks */
};

enum conn_request_state {
    CONN_REQUEST_OVER,    /* or not yet sent */
    CONN_REQUEST_QUEUED,  /* nothing of its frame is written */
    CONN_REQUEST_STARTED, /* a part is */
    CONN_REQUEST_WRITTEN, /* all is; the reply is awaited */
};

/* What stands before a body: frame header, id, mark. */
#define CONN_HEAD_MAX (WIRE_FRAME_HEADER_SIZE + 4 + WIRE_TAG_SIZE)

struct conn_request {
    /* Set by the caller. */
    enum conn_kind kind;
    const void *body; /* borrowed until it is over */
    size_t size;
    /* It is over.  Called from within the functions below; may call none of
     * them.  What ends with its connection does so in the order in which it was
     * sent. */
    void (*on_over)(struct conn_request *request);

    /* Lent empty; when answered, the body of the reply with an uncounted NUL
     * behind it. */
    struct buf reply;

    /* Valid when it is over.  SP_OK: answered, or a cast that is written. */
    enum sp_error error;
    enum sp_progress progress;

    /* The connection's own. */
    enum conn_request_state state;
    uint32_t id;
    uint8_t head[CONN_HEAD_MAX];
    size_t head_size;
    size_t written;                   /* of head and body */
    struct conn_request *prev, *next; /* conn.queue */
    struct conn_request *chain_prev, *chain_next; /* conn.waiting[] */
};

enum conn_state {
    CONN_HANDSHAKE, /* the peer has not said its handshake yet */
    CONN_OPEN,
    CONN_DEAD, /* nothing is outstanding, nothing more will be read */
};

#define CONN_CHAINS 64 /* a power of two; ids count up, so chains are even */

struct conn {
    int fd; /* owned */
    enum conn_state state;
    bool greeted;    /* the peer has said its handshake */
    bool write_over; /* no byte can or may be written any more */
    bool cut;        /* the last frame was written in part */
    bool into_body;  /* conn_read_room() was body's */
    size_t hello_written;
    uint32_t next_id;
    uint32_t last_id; /* of the last frame that was written whole; 0: none */
    struct conn_request *queue;                /* to be written, in order */
    struct conn_request *waiting[CONN_CHAINS]; /* all that are not over */
    struct buf in; /* the beginning of a frame; else empty, of no size */
    /* A reply that is too large for that and being received. */
    size_t reply_max;              /* bytes of a reply's body; the driver's to
                                    * set, CONN_REPLY_MAX at first */
    size_t body_max;               /* bytes that it may take, else it is
                                    * dropped; the driver's to set */
    uint64_t body_left;            /* 0: there is none */
    struct conn_request *body_for; /* NULL: nobody wants it any more */
    struct buf body;
};

/* Takes over a connected blocking socket. */
void conn_init(struct conn *conn, int fd);

/* Closes the socket.  Nothing may be outstanding. */
void conn_fini(struct conn *conn);

/* Whether a new request could be sent. */
static inline bool conn_usable(const struct conn *conn)
{
    return conn->state != CONN_DEAD && !conn->write_over;
}

/* Sends a request: writes what the kernel takes now, queues the rest.  It is
 * over before this returns when the connection is not usable (SP_EDIED, not
 * sent), and when it is a cast that was written at once. */
void conn_send(struct conn *conn, struct conn_request *request);

/* The same, but writes nothing yet: conn_on_writable() writes what was queued
 * in as few system calls as hold it. */
void conn_queue(struct conn *conn, struct conn_request *request);

/* Ends a request with SP_ETIMEDOUT, unless it is over.  Its reply, should it
 * come, is dropped.  When a part of its frame is written, the connection takes
 * no further ones; the replies to earlier ones can still come. */
void conn_withdraw(struct conn *conn, struct conn_request *request);

/* Whether a request waits for the socket to become writable. */
static inline bool conn_unwritten(const struct conn_request *request)
{
    return request->state == CONN_REQUEST_QUEUED ||
           request->state == CONN_REQUEST_STARTED;
}

/* The socket may be writable: goes on with the queue. */
void conn_on_writable(struct conn *conn);

/* The socket may be readable: reads once, without waiting. */
void conn_on_readable(struct conn *conn);

/* The same in two halves, for a driver that waits in recv() itself: where the
 * next bytes go, in `lent` for the most part, and what recv() returned (with
 * errno, if that was -1).  Between the two, all but reading may go on. */
#define CONN_LENT_SIZE (32 * 1024)
uint8_t *conn_read_room(struct conn *conn, uint8_t *lent, size_t lent_size,
                        size_t *out_size);
void conn_read_done(struct conn *conn, const uint8_t *room, ssize_t got,
                    int error);

#endif
