/* SPDX-License-Identifier: MIT */
/* Opens sockets of nng's with the options that a client needs.  Callers:
 * lane.c, strand.c. */
#define _GNU_SOURCE
#include "outlet.h"

#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>

#include "address.h"
#include "client/conn.h"
#include "client/place.h"
#include "wire/tag.h"

/* How soon nng tries again: somewhen between now and this time, which it
 * doubles with each failure. */
#define AGAIN_MIN_MS 10

/* Messages that nng keeps of news until they are taken: as many as it can. */
#define NEWS_KEPT 8192

static int open_socket(enum outlet_kind kind, nng_socket *socket)
{
    switch (kind) {
    case OUTLET_CALLS:
        return nng_req0_open(socket);
    case OUTLET_CASTS:
        return nng_push0_open(socket);
    case OUTLET_NEWS:
        return nng_sub0_open(socket);
    }
    return NNG_EINVAL;
}

/* Before the body of a reply is its id. */
size_t outlet_message_max(const struct place *place, const char *id)
{
    return (*id ? place->reply_max : CONN_REPLY_MAX) + sizeof(uint32_t);
}

static int set_options(nng_socket socket, enum outlet_kind kind, int again_ms,
                       size_t message_max)
{
    int error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, message_max);

    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, AGAIN_MIN_MS);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, again_ms);
    if (!error && kind == OUTLET_CALLS)
        error = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME,
                                  NNG_DURATION_INFINITE);
    if (!error && kind == OUTLET_NEWS)
        error = nng_socket_set_int(socket, NNG_OPT_RECVBUF, NEWS_KEPT);
    return error;
}

int outlet_open(enum outlet_kind kind, int again_ms, size_t message_max,
                nng_socket *out_socket)
{
    nng_socket socket;
    int error = open_socket(kind, &socket);

    if (error)
        return error;
    error = set_options(socket, kind, again_ms, message_max);
    if (error)
        nng_close(socket);
    else
        *out_socket = socket;
    return error;
}

/* In two steps, so that the dialer is known before it has a pipe. */
int outlet_dial(nng_socket socket, const struct place *place, const char *id,
                nng_dialer *out_dialer)
{
    char url[ADDRESS_URL_SIZE];
    int error;

    address_url(place, id, url);
    error = nng_dialer_create(out_dialer, socket, url);
    return error ? error : nng_dialer_start(*out_dialer, NNG_FLAG_NONBLOCK);
}

int outlet_subscribe(nng_socket socket, const void *prefix, size_t size)
{
    return nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, size > 0 ? prefix : "",
                          size);
}

void outlet_unsubscribe(nng_socket socket, const void *prefix, size_t size)
{
    nng_socket_set(socket, NNG_OPT_SUB_UNSUBSCRIBE, size > 0 ? prefix : "",
                   size);
}

bool outlet_trusts(const struct place *place, nng_pipe pipe)
{
    uint64_t uid;

    return nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) == 0 &&
           uid == place->owner;
}

nng_msg *outlet_message(char tag, const void *body, size_t size)
{
    uint8_t mark[WIRE_TAG_SIZE];
    nng_msg *message;

    if (nng_msg_alloc(&message, 0) != 0)
        return NULL;
    wire_tag_put(mark, tag);
    if ((tag && nng_msg_append(message, mark, sizeof mark) != 0) ||
        nng_msg_append(message, body, size) != 0) {
        nng_msg_free(message);
        return NULL;
    }
    return message;
}
