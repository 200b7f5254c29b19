/* SPDX-License-Identifier: MIT */
/* wire/published.h - what a SUB peer says, and what it is told once it has:
 * subscriptions, messages, and how many were lost.  Pure; see PROTOCOL.md,
 * "PUB". */
#ifndef WIRE_PUBLISHED_H
#define WIRE_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tag.h"

#define WIRE_PREFIX_MAX 256
#define WIRE_SUBSCRIPTION_MAX (WIRE_TAG_SIZE + WIRE_PREFIX_MAX)
#define WIRE_NOTICE_MAX (WIRE_TAG_SIZE + 20)

/* Writes a subscription to messages that begin with the size bytes (at most
 * WIRE_PREFIX_MAX) of prefix; returns its size. */
size_t wire_subscription_put(uint8_t out[WIRE_SUBSCRIPTION_MAX],
                             const void *prefix, size_t size);

/* Whether a message is one; the prefix is in its bytes. */
bool wire_subscription_get(const uint8_t *message, size_t len,
                           const uint8_t **out_prefix, size_t *out_size);

/* Writes the notice that so many messages were lost; returns its size. */
size_t wire_notice_put(uint8_t out[WIRE_NOTICE_MAX], uint64_t lost);

enum wire_published_kind {
    WIRE_PUBLISHED_MESSAGE,
    WIRE_PUBLISHED_NOTICE,
    WIRE_PUBLISHED_BAD,
};

struct wire_published {
    enum wire_published_kind kind;
    const uint8_t *data; /* of a message, in the bytes given */
    size_t size;
    uint64_t lost; /* of a notice */
};

/* What a peer that has sent a subscription was told. */
struct wire_published wire_published_get(const uint8_t *message, size_t len);

#endif
