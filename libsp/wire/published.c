/* SPDX-License-Identifier: MIT */
/* Subscriptions and notices as bytes.  Used by the endpoint (spd, sessions) and
 * by the client's feeds; knows no sockets. */
#include "published.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 20 /* digits of the largest */

static bool has_tag(const uint8_t *message, size_t len, char tag)
{
    uint8_t wanted[WIRE_TAG_SIZE];

    wire_tag_put(wanted, tag);
    return len >= sizeof wanted && memcmp(message, wanted, sizeof wanted) == 0;
}

size_t wire_subscription_put(uint8_t out[WIRE_SUBSCRIPTION_MAX],
                             const void *prefix, size_t size)
{
    wire_tag_put(out, '+');
    if (size > 0)
        memcpy(out + WIRE_TAG_SIZE, prefix, size);
    return WIRE_TAG_SIZE + size;
}

bool wire_subscription_get(const uint8_t *message, size_t len,
                           const uint8_t **out_prefix, size_t *out_size)
{
    if (!has_tag(message, len, '+') || len > WIRE_SUBSCRIPTION_MAX)
        return false;
    *out_prefix = message + WIRE_TAG_SIZE;
    *out_size = len - WIRE_TAG_SIZE;
    return true;
}

size_t wire_notice_put(uint8_t out[WIRE_NOTICE_MAX], uint64_t lost)
{
    char number[NUMBER_MAX + 1];
    int digits = snprintf(number, sizeof number, "%" PRIu64, lost);

    wire_tag_put(out, '-');
    memcpy(out + WIRE_TAG_SIZE, number, (size_t)digits);
    return WIRE_TAG_SIZE + (size_t)digits;
}

/* One way to write each number: without zeros in front of it. */
static bool parse_number(const uint8_t *digits, size_t size,
                         uint64_t *out_number)
{
    uint64_t number = 0;

    if (size == 0 || (size > 1 && digits[0] == '0'))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9' ||
            __builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, digits[i] - '0', &number))
            return false;
    }
    *out_number = number;
    return true;
}

struct wire_published wire_published_get(const uint8_t *message, size_t len)
{
    struct wire_published published = {.kind = WIRE_PUBLISHED_BAD};
    struct wire_body body;

    if (has_tag(message, len, '-')) {
        if (parse_number(message + WIRE_TAG_SIZE, len - WIRE_TAG_SIZE,
                         &published.lost))
            published.kind = WIRE_PUBLISHED_NOTICE;
        return published;
    }
    body = wire_body_get(message, len);
    if (body.kind != WIRE_BODY_PLAIN)
        return published;
    published.kind = WIRE_PUBLISHED_MESSAGE;
    published.data = body.data;
    published.size = body.size;
    return published;
}
