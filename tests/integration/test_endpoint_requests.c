/* SPDX-License-Identifier: MIT */
/* libsp/endpoint: what is in the frames: sizes at and over the limit, hop
 * words and ids, tags. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/bare.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

/* Long enough not to run out in a test that does not want it to. */
#define PATIENT "handshake_ms=60000", "frame_ms=60000"

static struct bare bare;

static void stop(void)
{
    bare_stop(&bare);
    leaks_check();
}

TestSuite(endpoint_requests, .fini = stop);

static void assert_serves(void)
{
    struct raw_message reply;

    raw_call(bare.path, "hello", 5, &reply);
    cr_assert_str_eq((char *)reply.bytes, "hello");
    raw_message_fini(&reply);
}

/* ---- sizes ---- */

/* A frame header that announces `length`, and a request id behind it. */
static void announce(struct raw_peer *peer, uint64_t length)
{
    uint8_t bytes[13] = {0};

    wire_frame_put(bytes, length);
    bytes[9] = 0x80;
    bytes[12] = 5;
    raw_peer_send(peer, bytes, sizeof bytes);
}

static void assert_error_17(struct raw_peer *peer, uint32_t id)
{
    struct raw_message reply;

    raw_peer_recv_reply(peer, id, &reply);
    cr_expect_geq(reply.size, 7);
    cr_expect_arr_eq(reply.bytes, "\0SP!17 ", 7);
    raw_message_fini(&reply);
}

Test(endpoint_requests, answers_a_length_over_the_limit_with_error_17_and_closes)
{
    static const uint64_t lengths[] = {1ull << 63, UINT64_MAX, 1ull << 32,
                                       1ull << 62, 2000};

    bare_start(&bare, PATIENT, "max_message=1000");
    for (size_t i = 0; i < 5; i++) {
        struct raw_peer peer;

        raw_peer_open(&peer, bare.path, WIRE_REQ);
        announce(&peer, lengths[i]);
        assert_error_17(&peer, 5);
        cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
        raw_peer_close(&peer);
        assert_serves();
    }
    cr_expect_eq(bare_counter(&bare, "too_large"), 5);
}

Test(endpoint_requests, closes_a_push_over_the_limit_without_a_word)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT, "max_message=1000");
    raw_peer_open(&peer, bare.path, WIRE_PUSH);
    announce(&peer, 1ull << 63);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    cr_expect_eq(bare_counter(&bare, "casts"), 0);
}

Test(endpoint_requests, waits_for_the_id_of_a_request_over_the_limit)
{
    uint8_t bytes[9 + 4 + 4];
    struct raw_message reply;
    struct raw_peer peer;

    bare_start(&bare, PATIENT, "max_message=1000");
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    wire_frame_put(bytes, 1ull << 40);
    memcpy(bytes + 9, "\0\0\0\x01\x80\0\0\x05", 8);
    for (size_t i = 0; i < sizeof bytes; i++) {
        cr_expect(raw_peer_silent(&peer, 0));
        raw_peer_send(&peer, bytes + i, 1);
        assert_serves();
    }
    raw_peer_recv(&peer, &reply);
    cr_expect_arr_eq(reply.bytes, "\0\0\0\x01\x80\0\0\x05\0SP!17 ", 15);
    raw_message_fini(&reply);
    raw_peer_close(&peer);
}

Test(endpoint_requests, takes_a_body_of_exactly_the_limit_and_refuses_one_more)
{
    char body[1001];
    struct raw_message reply;
    struct raw_peer peer;

    bare_start(&bare, PATIENT, "max_message=1000");
    memset(body, 'x', sizeof body);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, body, 1000);
    raw_peer_recv_reply(&peer, 1, &reply);
    cr_expect_eq(reply.size, 1000);
    raw_message_fini(&reply);
    raw_peer_send_request(&peer, 2, body, 1001);
    assert_error_17(&peer, 2);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    cr_expect_eq(bare_counter(&bare, "too_large"), 1);
}

Test(endpoint_requests, a_cast_of_exactly_the_limit_is_taken_and_one_more_is_not)
{
    char body[1001];
    struct raw_peer peer;

    bare_start(&bare, PATIENT, "max_message=1000");
    memset(body, 'x', sizeof body);
    raw_peer_open(&peer, bare.path, WIRE_PUSH);
    raw_peer_send_frame(&peer, body, 1000);
    bare_wait_counter(&bare, "casts", 1);
    raw_peer_send_frame(&peer, body, 1001);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    cr_expect_eq(bare_counter(&bare, "casts"), 1);
}

/* Forty announcements of a gigabyte take less memory than one of them is. */
Test(endpoint_requests, announced_lengths_take_no_memory)
{
    struct raw_peer peers[40];
    uint64_t before;

    bare_start(&bare, PATIENT, "max_message=1073741824");
    before = bare_memory(&bare);
    for (size_t i = 0; i < 40; i++) {
        raw_peer_open(&peers[i], bare.path, WIRE_REQ);
        announce(&peers[i], 1000000000);
    }
    assert_serves();
    cr_expect_lt(bare_memory(&bare), before + 1000000000);
    for (size_t i = 0; i < 40; i++)
        raw_peer_close(&peers[i]);
}

Test(endpoint_requests, carries_a_large_message_whole_both_ways)
{
    size_t size = 5 * 1024 * 1024;
    uint8_t *body = malloc(size);
    struct raw_message reply;

    bare_start(&bare, PATIENT);
    for (size_t i = 0; i < size; i++)
        body[i] = (uint8_t)(i * 2654435761u >> 24);
    raw_call(bare.path, body, size, &reply);
    cr_expect_eq(reply.size, size);
    cr_expect(memcmp(reply.bytes, body, size) == 0);
    raw_message_fini(&reply);
    free(body);
}

/* ---- request headers ---- */

Test(endpoint_requests, copies_up_to_seven_hop_words_and_the_id_to_the_reply)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (size_t words = 0; words <= 7; words++) {
        uint8_t message[40];
        struct raw_message reply;

        for (size_t i = 0; i < words; i++)
            wire_u32_put(message + 4 * i, 0x01020304u * (uint32_t)(i + 1));
        wire_u32_put(message + 4 * words, 0x80000000u | (uint32_t)words);
        memcpy(message + 4 * words + 4, "body", 4);
        raw_peer_send_frame(&peer, message, 4 * words + 8);
        raw_peer_recv(&peer, &reply);
        cr_expect_eq(reply.size, 4 * words + 8);
        cr_expect_arr_eq(reply.bytes, message, 4 * words + 8);
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
}

Test(endpoint_requests, drops_and_counts_a_request_with_eight_hop_words_or_no_id)
{
    uint8_t message[36] = {0};
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    message[32] = 0x80;
    raw_peer_send_frame(&peer, message, 36); /* eight words, then the id */
    raw_peer_send_frame(&peer, message, 32); /* no id */
    raw_peer_send_frame(&peer, message + 32, 3);
    raw_peer_send_frame(&peer, NULL, 0);
    raw_peer_expect(&peer, 1, "hello", "hello"); /* the connection lives */
    raw_peer_close(&peer);
    cr_expect_eq(bare_counter(&bare, "header_bad"), 4);
}

/* ---- tags ---- */

static void assert_request(struct raw_peer *peer, uint32_t id,
                           const char *body, size_t size, const char *wanted,
                           size_t wanted_size)
{
    struct raw_message reply;

    raw_peer_send_request(peer, id, body, size);
    raw_peer_recv_reply(peer, id, &reply);
    cr_expect_eq(reply.size, wanted_size);
    cr_expect(reply.size == wanted_size &&
              memcmp(reply.bytes, wanted, wanted_size) == 0);
    raw_message_fini(&reply);
}

Test(endpoint_requests, a_literal_is_handed_on_without_its_tag_and_escaped_back)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    assert_request(&peer, 1, "\0SP=hello", 9, "hello", 5);
    assert_request(&peer, 2, "\0SP=\0SP!7 x", 11, "\0SP=\0SP!7 x", 11);
    assert_request(&peer, 3, "\0SP=", 4, "", 0);
    raw_peer_close(&peer);
}

Test(endpoint_requests, a_tagged_cast_has_no_reply_and_keeps_its_place)
{
    struct raw_peer peer, sub;
    struct raw_message event;

    bare_start(&bare, PATIENT);
    raw_peer_open(&sub, bare.path, WIRE_SUB);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, "\0SP>one", 7);
    assert_request(&peer, 2, "\0SP&two", 7, "", 0);
    raw_peer_expect(&peer, 3, "hello", "hello");
    raw_peer_recv(&sub, &event);
    cr_expect_str_eq((char *)event.bytes, "one");
    raw_message_fini(&event);
    raw_peer_recv(&sub, &event);
    cr_expect_str_eq((char *)event.bytes, "two");
    raw_message_fini(&event);
    raw_peer_close(&sub);
    raw_peer_close(&peer);
}

Test(endpoint_requests, an_unknown_tag_is_answered_with_error_18)
{
    struct raw_message reply;
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (int tag = 0; tag < 256; tag++) {
        uint8_t body[5] = {0, 'S', 'P', (uint8_t)tag, 'x'};

        if (tag == '=' || tag == '>' || tag == '&')
            continue;
        raw_peer_send_request(&peer, (uint32_t)tag, body, 5);
        raw_peer_recv_reply(&peer, (uint32_t)tag, &reply);
        cr_expect_arr_eq(reply.bytes, "\0SP!18 ", 7);
        raw_message_fini(&reply);
    }
    raw_peer_send_request(&peer, 300, "\0SP", 3);
    raw_peer_recv_reply(&peer, 300, &reply);
    cr_expect_arr_eq(reply.bytes, "\0SP!18 ", 7);
    raw_message_fini(&reply);
    raw_peer_close(&peer);
}

Test(endpoint_requests, an_error_of_the_handler_has_its_number_and_text)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    assert_request(&peer, 1, "fail no such key: n", 19,
                   "\0SP!7 no such key: n", 20);
    assert_request(&peer, 2, "fail ", 5, "\0SP!7 ", 6);
    raw_peer_close(&peer);
}

/* What comes by PUSH is never interpreted. */
Test(endpoint_requests, a_push_is_a_cast_byte_for_byte)
{
    static const char *const messages[] = {"", "a", "\0SP>x", "\0SP=", "\0SP!"};
    static const size_t sizes[] = {0, 1, 5, 4, 4};
    struct raw_peer push, sub;

    bare_start(&bare, PATIENT);
    raw_peer_open(&sub, bare.path, WIRE_SUB);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
    for (size_t i = 0; i < 5; i++) {
        struct raw_message event;

        raw_peer_send_frame(&push, messages[i], sizes[i]);
        raw_peer_recv(&sub, &event);
        cr_expect_eq(event.size, sizes[i]);
        cr_expect(memcmp(event.bytes, messages[i], sizes[i]) == 0);
        raw_message_fini(&event);
    }
    raw_peer_close(&push);
    raw_peer_close(&sub);
}
