/* SPDX-License-Identifier: MIT */
/* A request that waits for its reply: where the reply goes.  It outlives its
 * connection, and even the endpoint, since whoever holds it may answer late. */
#include <stdlib.h>
#include <string.h>

#include "base/magic.h"
#include "internal.h"
#include "wire/tag.h"

struct endpoint_call *call_create(struct peer *peer, const uint8_t *header,
                                  size_t header_size)
{
    struct endpoint *endpoint = peer->endpoint;
    struct endpoint_call *call = endpoint->spare;

    endpoint->spare = NULL;
    if (!call)
        call = malloc(sizeof *call);
    if (!call)
        return NULL;
    call->magic = CALL_MAGIC;
    call->peer = peer;
    call->endpoint = endpoint;
    call->header_size = header_size;
    memcpy(call->header, header, header_size);
    LIST_INSERT_HEAD(&peer->calls, call, link);
    peer->call_count++;
    endpoint->waiting++;
    endpoint_load_changed(endpoint);
    return call;
}

void call_orphan_all(struct peer *peer)
{
    struct endpoint_call *call;

    while ((call = LIST_FIRST(&peer->calls))) {
        LIST_REMOVE(call, link);
        LIST_INSERT_HEAD(&call->endpoint->orphans, call, link);
        call->peer = NULL;
    }
    if (peer->call_count == 0)
        return;
    peer->endpoint->waiting -= peer->call_count;
    peer->call_count = 0;
    endpoint_load_changed(peer->endpoint);
}

void call_release_all(struct endpoint *endpoint)
{
    struct endpoint_call *call;

    while ((call = LIST_FIRST(&endpoint->orphans))) {
        LIST_REMOVE(call, link);
        call->endpoint = NULL;
    }
    free(endpoint->spare);
    endpoint->spare = NULL;
}

/* One is kept, so that calls that come one by one allocate nothing. */
static void call_free(struct endpoint_call *call)
{
    struct endpoint *endpoint = call->endpoint;

    call->magic = 0;
    if (endpoint && !endpoint->spare)
        endpoint->spare = call;
    else
        free(call);
}

static void call_finish(struct endpoint_call *call, const uint8_t *head,
                        size_t head_size, const void *data, size_t size)
{
    struct peer *peer = call->peer;

    if (peer) {
        LIST_REMOVE(call, link);
        peer->call_count--;
        call->endpoint->waiting--;
        peer_send(peer, head, head_size, data, size);
        peer_resume(peer);
        endpoint_load_changed(call->endpoint);
    } else if (call->endpoint) {
        LIST_REMOVE(call, link);
        call->endpoint->counters.replies_dropped++;
    }
    call_free(call);
}

void endpoint_reply(struct endpoint_call *call, const void *data, size_t size)
{
    uint8_t head[WIRE_REQUEST_HEADER_MAX + WIRE_TAG_SIZE];
    size_t head_size = call->header_size;

    MAGIC_CAST(endpoint_call, CALL_MAGIC, call);
    memcpy(head, call->header, head_size);
    if (wire_body_needs_literal(data, size)) {
        wire_tag_put(head + head_size, '=');
        head_size += WIRE_TAG_SIZE;
    }
    call_finish(call, head, head_size, data, size);
}

void endpoint_reply_error(struct endpoint_call *call, enum sp_error error,
                          const char *text, size_t text_len)
{
    uint8_t body[WIRE_ERROR_MAX];
    size_t size = wire_error_put(body, error, text, text_len);

    MAGIC_CAST(endpoint_call, CALL_MAGIC, call);
    call_finish(call, call->header, call->header_size, body, size);
}

int endpoint_call_socket(const struct endpoint_call *call)
{
    return call->peer ? call->peer->fd : -1;
}
