/* SPDX-License-Identifier: MIT */
/* The scalability protocols as bytes.  Used by the endpoint (spd, sessions)
 * and by the client's local channel; knows no sockets. */
#include "sp.h"

#include <string.h>

static const uint8_t handshake_mark[4] = {0, 'S', 'P', 0};

void wire_u32_put(uint8_t out[4], uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

uint32_t wire_u32_get(const uint8_t in[4])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | in[3];
}

void wire_handshake_put(uint8_t out[WIRE_HANDSHAKE_SIZE],
                        enum wire_protocol own)
{
    memcpy(out, handshake_mark, sizeof handshake_mark);
    out[4] = (uint8_t)(own >> 8);
    out[5] = (uint8_t)own;
    out[6] = out[7] = 0;
}

bool wire_handshake_get(const uint8_t in[WIRE_HANDSHAKE_SIZE],
                        uint16_t *out_protocol)
{
    if (memcmp(in, handshake_mark, sizeof handshake_mark) != 0 || in[6] != 0 ||
        in[7] != 0)
        return false;
    *out_protocol = (uint16_t)(in[4] << 8 | in[5]);
    return true;
}

bool wire_counterpart(uint16_t peer, enum wire_protocol *out_own)
{
    switch (peer) {
    case WIRE_REQ:
        *out_own = WIRE_REP;
        return true;
    case WIRE_PUSH:
        *out_own = WIRE_PULL;
        return true;
    case WIRE_SUB:
        *out_own = WIRE_PUB;
        return true;
    }
    return false;
}

void wire_frame_put(uint8_t out[WIRE_FRAME_HEADER_SIZE], uint64_t length)
{
    out[0] = 1;
    wire_u32_put(out + 1, (uint32_t)(length >> 32));
    wire_u32_put(out + 5, (uint32_t)length);
}

enum wire_frame_result wire_frame_get(const uint8_t *bytes, size_t len,
                                      uint64_t limit,
                                      struct wire_frame *out_frame)
{
    uint64_t length;

    *out_frame = (struct wire_frame){0};
    if (len >= 1 && bytes[0] != 1)
        return WIRE_FRAME_BAD;
    if (len < WIRE_FRAME_HEADER_SIZE)
        return WIRE_FRAME_MORE;
    length = (uint64_t)wire_u32_get(bytes + 1) << 32 | wire_u32_get(bytes + 5);
    out_frame->length = length;
    if (length > limit)
        return WIRE_FRAME_TOO_LARGE;
    if (len - WIRE_FRAME_HEADER_SIZE < length)
        return WIRE_FRAME_MORE;
    out_frame->message = bytes + WIRE_FRAME_HEADER_SIZE;
    return WIRE_FRAME_WHOLE;
}

bool wire_request_header_get(const uint8_t *message, size_t len,
                             size_t *out_size)
{
    for (size_t at = 0; at + 4 <= len && at < WIRE_REQUEST_HEADER_MAX; at += 4)
        if (message[at] & 0x80) {
            *out_size = at + 4;
            return true;
        }
    return false;
}
