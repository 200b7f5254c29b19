/* SPDX-License-Identifier: MIT */
/* wire/sp.h - the scalability protocols as bytes: handshake, frame, request
 * header.  Pure: bytes in, struct out; see PROTOCOL.md. */
#ifndef WIRE_SP_H
#define WIRE_SP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_protocol {
    WIRE_PUB = 0x20,
    WIRE_SUB = 0x21,
    WIRE_REQ = 0x30,
    WIRE_REP = 0x31,
    WIRE_PUSH = 0x50,
    WIRE_PULL = 0x51,
};

#define WIRE_HANDSHAKE_SIZE 8
#define WIRE_FRAME_HEADER_SIZE 9
#define WIRE_HOPS_MAX 7 /* words before the request id */
#define WIRE_REQUEST_HEADER_MAX ((WIRE_HOPS_MAX + 1) * 4)

/* A frame of up to this size leaves in one write (PROTOCOL.md, "How far"). */
#define WIRE_SMALL_FRAME (32 * 1024)

void wire_handshake_put(uint8_t out[WIRE_HANDSHAKE_SIZE],
                        enum wire_protocol own);

/* Whether `in` is a handshake of an SP peer; *out_protocol is its number, which
 * may be one that this project does not speak. */
bool wire_handshake_get(const uint8_t in[WIRE_HANDSHAKE_SIZE],
                        uint16_t *out_protocol);

/* The protocol that talks with `peer` at our end: REP for REQ and so on.
 * False: none of ours does. */
bool wire_counterpart(uint16_t peer, enum wire_protocol *out_own);

void wire_frame_put(uint8_t out[WIRE_FRAME_HEADER_SIZE], uint64_t length);

enum wire_frame_result {
    WIRE_FRAME_WHOLE,     /* the frame is complete in the bytes given */
    WIRE_FRAME_MORE,      /* it needs more bytes */
    WIRE_FRAME_TOO_LARGE, /* its length is over the limit */
    WIRE_FRAME_BAD,       /* it is no frame */
};

struct wire_frame {
    const uint8_t *message; /* in the bytes given */
    uint64_t length;        /* of the message; known from 9 bytes on, else 0 */
};

/* Looks for one frame at the start of the len bytes.  *out_frame is written
 * for WHOLE, TOO_LARGE and MORE (message NULL unless WHOLE). */
enum wire_frame_result wire_frame_get(const uint8_t *bytes, size_t len,
                                      uint64_t limit,
                                      struct wire_frame *out_frame);

/* Finds the end of hop words and request id in a REQ or REP message.
 * True: *out_size is their size in bytes (4 to 32), of which the last four are
 * the id.  False: too many words, or no id in the len bytes. */
bool wire_request_header_get(const uint8_t *message, size_t len,
                             size_t *out_size);

uint32_t wire_u32_get(const uint8_t in[4]);
void wire_u32_put(uint8_t out[4], uint32_t value);

#endif
