/* SPDX-License-Identifier: MIT */
/* libsp/endpoint against peers that misbehave: handshakes, frames, request
 * headers, tags.  Its bounds are test_endpoint_bounds.c's. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/bare.h"
#include "support/raw_peer.h"
#include "support/wait.h"

/* Long enough not to run out in a test that does not want it to. */
#define PATIENT "handshake_ms=60000", "frame_ms=60000"

static struct bare bare;

static void stop(void)
{
    bare_stop(&bare);
}

TestSuite(endpoint, .fini = stop);

/* An honest client, that everybody else is judged by. */
static void assert_serves(void)
{
    struct raw_message reply;

    raw_call(bare.path, "hello", 5, &reply);
    cr_assert_str_eq((char *)reply.bytes, "hello");
    raw_message_fini(&reply);
}

/* ---- handshake ---- */

Test(endpoint, answers_each_peer_with_its_counterpart)
{
    static const enum wire_protocol ours[] = {WIRE_REQ, WIRE_PUSH, WIRE_SUB};

    bare_start(&bare, PATIENT);
    for (int i = 0; i < 3; i++) {
        struct raw_peer peer;

        raw_peer_open(&peer, bare.path, ours[i]);
        raw_peer_close(&peer);
    }
}

Test(endpoint, says_nothing_before_the_peer_has_spoken)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_connect(&peer, bare.path);
    assert_serves();
    cr_expect(raw_peer_silent(&peer, 0));
    raw_peer_send(&peer, "\0SP\0\0\x30\0", 7);
    assert_serves();
    cr_expect(raw_peer_silent(&peer, 0));
    raw_peer_close(&peer);
}

static void assert_closes(const void *bytes, size_t size)
{
    struct raw_peer peer;

    raw_peer_connect(&peer, bare.path);
    raw_peer_send(&peer, bytes, size);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    cr_expect_eq(buf_size(&peer.in), 0);
    raw_peer_close(&peer);
}

Test(endpoint, closes_on_a_protocol_that_it_does_not_speak)
{
    static const uint16_t numbers[] = {0,    0x10, 0x20, 0x31,   0x51,
                                       0x60, 0x61, 0x70, 0x3030, 0xffff};

    bare_start(&bare, PATIENT);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint8_t bytes[8];

        wire_handshake_put(bytes, (enum wire_protocol)numbers[i]);
        assert_closes(bytes, 8);
    }
    cr_expect_eq(bare_counter(&bare, "handshake_bad"), 10);
    assert_serves();
}

Test(endpoint, closes_on_a_handshake_with_a_wrong_byte)
{
    static const size_t fixed[] = {0, 1, 2, 3, 6, 7};

    bare_start(&bare, PATIENT);
    for (size_t i = 0; i < 6; i++) {
        uint8_t bytes[8];

        wire_handshake_put(bytes, WIRE_REQ);
        bytes[fixed[i]] ^= 0x40;
        assert_closes(bytes, 8);
    }
    assert_closes("GET / HTTP/1.1\r\n\r\n", 18);
    assert_serves();
}

Test(endpoint, takes_a_handshake_in_any_two_pieces)
{
    uint8_t bytes[8];

    bare_start(&bare, PATIENT);
    wire_handshake_put(bytes, WIRE_REQ);
    for (size_t cut = 1; cut < 8; cut++) {
        struct raw_peer peer;

        raw_peer_connect(&peer, bare.path);
        raw_peer_send(&peer, bytes, cut);
        assert_serves(); /* so that the piece has been read alone */
        raw_peer_send(&peer, bytes + cut, 8 - cut);
        cr_assert(wait_readable(peer.fd, WAIT_MS));
        cr_assert_eq(bare_counter(&bare, "handshake_bad"), 0);
        raw_peer_close(&peer);
    }
}

Test(endpoint, takes_handshake_and_first_request_in_one_write)
{
    uint8_t bytes[8 + 9 + 4 + 2] = {0};
    struct raw_message reply;
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    wire_handshake_put(bytes, WIRE_REQ);
    wire_frame_put(bytes + 8, 6);
    memcpy(bytes + 17, "\x80\0\0\x07hi", 6);
    raw_peer_connect(&peer, bare.path);
    raw_peer_send(&peer, bytes, sizeof bytes);
    while (buf_size(&peer.in) < 8) {
        cr_assert(wait_readable(peer.fd, WAIT_MS));
        cr_assert(buf_reserve(&peer.in, 8));
        cr_assert_eq(read(peer.fd, buf_tail(&peer.in), 8), 8);
        buf_commit(&peer.in, 8);
    }
    buf_consume(&peer.in, 8);
    raw_peer_recv_reply(&peer, 7, &reply);
    cr_expect_str_eq((char *)reply.bytes, "hi");
    raw_message_fini(&reply);
    raw_peer_close(&peer);
}

Test(endpoint, closes_half_open_handshakes_and_serves_the_honest_meanwhile)
{
    struct raw_peer peers[20];

    bare_start(&bare, "handshake_ms=200");
    for (size_t i = 0; i < 20; i++) {
        raw_peer_connect(&peers[i], bare.path);
        if (i % 8)
            raw_peer_send(&peers[i], "\0SP\0\0\x30\0", i % 8);
        assert_serves();
    }
    for (size_t i = 0; i < 20; i++) {
        cr_expect(raw_peer_wait_closed(&peers[i], WAIT_MS));
        assert_serves();
        raw_peer_close(&peers[i]);
    }
    cr_expect_eq(bare_counter(&bare, "handshake_bad"), 20);
}

/* One byte at a time does not buy more time. */
Test(endpoint, closes_a_handshake_that_dribbles)
{
    struct raw_peer peer;
    bool open = true;

    bare_start(&bare, "handshake_ms=100");
    raw_peer_connect(&peer, bare.path);
    for (int i = 0; open && i < 7; i++) {
        open = raw_peer_try_send(&peer, &"\0SP\0\0\x30\0"[i], 1);
        open = open && raw_peer_silent(&peer, 30);
    }
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    cr_expect_eq(bare_counter(&bare, "handshake_bad"), 1);
}

/* ---- frames ---- */

Test(endpoint, takes_a_request_at_every_split_into_two_writes)
{
    uint8_t bytes[9 + 8 + 5];
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    wire_frame_put(bytes, 13);
    memcpy(bytes + 9, "\0\0\0\x01\x80\0\0\x09hello", 13);
    for (size_t cut = 1; cut < sizeof bytes; cut++) {
        struct raw_message reply;

        raw_peer_send(&peer, bytes, cut);
        assert_serves();
        raw_peer_send(&peer, bytes + cut, sizeof bytes - cut);
        raw_peer_recv(&peer, &reply);
        cr_expect_eq(reply.size, 13);
        cr_expect_arr_eq(reply.bytes, bytes + 9, 13);
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
}

Test(endpoint, takes_requests_one_byte_at_a_time)
{
    uint8_t bytes[2 * (9 + 4 + 3)];
    struct raw_message reply;
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    wire_frame_put(bytes, 7);
    memcpy(bytes + 9, "\x80\0\0\x01one", 7);
    wire_frame_put(bytes + 16, 7);
    memcpy(bytes + 25, "\x80\0\0\x02two", 7);
    for (size_t i = 0; i < sizeof bytes; i++) {
        raw_peer_send(&peer, bytes + i, 1);
        assert_serves();
    }
    raw_peer_recv_reply(&peer, 1, &reply);
    cr_expect_str_eq((char *)reply.bytes, "one");
    raw_message_fini(&reply);
    raw_peer_recv_reply(&peer, 2, &reply);
    cr_expect_str_eq((char *)reply.bytes, "two");
    raw_message_fini(&reply);
    raw_peer_close(&peer);
}

Test(endpoint, closes_a_frame_that_does_not_come_to_its_end)
{
    static const size_t pieces[] = {1, 8, 9, 10, 13, 15};
    struct raw_peer peers[6];
    uint8_t bytes[16];

    bare_start(&bare, "frame_ms=200");
    wire_frame_put(bytes, 7);
    memcpy(bytes + 9, "\x80\0\0\x01one", 7);
    for (size_t i = 0; i < 6; i++) {
        raw_peer_open(&peers[i], bare.path, i % 2 ? WIRE_REQ : WIRE_PUSH);
        raw_peer_send(&peers[i], bytes, pieces[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_serves();
        cr_expect(raw_peer_wait_closed(&peers[i], WAIT_MS), "%zu bytes",
                  pieces[i]);
        raw_peer_close(&peers[i]);
    }
    cr_expect_eq(bare_counter(&bare, "frame_bad"), 6);
}

Test(endpoint, closes_a_frame_that_dribbles)
{
    uint8_t bytes[9 + 100] = {0};
    struct raw_peer peer;
    bool open = true;

    bare_start(&bare, "frame_ms=100");
    wire_frame_put(bytes, 100);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (int i = 0; open && i < 100; i++) {
        open = raw_peer_try_send(&peer, bytes + i, 1);
        open = open && raw_peer_silent(&peer, 30);
    }
    cr_expect_not(open);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    cr_expect_eq(bare_counter(&bare, "frame_bad"), 1);
}

/* The time starts with the frame and not with the connection, and each frame
 * has its own. */
Test(endpoint, an_idle_connection_lives_on)
{
    struct raw_peer peer;

    bare_start(&bare, "frame_ms=50", "handshake_ms=50");
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (uint32_t i = 0; i < 4; i++) {
        cr_expect(raw_peer_silent(&peer, 70));
        raw_peer_expect(&peer, i, "hello", "hello");
    }
    raw_peer_close(&peer);
}

Test(endpoint, closes_on_bytes_that_are_no_frame)
{
    bare_start(&bare, PATIENT);
    for (int first = 0; first < 256; first += 5) {
        uint8_t garbage[64];
        struct raw_peer peer;

        if (first == 1)
            continue;
        memset(garbage, first, sizeof garbage);
        raw_peer_open(&peer, bare.path, first % 2 ? WIRE_REQ : WIRE_PUSH);
        raw_peer_send(&peer, garbage, 1 + (size_t)first % 64);
        cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
        raw_peer_close(&peer);
    }
    assert_serves();
}

Test(endpoint, random_bytes_harm_nobody_else)
{
    bare_start(&bare, "handshake_ms=100", "frame_ms=100");
    srand(7);
    for (int round = 0; round < 100; round++) {
        uint8_t bytes[512];
        struct raw_peer peer;

        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)rand();
        if (round % 2) {
            raw_peer_open(&peer, bare.path, WIRE_REQ);
            wire_frame_put(bytes, (uint64_t)rand() % 600);
        } else {
            raw_peer_connect(&peer, bare.path);
        }
        raw_peer_try_send(&peer, bytes, sizeof bytes);
        assert_serves();
        raw_peer_close(&peer);
    }
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

Test(endpoint, answers_a_length_over_the_limit_with_error_17_and_closes)
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

Test(endpoint, closes_a_push_over_the_limit_without_a_word)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT, "max_message=1000");
    raw_peer_open(&peer, bare.path, WIRE_PUSH);
    announce(&peer, 1ull << 63);
    cr_expect(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    cr_expect_eq(bare_counter(&bare, "casts"), 0);
}

Test(endpoint, waits_for_the_id_of_a_request_over_the_limit)
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

Test(endpoint, takes_a_body_of_exactly_the_limit_and_refuses_one_more)
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

Test(endpoint, a_cast_of_exactly_the_limit_is_taken_and_one_more_is_not)
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
Test(endpoint, announced_lengths_take_no_memory)
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

Test(endpoint, carries_a_large_message_whole_both_ways)
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

Test(endpoint, copies_up_to_seven_hop_words_and_the_id_to_the_reply)
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

Test(endpoint, drops_and_counts_a_request_with_eight_hop_words_or_no_id)
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

Test(endpoint, a_literal_is_handed_on_without_its_tag_and_escaped_back)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    assert_request(&peer, 1, "\0SP=hello", 9, "hello", 5);
    assert_request(&peer, 2, "\0SP=\0SP!7 x", 11, "\0SP=\0SP!7 x", 11);
    assert_request(&peer, 3, "\0SP=", 4, "", 0);
    raw_peer_close(&peer);
}

Test(endpoint, a_tagged_cast_has_no_reply_and_keeps_its_place)
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

Test(endpoint, an_unknown_tag_is_answered_with_error_18)
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

Test(endpoint, an_error_of_the_handler_has_its_number_and_text)
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
Test(endpoint, a_push_is_a_cast_byte_for_byte)
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
