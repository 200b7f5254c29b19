/* SPDX-License-Identifier: MIT */
/* wire/sp: handshake, frames at every split, hop words and request ids. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "wire/sp.h"
#include "support/leaks.h"

TestSuite(wire, .fini = leaks_check);

#define LIMIT (16u * 1024 * 1024)

/* ---- handshake ---- */

Test(wire, handshake_is_the_eight_bytes_of_the_protocol)
{
    static const uint8_t wanted[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    uint8_t got[8];

    wire_handshake_put(got, WIRE_REQ);
    cr_assert_arr_eq(got, wanted, 8);
}

Test(wire, handshake_survives_the_round_trip_for_every_protocol)
{
    static const enum wire_protocol all[] = {WIRE_PUB,  WIRE_SUB, WIRE_REQ,
                                             WIRE_REP,  WIRE_PUSH, WIRE_PULL};

    for (size_t i = 0; i < 6; i++) {
        uint8_t bytes[8];
        uint16_t protocol;

        wire_handshake_put(bytes, all[i]);
        cr_assert(wire_handshake_get(bytes, &protocol));
        cr_assert_eq(protocol, all[i]);
    }
}

Test(wire, handshake_with_any_fixed_byte_changed_is_refused)
{
    for (size_t at = 0; at < 8; at++)
        for (int value = 0; value < 256; value++) {
            uint8_t bytes[8];
            uint16_t protocol = 0xdead;
            bool fixed = at != 4 && at != 5;

            wire_handshake_put(bytes, WIRE_REQ);
            if (bytes[at] == value)
                continue;
            bytes[at] = (uint8_t)value;
            cr_expect_eq(wire_handshake_get(bytes, &protocol), !fixed,
                         "byte %zu = %d", at, value);
            cr_expect(!fixed || protocol == 0xdead);
        }
}

Test(wire, handshake_protocol_number_is_big_endian)
{
    static const uint8_t bytes[8] = {0, 'S', 'P', 0, 0x12, 0x34, 0, 0};
    uint16_t protocol;

    cr_assert(wire_handshake_get(bytes, &protocol));
    cr_assert_eq(protocol, 0x1234);
}

Test(wire, only_req_push_and_sub_have_a_counterpart)
{
    for (uint32_t peer = 0; peer <= UINT16_MAX; peer++) {
        enum wire_protocol own;
        bool ours = wire_counterpart((uint16_t)peer, &own);

        if (peer == WIRE_REQ)
            cr_expect(ours && own == WIRE_REP);
        else if (peer == WIRE_PUSH)
            cr_expect(ours && own == WIRE_PULL);
        else if (peer == WIRE_SUB)
            cr_expect(ours && own == WIRE_PUB);
        else
            cr_expect_not(ours, "protocol 0x%x", peer);
    }
}

/* ---- numbers ---- */

Test(wire, u32_is_big_endian)
{
    static const uint8_t wanted[4] = {0x01, 0x23, 0xab, 0xff};
    uint8_t bytes[4];

    wire_u32_put(bytes, 0x0123abff);
    cr_assert_arr_eq(bytes, wanted, 4);
    cr_assert_eq(wire_u32_get(bytes), 0x0123abff);
}

/* ---- frames ---- */

/* The len first bytes of a frame alone in memory, so that a sanitizer sees a
 * read behind them. */
static enum wire_frame_result get_exact(const uint8_t *frame, size_t len,
                                        uint64_t limit,
                                        struct wire_frame *out_frame,
                                        uint8_t **out_copy)
{
    *out_copy = malloc(len + (len == 0));
    cr_assert_not_null(*out_copy);
    memcpy(*out_copy, frame, len);
    return wire_frame_get(*out_copy, len, limit, out_frame);
}

Test(wire, frame_is_found_at_every_split_for_every_small_size)
{
    for (size_t size = 0; size <= 300; size++) {
        uint8_t bytes[WIRE_FRAME_HEADER_SIZE + 300];

        wire_frame_put(bytes, size);
        memset(bytes + WIRE_FRAME_HEADER_SIZE, (int)size, size);
        for (size_t len = 0; len <= WIRE_FRAME_HEADER_SIZE + size; len++) {
            bool whole = len == WIRE_FRAME_HEADER_SIZE + size;
            struct wire_frame frame;
            uint8_t *copy;
            enum wire_frame_result got =
                get_exact(bytes, len, LIMIT, &frame, &copy);

            cr_assert_eq(got, whole ? WIRE_FRAME_WHOLE : WIRE_FRAME_MORE);
            cr_assert_eq(frame.length, len >= 9 ? size : 0);
            cr_assert_eq(frame.message, whole ? copy + 9 : NULL);
            free(copy);
        }
    }
}

Test(wire, bytes_after_a_frame_are_not_its)
{
    uint8_t bytes[64] = {0};
    struct wire_frame frame;

    wire_frame_put(bytes, 3);
    memcpy(bytes + 9, "abcdef", 6);
    cr_assert_eq(wire_frame_get(bytes, sizeof bytes, LIMIT, &frame),
                 WIRE_FRAME_WHOLE);
    cr_assert_eq(frame.length, 3);
    cr_assert_arr_eq(frame.message, "abc", 3);
}

Test(wire, a_first_byte_other_than_1_is_no_frame)
{
    for (int first = 0; first < 256; first++) {
        uint8_t bytes[9] = {(uint8_t)first};
        struct wire_frame frame;

        for (size_t len = 1; len <= 9; len++)
            cr_expect_eq(wire_frame_get(bytes, len, LIMIT, &frame),
                         first != 1 ? WIRE_FRAME_BAD
                         : len < 9  ? WIRE_FRAME_MORE
                                    : WIRE_FRAME_WHOLE);
    }
}

Test(wire, the_limit_itself_is_allowed_and_one_more_is_not)
{
    static const uint64_t limits[] = {0, 1, 255, 256, 65535, LIMIT,
                                      UINT32_MAX, 1ull << 40};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint8_t bytes[9];
        struct wire_frame frame;

        wire_frame_put(bytes, limits[i]);
        cr_expect_eq(wire_frame_get(bytes, 9, limits[i], &frame),
                     limits[i] ? WIRE_FRAME_MORE : WIRE_FRAME_WHOLE);
        wire_frame_put(bytes, limits[i] + 1);
        cr_expect_eq(wire_frame_get(bytes, 9, limits[i], &frame),
                     WIRE_FRAME_TOO_LARGE);
        cr_expect_eq(frame.length, limits[i] + 1);
    }
}

Test(wire, lengths_near_2_to_63_and_2_to_64_are_too_large)
{
    static const uint64_t lengths[] = {1ull << 63, (1ull << 63) - 1,
                                       (1ull << 63) + 1, UINT64_MAX,
                                       UINT64_MAX - 8};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t bytes[64] = {0};
        struct wire_frame frame;

        wire_frame_put(bytes, lengths[i]);
        cr_expect_eq(wire_frame_get(bytes, sizeof bytes, LIMIT, &frame),
                     WIRE_FRAME_TOO_LARGE);
        cr_expect_eq(frame.length, lengths[i]);
        cr_expect_null(frame.message);
    }
}

/* Without a limit a length that wraps a size must still not be a frame. */
Test(wire, a_length_that_wraps_is_never_whole)
{
    uint8_t bytes[64] = {0};
    struct wire_frame frame;

    wire_frame_put(bytes, UINT64_MAX - 8);
    cr_assert_eq(wire_frame_get(bytes, sizeof bytes, UINT64_MAX, &frame),
                 WIRE_FRAME_MORE);
}

/* ---- hop words and request ids ---- */

/* words hops, then an id, then three bytes of body. */
static size_t make_request(uint8_t *out, size_t words)
{
    for (size_t i = 0; i < words; i++)
        wire_u32_put(out + 4 * i, 0x7fffffff - (uint32_t)i);
    wire_u32_put(out + 4 * words, 0x80000001);
    memcpy(out + 4 * words + 4, "abc", 3);
    return 4 * words + 7;
}

Test(wire, an_id_behind_0_to_7_hop_words_is_found)
{
    for (size_t words = 0; words <= WIRE_HOPS_MAX; words++) {
        uint8_t message[64];
        size_t size = make_request(message, words), header = 0;

        cr_expect(wire_request_header_get(message, size, &header));
        cr_expect_eq(header, 4 * words + 4);
    }
}

Test(wire, eight_or_more_hop_words_are_refused)
{
    for (size_t words = 8; words <= 12; words++) {
        uint8_t message[64];
        size_t size = make_request(message, words), header = 77;

        cr_expect_not(wire_request_header_get(message, size, &header));
        cr_expect_eq(header, 77);
    }
}

Test(wire, a_header_cut_anywhere_is_refused)
{
    for (size_t words = 0; words <= WIRE_HOPS_MAX; words++)
        for (size_t len = 0; len < 4 * words + 4; len++) {
            uint8_t message[64];
            uint8_t *copy = malloc(len + (len == 0));
            size_t header = 77;

            make_request(message, words);
            memcpy(copy, message, len);
            cr_expect_not(wire_request_header_get(copy, len, &header));
            cr_expect_eq(header, 77);
            free(copy);
        }
}

Test(wire, a_message_of_hop_words_only_has_no_id)
{
    static const uint8_t zeros[64];
    size_t header;

    for (size_t len = 0; len <= sizeof zeros; len++)
        cr_expect_not(wire_request_header_get(zeros, len, &header));
}

Test(wire, only_the_top_bit_of_a_word_makes_it_an_id)
{
    for (int first = 0; first < 256; first++) {
        uint8_t message[4] = {(uint8_t)first, 0xff, 0xff, 0xff};
        size_t header;

        cr_expect_eq(wire_request_header_get(message, 4, &header),
                     first >= 0x80);
    }
}
