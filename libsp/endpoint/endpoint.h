/* SPDX-License-Identifier: MIT */
/* endpoint/endpoint.h - one listening socket that speaks SP to nng's REQ, PUSH
 * and SUB (as REP, PULL and PUB), on a libevent base.  Sessions serve their
 * clients with it, and spd its control socket.  See wire/PROTOCOL.md.
 *
 * One thread, in a program that ignores SIGPIPE.  Callbacks run from the base's
 * loop, one at a time; a callback may call any function here but
 * endpoint_destroy(). */
#ifndef ENDPOINT_ENDPOINT_H
#define ENDPOINT_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sp/error.h>

struct event_base;
struct endpoint;      /* the listening socket and its connections */
struct endpoint_call; /* a request that waits for its reply */

struct endpoint_limits {
    uint64_t max_message;     /* bytes of a request's or cast's body */
    unsigned max_connections; /* at once */
    unsigned reserved;        /* more, for privileged() peers */
    unsigned handshake_ms;    /* from accept to the eighth byte */
    unsigned frame_ms;        /* from a frame's first byte to its last */
    unsigned max_calls;       /* without a reply yet, a connection */
    size_t max_output;        /* bytes waiting to be read by a peer */
    unsigned reader_wait_ms;  /* a large reply that the socket does not take
                               * whole may wait so long in all for its reader,
                               * before the rest is copied; 0: it is copied at
                               * once */
};

/* What PROTOCOL.md promises. */
#define ENDPOINT_LIMITS_DEFAULT                                                \
    ((struct endpoint_limits){.max_message = 16 * 1024 * 1024,                 \
                              .max_connections = 48,                           \
                              .handshake_ms = 2000,                            \
                              .frame_ms = 10000,                               \
                              .max_calls = 1024,                               \
                              .max_output = 1024 * 1024})

/* A call or a cast as it arrived; valid until the function returns that it is
 * given to. */
struct endpoint_request {
    const uint8_t *header; /* hop words and request id; NULL by PUSH */
    size_t header_size;    /* 0 by PUSH */
    const uint8_t *data;   /* what the handler gets */
    size_t size;
};

struct endpoint_handlers {
    /* Whether the peer on this socket may have a reserved place; asked when
     * there is no other.  NULL: nobody may. */
    bool (*privileged)(void *context, int socket_fd);
    /* Asked first for each call and cast, right before the function that it is
     * then handed to.  SP_OK: it is handed on.  Else it is answered with this
     * error, or dropped if it wants no answer, and counted.  NULL: all are
     * handed on. */
    enum sp_error (*admit)(void *context,
                           const struct endpoint_request *request);
    /* A request.  The call is the callee's until endpoint_reply() or
     * endpoint_reply_error(), now or later.  data lives until it returns. */
    void (*on_call)(void *context, struct endpoint_call *call,
                    const uint8_t *data, size_t size);
    /* A message without a reply: from PUSH, or a request tagged as a cast.
     * NULL: casts are protocol errors here, and PUSH peers are refused. */
    void (*on_cast)(void *context, const uint8_t *data, size_t size);
    /* These numbers have changed: calls without a reply whose clients still
     * wait, and open SUB peers.  Also from within other functions here.
     * NULL: nobody wants to know. */
    void (*on_load)(void *context, unsigned waiting, unsigned subscribers);
    /* So many messages of one peer have been handled in one go, more than one,
     * and what they were answered with is written.  NULL: nobody wants to
     * know. */
    void (*on_batch)(void *context, unsigned messages);
};

/* X(name, help): what the endpoint counts. */
#define ENDPOINT_COUNTER_TABLE(X)                                              \
    X(calls, "requests handed to the handler")                                 \
    X(casts, "casts handed to the handler")                                    \
    X(accepted, "connections accepted")                                        \
    X(refused, "connections closed at the limit of connections")               \
    X(handshake_bad, "connections closed for a bad or late handshake")         \
    X(frame_bad, "connections closed for a bad or late frame")                 \
    X(too_large, "connections closed for a message over the limit")            \
    X(header_bad, "requests dropped for their header")                         \
    X(not_admitted, "calls and casts not handed on: admit() refused them")     \
    X(replies_dropped, "replies whose client had gone")                        \
    X(events_dropped, "events not sent to a subscriber that did not keep up")

struct endpoint_counters {
#define ENDPOINT_COUNTER_FIELD_(name, help) uint64_t name;
    ENDPOINT_COUNTER_TABLE(ENDPOINT_COUNTER_FIELD_)
#undef ENDPOINT_COUNTER_FIELD_
};

/* Serves listen_fd, a listening non-blocking socket, which stays the caller's
 * to close.  handlers and context are borrowed as long as the endpoint lives.
 * NULL: no memory. */
struct endpoint *endpoint_create(struct event_base *base, int listen_fd,
                                 const struct endpoint_limits *limits,
                                 const struct endpoint_handlers *handlers,
                                 void *context);

/* Closes all connections.  Calls that wait for their replies live on until
 * they are replied to, which then does nothing.  NULL is allowed. */
void endpoint_destroy(struct endpoint *endpoint);

/* Answers a call with a plain body and ends it.  The bytes are copied. */
void endpoint_reply(struct endpoint_call *call, const void *data, size_t size);

/* Answers a call with an error and ends it.  text_len bytes, cut to
 * SP_TEXT_MAX. */
void endpoint_reply_error(struct endpoint_call *call, enum sp_error error,
                          const char *text, size_t text_len);

/* The socket of the client that waits for a call, borrowed, to ask the kernel
 * who that is (SO_PEERCRED); -1: the client has gone. */
int endpoint_call_socket(const struct endpoint_call *call);

/* Sends a message to every SUB peer that wants it.  One that does not keep up
 * loses it. */
void endpoint_publish(struct endpoint *endpoint, const void *data, size_t size);

/* No more connections and requests from now on; replies still go out. */
void endpoint_quiesce(struct endpoint *endpoint);

/* Whether answers leave in the middle of a batch, so that a client that runs
 * at the same time has something to do.  At first they do not: a write for all
 * costs less. */
void endpoint_set_eager(struct endpoint *endpoint, bool eager);

/* What happens to connections that wait to be accepted. */
enum endpoint_backlog {
    ENDPOINT_BACKLOG_SERVE, /* they are accepted now and served, all of them */
    ENDPOINT_BACKLOG_LEAVE, /* they stay there: another serves the listener */
};

/* No more connections from now on, and nothing from clients that has not yet
 * arrived: writing it fails with EPIPE.  What has arrived is still handled and
 * answered, also late.  on_drained is called from the loop once no connection
 * but those of SUB peers is left; not if endpoint_quiesce() comes first.  A
 * client that does not read, and a call that is never answered, hold it up.
 * Again: the new on_drained counts. */
void endpoint_drain(struct endpoint *endpoint, enum endpoint_backlog backlog,
                    void (*on_drained)(void *context));

/* Whether nothing waits to be written any more. */
bool endpoint_flushed(const struct endpoint *endpoint);

const struct endpoint_counters *
endpoint_counters(const struct endpoint *endpoint);

#endif
