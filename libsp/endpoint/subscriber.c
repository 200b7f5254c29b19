/* SPDX-License-Identifier: MIT */
/* What a SUB peer gets.  One that has said nothing, as nng's, gets everything,
 * bare; one that has sent a subscription gets what it wants, and is told what
 * it lost (PROTOCOL.md, "PUB").  Callers: peer.c and endpoint_publish(). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "wire/published.h"

struct interest {
    uint64_t lost; /* messages that the peer has not been told of */
    size_t size;
    uint8_t prefix[];
};

static void tell_lost(struct peer *peer, uint64_t lost)
{
    uint8_t notice[WIRE_NOTICE_MAX];

    peer_send(peer, notice, wire_notice_put(notice, lost), NULL, 0);
}

bool subscriber_handle(struct peer *peer, const uint8_t *message, size_t size)
{
    struct interest *interest;
    const uint8_t *prefix;
    size_t prefix_size;

    if (peer->interest ||
        !wire_subscription_get(message, size, &prefix, &prefix_size))
        return false;
    interest = malloc(sizeof *interest + prefix_size);
    if (!interest)
        return false;
    interest->lost = 0;
    interest->size = prefix_size;
    memcpy(interest->prefix, prefix, prefix_size);
    peer->interest = interest;
    tell_lost(peer, 0);
    return true;
}

static bool wants(const struct interest *interest, const void *data,
                  size_t size)
{
    return !interest ||
           (size >= interest->size &&
            memcmp(data, interest->prefix, interest->size) == 0);
}

void subscriber_send(struct peer *peer, const void *data, size_t size)
{
    struct interest *interest = peer->interest;
    uint8_t literal[WIRE_TAG_SIZE];
    size_t head = 0;

    if (!wants(interest, data, size))
        return;
    if (buf_size(&peer->out) > peer->endpoint->limits.max_output) {
        peer->endpoint->counters.events_dropped++;
        if (interest)
            interest->lost++;
        return;
    }
    subscriber_caught_up(peer);
    if (interest && wire_body_needs_literal(data, size)) {
        wire_tag_put(literal, '=');
        head = sizeof literal;
    }
    peer_send(peer, literal, head, data, size);
}

void subscriber_caught_up(struct peer *peer)
{
    struct interest *interest = peer->interest;
    uint64_t lost = interest ? interest->lost : 0;

    if (lost == 0)
        return;
    interest->lost = 0; /* what is sent may lead back here */
    tell_lost(peer, lost);
}
