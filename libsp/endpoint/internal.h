/* SPDX-License-Identifier: MIT */
/* endpoint/internal.h - what endpoint.c (listener), drain.c (its end), peer.c
 * (one connection), peer_write.c (what it writes), request.c (one message),
 * subscriber.c (what is published) and call.c (where a reply goes) know of each
 * other.  Each calls those behind it; upwards only what is named here is used.
 */
#ifndef ENDPOINT_INTERNAL_H
#define ENDPOINT_INTERNAL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "endpoint/endpoint.h"
#include "wire/sp.h"

/* A peer's share of one turn of the loop: what one read may bring, how many
 * reads there are in the middle of a large frame, and how many frames are
 * handled before the others have their turn. */
#define PEER_READ_SIZE (64 * 1024)
#define PEER_READ_LARGE (512 * 1024) /* in the middle of a large frame */
#define PEER_READS_A_TURN 4
#define PEER_FRAMES_A_TURN 64
/* After so many of them an eager endpoint writes the answers. */
#define PEER_FRAMES_A_WRITE 32
/* What an idle connection may keep of its buffers. */
#define PEER_BUFFER_KEEP 4096
/* A read that brings more is a burst: what it has made grow is given back to
 * the kernel a while later, and again while bursts go on. */
#define ENDPOINT_BURST_SIZE 8192
#define ENDPOINT_BURST_MS 1000

#define ENDPOINT_MAGIC 0x53506570u
#define PEER_MAGIC 0x53507065u
#define CALL_MAGIC 0x5350636cu

/*   state      | leaves it by
 *   HANDSHAKE  | eight good bytes: OPEN; bad or late ones: DEAD
 *   OPEN       | end of file, bad or late frame: DEAD;
 *              | end of file while draining: ANSWERING;
 *              | a message over the limit: CLOSING
 *   ANSWERING  | reads nothing more; all calls answered, and the answers
 *              | written: DEAD
 *   CLOSING    | reads nothing more; output written: DEAD
 *   DEAD       | freed between two turns                                   */
enum peer_state {
    PEER_HANDSHAKE,
    PEER_OPEN,
    PEER_ANSWERING,
    PEER_CLOSING,
    PEER_DEAD
};

struct peer {
    uint32_t magic;
    enum peer_state state;
    struct endpoint *endpoint; /* borrowed */
    TAILQ_ENTRY(peer) link;    /* endpoint.peers, longest idle first; or .dead */
    TAILQ_ENTRY(peer) turn;    /* endpoint.turns */
    TAILQ_ENTRY(peer) flush;   /* endpoint.flushes */
    bool in_turns;
    bool in_flushes;
    bool reading; /* the readable event is added */
    bool timed;   /* the timer is */
    int fd;       /* owned; -1 once dead */
    enum wire_protocol own;
    struct event readable;
    struct event writable;
    struct event timer; /* handshake or begun frame */
    struct buf in;      /* bytes read and not yet handled */
    struct buf out;     /* bytes to write */
    LIST_HEAD(, endpoint_call) calls;
    unsigned call_count;
    struct interest *interest; /* owned; of a SUB peer that said what it wants */
};

struct endpoint_call {
    uint32_t magic;
    struct peer *peer; /* borrowed; NULL once the client has gone */
    LIST_ENTRY(endpoint_call) link; /* peer.calls, or endpoint.orphans */
    struct endpoint *endpoint; /* borrowed; NULL once that has gone */
    uint8_t header[WIRE_REQUEST_HEADER_MAX];
    size_t header_size;
};

TAILQ_HEAD(peer_list, peer);

struct endpoint {
    uint32_t magic;
    struct event_base *base; /* borrowed */
    int fd;                  /* borrowed */
    struct event acceptable;
    struct event resume; /* accept again after descriptors ran out */
    struct event turn;   /* peers have frames left, or are dead */
    struct event look;   /* while draining: for peers that have gone */
    struct event relax;  /* a while after a burst */
    bool relaxes;        /* it is added */
    struct endpoint_limits limits;
    const struct endpoint_handlers *handlers; /* borrowed */
    void *context;
    struct endpoint_counters counters;
    struct peer_list peers;
    struct peer_list turns;
    struct peer_list flushes;
    struct peer_list dead;
    LIST_HEAD(, endpoint_call) orphans; /* calls whose client has gone */
    struct endpoint_call *spare;        /* owned; NULL: none */
    unsigned peer_count;
    unsigned waiting;     /* calls whose clients wait: of all peers */
    unsigned subscribers; /* open SUB peers */
    void (*on_drained)(void *context); /* not NULL: draining */
    bool quiet;    /* endpoint_quiesce() */
    bool eager;    /* endpoint_set_eager() */
    bool in_batch; /* a peer's frames are being handled */
    uint8_t input[PEER_READ_SIZE]; /* last: untouched until it is used */
};

/* ---- endpoint.c, for peer.c ---- */
void endpoint_schedule(struct endpoint *endpoint); /* runs `turn` soon */
void endpoint_burst(struct endpoint *endpoint);    /* was one, just now */
/* Tells whoever wants to know: waiting or subscribers have changed. */
void endpoint_load_changed(struct endpoint *endpoint);
void endpoint_subscribers_add(struct endpoint *endpoint, int change);

/* ---- drain.c ---- */

/* Of the event `look`. */
void drain_look(evutil_socket_t fd, short what, void *arg);
/* Between two turns: says so if the draining is done. */
void drain_check(struct endpoint *endpoint);
void drain_stop(struct endpoint *endpoint);

/* ---- peer.c ---- */

/* Takes over fd.  False: no memory, fd closed. */
bool peer_create(struct endpoint *endpoint, int fd);
/* Marks it dead; endpoint.c frees it with peer_free() between two turns. */
void peer_close(struct peer *peer);
void peer_free(struct peer *peer);
/* Handles frames that are left from an earlier turn. */
void peer_take_turn(struct peer *peer);
/* Idle: nothing outstanding in either direction. */
bool peer_idle(const struct peer *peer);
void peer_stop_reading(struct peer *peer);
/* A call of this peer was answered. */
void peer_resume(struct peer *peer);

/* ---- peer_write.c ---- */

/* Queues one frame whose message is head and body together. */
void peer_send(struct peer *peer, const void *head, size_t head_size,
               const void *body, size_t body_size);
void peer_flush(struct peer *peer);
/* At the end of the batch, if there is one. */
void peer_flush_soon(struct peer *peer);
/* In the middle of a batch, of which so many frames are handled: if the
 * endpoint is eager.  What is not taken now leaves with the rest. */
void peer_write_early(struct peer *peer, unsigned handled);
/* Of the event `writable`. */
void peer_on_writable(evutil_socket_t fd, short what, void *arg);

/* ---- request.c ---- */

/* Handles one message of a REQ or PUSH peer.  False: it is over the limit (a
 * REQ has been told so). */
bool request_handle(struct peer *peer, const uint8_t *message, size_t size);
bool request_handle_push(struct peer *peer, const uint8_t *message,
                         size_t size);
/* The start of a frame over the limit: answered as soon as its request id is
 * there.  False: the id may still come. */
bool request_refuse_large(struct peer *peer, const uint8_t *frame, size_t len);

/* ---- subscriber.c ---- */

/* A message of a SUB peer.  False: it is none that it may send. */
bool subscriber_handle(struct peer *peer, const uint8_t *message, size_t size);
/* Queues what is published for an open SUB peer, or counts it as lost. */
void subscriber_send(struct peer *peer, const void *data, size_t size);
/* All that waited for the peer is written: tells it what it has lost. */
void subscriber_caught_up(struct peer *peer);

/* ---- call.c ---- */

/* NULL: no memory. */
struct endpoint_call *call_create(struct peer *peer, const uint8_t *header,
                                  size_t header_size);
/* The peer of these calls has gone. */
void call_orphan_all(struct peer *peer);
/* The endpoint goes: its orphans know none any more, and the spare one with
 * it. */
void call_release_all(struct endpoint *endpoint);

#endif
