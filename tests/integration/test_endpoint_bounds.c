/* SPDX-License-Identifier: MIT */
/* libsp/endpoint: the bounds on connections, calls and memory, the order of
 * replies, and clients that go before they are answered. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

TestSuite(endpoint_bounds, .fini = stop);

static void assert_closed(struct raw_peer *peer)
{
    cr_expect(raw_peer_wait_closed(peer, WAIT_MS));
    raw_peer_close(peer);
}

/* ---- connections ---- */

Test(endpoint_bounds, at_the_bound_the_longest_idle_connection_makes_room)
{
    struct raw_peer peers[4];

    bare_start(&bare, PATIENT, "max_connections=4");
    for (uint32_t i = 0; i < 4; i++) {
        raw_peer_open(&peers[i], bare.path, WIRE_REQ);
        raw_peer_expect(&peers[i], i, "hello", "hello");
    }
    raw_peer_expect(&peers[0], 9, "again", "again"); /* now 1 is the oldest */
    cr_expect_eq(bare_counter(&bare, "refused"), 0); /* a fifth connection */
    assert_closed(&peers[1]);
    for (uint32_t i = 0; i < 4; i++)
        if (i != 1) {
            raw_peer_expect(&peers[i], i, "still", "still");
            raw_peer_close(&peers[i]);
        }
}

/* Sends a request that is kept, and knows that it is. */
static void send_keep(struct raw_peer *peer, uint32_t id)
{
    raw_peer_send_request(peer, id, "keep", 4);
    raw_peer_expect(peer, id + 1000, "kept?", "kept?");
}

static void recv_released(struct raw_peer *peer, uint32_t id)
{
    struct raw_message reply;

    raw_peer_recv_reply(peer, id, &reply);
    cr_expect_str_eq((char *)reply.bytes, "released");
    raw_message_fini(&reply);
}

Test(endpoint_bounds, busy_connections_are_kept_and_the_newcomer_is_closed)
{
    struct raw_peer peers[4], newcomer;

    bare_start(&bare, PATIENT, "max_connections=4");
    for (uint32_t i = 0; i < 3; i++) {
        raw_peer_open(&peers[i], bare.path, WIRE_REQ);
        send_keep(&peers[i], i);
    }
    raw_peer_open(&peers[3], bare.path, WIRE_SUB);
    raw_peer_connect(&newcomer, bare.path);
    assert_closed(&newcomer);
    raw_peer_send_request(&peers[0], 7, "release", 7);
    for (uint32_t i = 0; i < 3; i++)
        recv_released(&peers[i], i);
    recv_released(&peers[0], 7);
    cr_expect_eq(bare_counter(&bare, "refused"), 1); /* there is room again */
    for (uint32_t i = 0; i < 4; i++)
        raw_peer_close(&peers[i]);
}

/* To bare_endpoint everybody is privileged; test_limits.c has those who are
 * not. */
Test(endpoint_bounds, reserved_places_are_there_when_all_others_are_taken)
{
    struct raw_peer peers[4], newcomer;

    bare_start(&bare, PATIENT, "max_connections=2", "reserved=2");
    for (uint32_t i = 0; i < 4; i++) {
        raw_peer_open(&peers[i], bare.path, WIRE_REQ);
        send_keep(&peers[i], i);
    }
    raw_peer_connect(&newcomer, bare.path);
    assert_closed(&newcomer);
    for (uint32_t i = 0; i < 4; i++)
        raw_peer_close(&peers[i]);
}

Test(endpoint_bounds, half_open_connections_never_keep_an_honest_client_out)
{
    struct raw_peer peers[32];
    struct raw_message reply;

    bare_start(&bare, PATIENT, "max_connections=4");
    for (int i = 0; i < 32; i++) {
        raw_peer_connect(&peers[i], bare.path);
        raw_call(bare.path, "hello", 5, &reply);
        cr_expect_str_eq((char *)reply.bytes, "hello");
        raw_message_fini(&reply);
    }
    cr_expect_eq(bare_counter(&bare, "refused"), 0);
    for (int i = 0; i < 32; i++)
        raw_peer_close(&peers[i]);
}

Test(endpoint_bounds, a_hundred_clients_come_and_go)
{
    bare_start(&bare, PATIENT);
    for (uint32_t i = 0; i < 100; i++) {
        struct raw_peer peer;

        raw_peer_open(&peer, bare.path, WIRE_REQ);
        raw_peer_expect(&peer, i, "hello", "hello");
        raw_peer_close(&peer);
    }
    cr_expect_eq(bare_counter(&bare, "calls"), 101);
    cr_expect_eq(bare_counter(&bare, "refused"), 0);
}

/* ---- order ---- */

Test(endpoint_bounds, pipelined_requests_are_answered_in_order)
{
    enum { REQUESTS = 5000 };
    struct buf bytes = BUF_EMPTY;
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        uint8_t frame[9 + 8];

        wire_frame_put(frame, 8);
        wire_u32_put(frame + 9, 0x80000000u | i);
        wire_u32_put(frame + 13, i * 7);
        cr_assert(buf_append(&bytes, frame, sizeof frame));
    }
    raw_peer_send(&peer, buf_data(&bytes), buf_size(&bytes));
    buf_fini(&bytes);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        struct raw_message reply;

        raw_peer_recv_reply(&peer, i, &reply);
        cr_assert_eq(reply.size, 4);
        cr_assert_eq(wire_u32_get(reply.bytes), i * 7);
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
}

Test(endpoint_bounds, one_who_asks_without_end_leaves_others_their_turn)
{
    struct buf bytes = BUF_EMPTY;
    struct raw_peer busy, other;

    bare_start(&bare, PATIENT);
    raw_peer_open(&other, bare.path, WIRE_REQ);
    raw_peer_open(&busy, bare.path, WIRE_PUSH);
    for (int i = 0; i < 10000; i++)
        cr_assert(buf_append(&bytes, "\1\0\0\0\0\0\0\0\1x", 10));
    for (uint32_t i = 0; i < 20; i++) {
        raw_peer_send(&busy, buf_data(&bytes), buf_size(&bytes));
        raw_peer_expect(&other, i, "hello", "hello");
    }
    bare_wait_counter(&bare, "casts", 200000);
    buf_fini(&bytes);
    raw_peer_close(&busy);
    raw_peer_close(&other);
}

/* ---- replies that come later ---- */

Test(endpoint_bounds, a_later_reply_finds_its_request)
{
    struct raw_peer one, other;

    bare_start(&bare, PATIENT);
    raw_peer_open(&one, bare.path, WIRE_REQ);
    raw_peer_open(&other, bare.path, WIRE_REQ);
    send_keep(&one, 1);
    send_keep(&one, 2);
    send_keep(&other, 3);
    raw_peer_expect(&one, 4, "overtakes", "overtakes");
    raw_peer_send_request(&other, 5, "release", 7);
    recv_released(&other, 3);
    recv_released(&other, 5);
    recv_released(&one, 1);
    recv_released(&one, 2);
    raw_peer_close(&one);
    raw_peer_close(&other);
}

Test(endpoint_bounds, a_reply_to_a_client_that_has_gone_is_dropped_and_counted)
{
    struct raw_peer gone, other;

    bare_start(&bare, PATIENT);
    raw_peer_open(&other, bare.path, WIRE_REQ);
    raw_peer_open(&gone, bare.path, WIRE_REQ);
    for (uint32_t i = 0; i < 10; i++)
        send_keep(&gone, i);
    raw_peer_close(&gone);
    raw_peer_expect(&other, 1, "hello", "hello");
    raw_peer_expect(&other, 2, "release", "released");
    cr_expect_eq(bare_counter(&bare, "replies_dropped"), 10);
    raw_peer_close(&other);
}

/* Calls that are never answered live on when the endpoint goes first: bare_stop
 * sees to that, and the leak check of the program. */
Test(endpoint_bounds, calls_outlive_the_endpoint)
{
    struct raw_peer peer;

    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (uint32_t i = 0; i < 10; i++)
        send_keep(&peer, i);
    raw_peer_close(&peer);
}

Test(endpoint_bounds, beyond_its_most_calls_it_stops_reading_until_answered)
{
    struct raw_peer peer, other;

    bare_start(&bare, PATIENT, "max_calls=8");
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    raw_peer_open(&other, bare.path, WIRE_REQ);
    for (uint32_t i = 0; i < 24; i++)
        raw_peer_send_request(&peer, i, "keep", 4);
    for (uint32_t done = 0; done < 24; done += 8) {
        bare_wait_counter(&bare, "kept", 8);
        raw_peer_expect(&other, 1, "hello", "hello");
        cr_expect_eq(bare_counter(&bare, "kept"), 8);
        raw_peer_expect(&other, 2, "release", "released");
        for (uint32_t i = done; i < done + 8; i++)
            recv_released(&peer, i);
    }
    raw_peer_close(&peer);
    raw_peer_close(&other);
}

/* ---- memory ---- */

/* Sends requests until the endpoint does not take any more; returns how many
 * bytes it took. */
static size_t send_until_full(struct raw_peer *peer, size_t most)
{
    static uint8_t frames[100 * 1013];
    size_t sent = 0;

    for (size_t i = 0; i < 100; i++) {
        wire_frame_put(frames + i * 1013, 1004);
        wire_u32_put(frames + i * 1013 + 9, 0x80000001);
    }
    while (sent < most) {
        size_t at = sent % sizeof frames;
        ssize_t got = send(peer->fd, frames + at, sizeof frames - at,
                           MSG_NOSIGNAL | MSG_DONTWAIT);

        if (got > 0)
            sent += (size_t)got;
        else if (!wait_writable(peer->fd, 200))
            return sent;
    }
    return sent;
}

Test(endpoint_bounds, from_a_client_that_does_not_read_it_stops_reading)
{
    enum { MOST = 50 * 1000 * 1000 };
    struct raw_peer peer, other;
    size_t sent;

    bare_start(&bare, PATIENT, "max_output=65536");
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    raw_peer_open(&other, bare.path, WIRE_REQ);
    sent = send_until_full(&peer, MOST);
    cr_expect_lt(sent, 2 * 1000 * 1000, "took %zu bytes", sent);
    raw_peer_expect(&other, 1, "hello", "hello");
    /* reading again sets it free, and nothing is lost */
    for (size_t i = 0; i < sent / 1013; i++) {
        struct raw_message reply;

        raw_peer_recv_reply(&peer, 1, &reply);
        cr_assert_eq(reply.size, 1000);
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
    raw_peer_close(&other);
}

Test(endpoint_bounds, replies_larger_than_the_bound_are_whole)
{
    struct raw_peer peer;
    struct raw_message reply;

    bare_start(&bare, PATIENT, "max_output=1000");
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    for (uint32_t i = 0; i < 10; i++)
        raw_peer_send_request(&peer, i, "zeros 3000000", 13);
    for (uint32_t i = 0; i < 10; i++) {
        raw_peer_recv_reply(&peer, i, &reply);
        cr_expect_eq(reply.size, 3000000);
        raw_message_fini(&reply);
    }
    raw_peer_close(&peer);
}

/* ---- subscribers ---- */

Test(endpoint_bounds, every_subscriber_gets_every_message_in_order)
{
    struct raw_peer subs[5], push;

    bare_start(&bare, PATIENT);
    for (int i = 0; i < 5; i++)
        raw_peer_open(&subs[i], bare.path, WIRE_SUB);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
    for (int n = 0; n < 100; n++) {
        char text[16];

        snprintf(text, sizeof text, "event %d", n);
        raw_peer_send_frame(&push, text, strlen(text));
    }
    for (int i = 0; i < 5; i++) {
        for (int n = 0; n < 100; n++) {
            char text[16];
            struct raw_message event;

            snprintf(text, sizeof text, "event %d", n);
            raw_peer_recv(&subs[i], &event);
            cr_assert_str_eq((char *)event.bytes, text);
            raw_message_fini(&event);
        }
        raw_peer_close(&subs[i]);
    }
    raw_peer_close(&push);
}

Test(endpoint_bounds, a_subscriber_that_does_not_read_loses_messages_alone)
{
    static uint8_t message[10000];
    struct raw_peer lazy, keen, push;
    uint64_t dropped;

    bare_start(&bare, PATIENT, "max_output=65536");
    raw_peer_open(&lazy, bare.path, WIRE_SUB);
    raw_peer_open(&keen, bare.path, WIRE_SUB);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
    for (int n = 0; n < 200; n++) {
        struct raw_message event;

        raw_peer_send_frame(&push, message, sizeof message);
        raw_peer_recv(&keen, &event);
        cr_assert_eq(event.size, sizeof message);
        raw_message_fini(&event);
    }
    dropped = bare_counter(&bare, "events_dropped");
    cr_expect_gt(dropped, 100);
    /* what was kept for the lazy one is whole, and it is served again */
    for (uint64_t n = dropped; n < 200; n++) {
        struct raw_message event;

        raw_peer_recv(&lazy, &event);
        cr_assert_eq(event.size, sizeof message);
        raw_message_fini(&event);
    }
    raw_peer_send_frame(&push, "news", 4);
    for (int i = 0; i < 2; i++) {
        struct raw_message event;

        raw_peer_recv(i ? &lazy : &keen, &event);
        cr_expect_str_eq((char *)event.bytes, "news");
        raw_message_fini(&event);
    }
    raw_peer_close(&lazy);
    raw_peer_close(&keen);
    raw_peer_close(&push);
}

Test(endpoint_bounds, a_subscriber_that_says_half_a_thing_is_closed_in_time)
{
    static const uint8_t frame[10] = {1, 0, 0, 0, 0, 0, 0, 0, 1, 'x'};

    bare_start(&bare, "handshake_ms=60000", "frame_ms=50");
    for (size_t size = 1; size <= sizeof frame; size++) {
        struct raw_peer sub;

        raw_peer_open(&sub, bare.path, WIRE_SUB);
        raw_peer_send(&sub, frame, size);
        assert_closed(&sub);
    }
}

Test(endpoint_bounds, a_subscriber_that_goes_in_the_middle_harms_nobody)
{
    struct raw_peer subs[10], push;

    bare_start(&bare, PATIENT);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
    for (int i = 0; i < 10; i++)
        raw_peer_open(&subs[i], bare.path, WIRE_SUB);
    for (int i = 0; i < 10; i++) {
        struct raw_message event;

        raw_peer_send_frame(&push, "event", 5);
        raw_peer_close(&subs[i]);
        if (i == 9)
            break;
        raw_peer_recv(&subs[9], &event);
        cr_assert_str_eq((char *)event.bytes, "event");
        raw_message_fini(&event);
    }
    raw_peer_close(&push);
}

#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed */

/* ---- after a burst ---- */

/* In one read; its reply is kept before it is written. */
#define BURST (31 * 1024)

struct shrinking {
    long kib; /* of memory of its own, at most */
};

/* What the process has of its own, without the pages of files. */
static long own_kib(void)
{
    char path[64], line[128];
    long kib = 0, part;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup",
             (int)bare.program.pid);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Anonymous: %ld", &part) == 1)
            kib = part;
    fclose(file);
    return kib;
}

static bool has_shrunk(void *context)
{
    return own_kib() <= ((struct shrinking *)context)->kib;
}

Test(endpoint_bounds, what_a_burst_has_taken_goes_back_to_the_kernel)
{
    static char request[BURST];
    struct shrinking shrinking;
    struct raw_peer peer;

    memset(request, 'x', sizeof request - 1);
    bare_start(&bare, PATIENT);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
    raw_peer_expect(&peer, 1, "small", "small");
    shrinking.kib = own_kib() + 16;
    for (uint32_t id = 2; id < 10; id++) { /* may come in more reads than one */
        struct raw_message reply;

        raw_peer_send_request(&peer, id, request, sizeof request);
        raw_peer_recv_reply(&peer, id, &reply);
        cr_assert_eq(reply.size, sizeof request);
        raw_message_fini(&reply);
    }
    cr_expect(wait_for(has_shrunk, &shrinking, WAIT_MS), "%ld KiB, not %ld",
              own_kib(), shrinking.kib);
    raw_peer_expect(&peer, 11, "small", "small");
    raw_peer_close(&peer);
}

#endif
