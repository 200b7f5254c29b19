/* SPDX-License-Identifier: MIT */
/* What a whole message means: a call, a cast, or nothing that is known; who is
 * asked whether it may be handed on; and what is answered if it is not.
 * Called by peer.c for each frame. */
#include <string.h>

#include "internal.h"
#include "wire/tag.h"

static void answer_error(struct peer *peer, const uint8_t *header,
                         size_t header_size, enum sp_error error)
{
    uint8_t body[WIRE_ERROR_MAX];
    const char *text = sp_strerror(error);
    size_t size = wire_error_put(body, error, text, strlen(text));

    peer_send(peer, header, header_size, body, size);
}

static enum sp_error admit(struct endpoint *endpoint,
                           const struct endpoint_request *request)
{
    enum sp_error error = SP_OK;

    if (endpoint->handlers->admit)
        error = endpoint->handlers->admit(endpoint->context, request);
    if (error != SP_OK)
        endpoint->counters.not_admitted++;
    return error;
}

static enum sp_error hand_cast(struct endpoint *endpoint,
                               const struct endpoint_request *request)
{
    enum sp_error error = admit(endpoint, request);

    if (error != SP_OK)
        return error;
    endpoint->counters.casts++;
    endpoint->handlers->on_cast(endpoint->context, request->data,
                                request->size);
    return SP_OK;
}

static void hand_acked_cast(struct peer *peer,
                            const struct endpoint_request *request)
{
    enum sp_error error = hand_cast(peer->endpoint, request);

    if (error == SP_OK)
        peer_send(peer, request->header, request->header_size, NULL, 0);
    else
        answer_error(peer, request->header, request->header_size, error);
}

static void hand_call(struct peer *peer,
                      const struct endpoint_request *request)
{
    struct endpoint *endpoint = peer->endpoint;
    enum sp_error error = admit(endpoint, request);
    struct endpoint_call *call;

    if (error != SP_OK) {
        answer_error(peer, request->header, request->header_size, error);
        return;
    }
    call = call_create(peer, request->header, request->header_size);
    if (!call) {
        peer_close(peer);
        return;
    }
    endpoint->counters.calls++;
    endpoint->handlers->on_call(endpoint->context, call, request->data,
                                request->size);
}

static void handle_body(struct peer *peer, enum wire_body_kind kind,
                        const struct endpoint_request *request)
{
    bool casts = peer->endpoint->handlers->on_cast != NULL;

    if (kind == WIRE_BODY_PLAIN)
        hand_call(peer, request);
    else if (kind == WIRE_BODY_CAST && casts)
        hand_cast(peer->endpoint, request);
    else if (kind == WIRE_BODY_CAST_ACKED && casts)
        hand_acked_cast(peer, request);
    else
        answer_error(peer, request->header, request->header_size, SP_EPROTO);
}

bool request_handle(struct peer *peer, const uint8_t *message, size_t size)
{
    struct endpoint *endpoint = peer->endpoint;
    struct endpoint_request request = {.header = message};
    struct wire_body body;

    if (!wire_request_header_get(message, size, &request.header_size)) {
        endpoint->counters.header_bad++;
        return true;
    }
    body = wire_body_get(message + request.header_size,
                         size - request.header_size);
    if (body.size > endpoint->limits.max_message) {
        answer_error(peer, message, request.header_size, SP_EMSGSIZE);
        return false;
    }
    request.data = body.data;
    request.size = body.size;
    handle_body(peer, body.kind, &request);
    return true;
}

bool request_handle_push(struct peer *peer, const uint8_t *message, size_t size)
{
    struct endpoint_request request = {.data = message, .size = size};

    if (size > peer->endpoint->limits.max_message)
        return false;
    hand_cast(peer->endpoint, &request);
    return true;
}

bool request_refuse_large(struct peer *peer, const uint8_t *frame, size_t len)
{
    const uint8_t *message = frame + WIRE_FRAME_HEADER_SIZE;
    size_t have = len - WIRE_FRAME_HEADER_SIZE;
    size_t header_size;

    if (peer->own != WIRE_REP)
        return true;
    if (have > WIRE_REQUEST_HEADER_MAX)
        have = WIRE_REQUEST_HEADER_MAX;
    if (wire_request_header_get(message, have, &header_size))
        answer_error(peer, message, header_size, SP_EMSGSIZE);
    else if (have < WIRE_REQUEST_HEADER_MAX)
        return false;
    return true;
}
