/* SPDX-License-Identifier: MIT */
/* Opens sockets of nng's with the options that a client needs.  Callers:
 * lane.c, strand.c. */
#define _GNU_SOURCE
#include "outlet.h"

#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/req.h>

#include "client/conn.h"
#include "client/place.h"
#include "wire/tag.h"

/* How soon nng connects again: somewhen between now and this time, which it
 * doubles with each failure. */
#define AGAIN_MIN_MS 10
#define AGAIN_NEVER_MS (7 * 24 * 60 * 60 * 1000)

static int set_options(nng_socket socket, enum outlet_kind kind, int again_ms)
{
    int least = again_ms == OUTLET_ONCE ? AGAIN_NEVER_MS : AGAIN_MIN_MS;
    int error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, CONN_REPLY_MAX);

    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, least);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT,
                                  again_ms > least ? again_ms : least);
    if (!error && kind == OUTLET_CALLS)
        error = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME,
                                  NNG_DURATION_INFINITE);
    return error;
}

int outlet_open(enum outlet_kind kind, int again_ms, nng_socket *out_socket)
{
    nng_socket socket;
    int error = kind == OUTLET_CALLS ? nng_req0_open(&socket)
                                     : nng_push0_open(&socket);

    if (error)
        return error;
    error = set_options(socket, kind, again_ms);
    if (error)
        nng_close(socket);
    else
        *out_socket = socket;
    return error;
}

int outlet_dial(nng_socket socket, const struct place *place, const char *id)
{
    char url[sizeof "ipc://" + RUNDIR_PATH_SIZE] = "ipc://";
    char *path = url + sizeof "ipc://" - 1;

    if (*id)
        rundir_session_path(place->dir, id, path);
    else
        rundir_control_path(place->dir, path);
    return nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK);
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
