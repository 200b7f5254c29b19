/* SPDX-License-Identifier: MIT */
/* The wire codec under libFuzzer: whatever the bytes are, nothing outside them
 * is read, and what is decoded keeps its promises: it encodes to the same
 * bytes again, and how bytes are cut into reads changes nothing. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/published.h"
#include "wire/sp.h"
#include "wire/tag.h"

#define LIMIT 4096

static void check_handshake(const uint8_t *data, size_t size)
{
    uint8_t again[WIRE_HANDSHAKE_SIZE];
    enum wire_protocol own, peer;
    uint16_t protocol;

    if (size < WIRE_HANDSHAKE_SIZE || !wire_handshake_get(data, &protocol))
        return;
    wire_handshake_put(again, (enum wire_protocol)protocol);
    assert(memcmp(again, data, sizeof again) == 0);
    if (wire_counterpart(protocol, &own))
        assert(!wire_counterpart((uint16_t)own, &peer));
}

/* A body: its tag, and an error in it. */
static void check_body(const uint8_t *data, size_t size)
{
    struct wire_body body = wire_body_get(data, size);
    uint8_t again[WIRE_ERROR_MAX];
    enum sp_error error, error_again;
    const char *text, *text_again;
    size_t len, len_again, written;

    assert(body.data >= data && body.data + body.size == data + size);
    assert((body.data == data) == !wire_body_needs_literal(data, size) ||
           body.kind == WIRE_BODY_BAD);
    if (body.kind != WIRE_BODY_ERROR ||
        wire_error_get(body.data, body.size, &error, &text, &len) != SP_OK)
        return;
    assert(len <= SP_TEXT_MAX);
    assert((const uint8_t *)text + len == data + size);
    written = wire_error_put(again, error, text, len);
    body = wire_body_get(again, written);
    assert(body.kind == WIRE_BODY_ERROR);
    assert(wire_error_get(body.data, body.size, &error_again, &text_again,
                          &len_again) == SP_OK);
    assert(error == error_again && len == len_again);
    assert(memcmp(text, text_again, len) == 0);
}

/* What a SUB peer says, and what it is told. */
static void check_published(const uint8_t *data, size_t size)
{
    struct wire_published published = wire_published_get(data, size);
    uint8_t again[WIRE_SUBSCRIPTION_MAX];
    const uint8_t *prefix;
    size_t len;

    if (published.kind == WIRE_PUBLISHED_MESSAGE) {
        assert(published.data >= data);
        assert(published.data + published.size == data + size);
    } else if (published.kind == WIRE_PUBLISHED_NOTICE) {
        assert(wire_notice_put(again, published.lost) == size);
        assert(memcmp(again, data, size) == 0);
    }
    if (wire_subscription_get(data, size, &prefix, &len)) {
        assert(wire_subscription_put(again, prefix, len) == size);
        assert(memcmp(again, data, size) == 0);
    }
}

/* A REQ message: hop words, id, body. */
static void check_message(const uint8_t *data, size_t size)
{
    size_t header;

    if (!wire_request_header_get(data, size, &header))
        return;
    assert(header % 4 == 0 && header >= 4 && header <= size);
    assert(header <= WIRE_REQUEST_HEADER_MAX);
    for (size_t at = 0; at < header; at += 4)
        assert(!!(wire_u32_get(data + at) >> 31) == (at + 4 == header));
    check_body(data + header, size - header);
}

struct frames {
    size_t count;
    size_t end; /* of the last whole one */
    enum wire_frame_result last;
    uint64_t sum; /* of their lengths, each weighed by its place */
};

static void frames_take(struct frames *frames, const uint8_t *data, size_t len)
{
    struct wire_frame frame;

    while ((frames->last = wire_frame_get(data + frames->end,
                                          len - frames->end, LIMIT, &frame)) ==
           WIRE_FRAME_WHOLE) {
        uint8_t header[WIRE_FRAME_HEADER_SIZE];

        wire_frame_put(header, frame.length);
        assert(memcmp(header, data + frames->end, sizeof header) == 0);
        assert(frame.length <= LIMIT);
        assert(frame.message == data + frames->end + sizeof header);
        frames->end += sizeof header + frame.length;
        assert(frames->end <= len);
        frames->sum += ++frames->count * frame.length;
    }
}

/* The same frames come out whether the bytes come at once or in pieces, each
 * as long as one of the bytes says. */
static void check_frames(const uint8_t *data, size_t size)
{
    struct frames at_once = {0}, in_pieces = {0};
    size_t len = 0, end = 0;

    frames_take(&at_once, data, size);
    for (size_t i = 0; len < size; i++) {
        len += 1 + data[i % size] % 32;
        if (len > size)
            len = size;
        frames_take(&in_pieces, data, len);
    }
    if (size == 0)
        frames_take(&in_pieces, data, 0);
    assert(memcmp(&at_once, &in_pieces, sizeof at_once) == 0);
    while (end < at_once.end) {
        struct wire_frame frame;

        wire_frame_get(data + end, size - end, LIMIT, &frame);
        check_message(frame.message, frame.length);
        end += WIRE_FRAME_HEADER_SIZE + frame.length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_handshake(data, size);
    check_frames(data, size);
    check_message(data, size);
    check_body(data, size);
    check_published(data, size);
    return 0;
}
