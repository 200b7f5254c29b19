/* SPDX-License-Identifier: MIT */
/* libsp/endpoint against peers that misbehave: handshakes and frames.  What
 * is in the frames is test_endpoint_requests.c's, how many there may be
 * test_endpoint_bounds.c's. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
