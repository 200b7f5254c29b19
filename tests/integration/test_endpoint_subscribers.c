/* SPDX-License-Identifier: MIT */
/* libsp/endpoint: SUB peers that say what they want, and what they are told;
 * those that say nothing notice none of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "support/bare.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"
#include "wire/published.h"

#define PATIENT "handshake_ms=60000", "frame_ms=60000"
#define LARGE 10000 /* bytes of a message that fills a queue soon */

static struct bare bare;
static struct raw_peer push;

static void stop(void)
{
    bare_stop(&bare);
    leaks_check();
}

TestSuite(endpoint_subscribers, .fini = stop);

static void start_with(const char *limit)
{
    bare_start(&bare, PATIENT, limit);
    raw_peer_open(&push, bare.path, WIRE_PUSH);
}

static void start(void)
{
    start_with("max_output=65536");
}

static void publish(const void *message, size_t size)
{
    raw_peer_send_frame(&push, message, size);
}

static void expect(struct raw_peer *sub, const void *message, size_t size)
{
    struct raw_message event;

    raw_peer_recv(sub, &event);
    cr_expect_eq(event.size, size);
    cr_expect_arr_eq(event.bytes, message, size);
    raw_message_fini(&event);
}

#define expect_text(sub, text) expect((sub), (text), sizeof(text) - 1)

static void subscribe(struct raw_peer *out_sub, const void *prefix, size_t size)
{
    uint8_t message[WIRE_SUBSCRIPTION_MAX];

    raw_peer_open(out_sub, bare.path, WIRE_SUB);
    raw_peer_send_frame(out_sub, message,
                        wire_subscription_put(message, prefix, size));
    expect_text(out_sub, "\0SP-0");
}

static void end(struct raw_peer *sub)
{
    raw_peer_close(sub);
    raw_peer_close(&push);
}

Test(endpoint_subscribers, who_says_what_it_wants_gets_that_alone)
{
    struct raw_peer some, all, bare_one;

    start();
    subscribe(&some, "news", 4);
    subscribe(&all, "", 0);
    raw_peer_open(&bare_one, bare.path, WIRE_SUB);
    bare_wait_counter(&bare, "subscribers", 3);
    publish("new", 3);
    publish("old news", 8);
    publish("news", 4);
    publish("newspaper", 9);
    expect_text(&some, "news");
    expect_text(&some, "newspaper");
    for (int i = 0; i < 2; i++) {
        struct raw_peer *sub = i ? &all : &bare_one;

        expect_text(sub, "new");
        expect_text(sub, "old news");
        expect_text(sub, "news");
        expect_text(sub, "newspaper");
    }
    raw_peer_close(&some);
    raw_peer_close(&bare_one);
    end(&all);
}

Test(endpoint_subscribers, a_message_like_a_mark_is_literal_to_who_subscribed)
{
    struct raw_peer sub, bare_one;

    start();
    subscribe(&sub, "\0SP", 3);
    raw_peer_open(&bare_one, bare.path, WIRE_SUB);
    bare_wait_counter(&bare, "subscribers", 2);
    publish("\0SP-3", 5);
    publish("\0SP", 3);
    publish("plain", 5);
    expect_text(&sub, "\0SP=\0SP-3");
    expect_text(&sub, "\0SP=\0SP");
    expect_text(&bare_one, "\0SP-3");
    expect_text(&bare_one, "\0SP");
    expect_text(&bare_one, "plain");
    raw_peer_close(&bare_one);
    end(&sub);
}

/* Publishes LARGE bytes, which tell how many such messages came before. */
static void publish_large(uint64_t number)
{
    char message[LARGE] = {0};

    snprintf(message, sizeof message, "news %06u", (unsigned)number);
    publish(message, sizeof message);
}

/* Receives one frame, the message of this number; else returns how many were
 * lost. */
static uint64_t receive_or_lost(struct raw_peer *sub, uint64_t number)
{
    char wanted[16];
    struct wire_published published;
    struct raw_message event;

    raw_peer_recv(sub, &event);
    published = wire_published_get(event.bytes, event.size);
    if (published.kind == WIRE_PUBLISHED_MESSAGE) {
        snprintf(wanted, sizeof wanted, "news %06u", (unsigned)number);
        cr_assert_eq(published.size, LARGE);
        cr_assert_str_eq((const char *)published.data, wanted);
    }
    raw_message_fini(&event);
    return published.lost;
}

/* Nothing has to be emitted for that: reading suffices. */
Test(endpoint_subscribers, a_loss_is_told_with_its_number_once_all_is_read)
{
    static const char noise[LARGE] = "noise";
    struct raw_peer lazy;
    uint64_t got = 0, lost;

    start();
    subscribe(&lazy, "news", 4);
    for (uint64_t i = 0; i < 200; i++) {
        publish_large(i);
        publish(noise, LARGE);
    }
    bare_wait_counter(&bare, "casts", 400);
    while ((lost = receive_or_lost(&lazy, got)) == 0)
        got++;
    cr_expect_gt(lost, 100u);
    cr_expect_eq(lost + got, 200u);
    cr_expect_eq(bare_counter(&bare, "events_dropped"), lost);
    publish("news at last", 12);
    expect_text(&lazy, "news at last");
    end(&lazy);
}

/* More waits than the kernel's queue holds: something always does when there is
 * room again, so that the loss is told between two. */
Test(endpoint_subscribers, a_loss_is_told_before_what_comes_behind_it)
{
    struct raw_peer lazy;
    uint64_t got = 0, lost, sent;

    start_with("max_output=1000000");
    subscribe(&lazy, "", 0);
    for (sent = 0; sent < 300; sent++)
        publish_large(sent);
    bare_wait_counter(&bare, "casts", sent);
    while ((lost = receive_or_lost(&lazy, got)) == 0) {
        got++;
        publish_large(sent++);
        bare_wait_counter(&bare, "casts", sent);
    }
    cr_expect_gt(lost, 100u);
    cr_expect_gt(sent, got + lost);
    for (; got + lost < sent; got++)
        cr_assert_eq(receive_or_lost(&lazy, got + lost), 0u);
    end(&lazy);
}

Test(endpoint_subscribers, a_subscription_may_come_in_the_handshakes_write)
{
    uint8_t bytes[WIRE_HANDSHAKE_SIZE + WIRE_FRAME_HEADER_SIZE +
                  WIRE_SUBSCRIPTION_MAX];
    uint8_t *frame = bytes + WIRE_HANDSHAKE_SIZE;
    struct raw_peer whole, pieces;
    size_t size = wire_subscription_put(frame + WIRE_FRAME_HEADER_SIZE, "n", 1);

    start();
    wire_handshake_put(bytes, WIRE_SUB);
    wire_frame_put(frame, size);
    size += WIRE_HANDSHAKE_SIZE + WIRE_FRAME_HEADER_SIZE;
    raw_peer_connect(&whole, bare.path);
    raw_peer_send(&whole, bytes, size);
    raw_peer_connect(&pieces, bare.path);
    for (size_t i = 0; i < size; i++)
        raw_peer_send(&pieces, bytes + i, 1);
    for (int i = 0; i < 2; i++) {
        struct raw_peer *sub = i ? &pieces : &whole;
        uint8_t hello[WIRE_HANDSHAKE_SIZE];

        cr_assert(wait_readable(sub->fd, WAIT_MS));
        cr_assert_eq(recv(sub->fd, hello, sizeof hello, 0), sizeof hello);
        expect_text(sub, "\0SP-0");
    }
    publish("no", 2);
    publish("yes", 3);
    publish("n", 1);
    for (int i = 0; i < 2; i++) {
        expect_text(i ? &pieces : &whole, "no");
        expect_text(i ? &pieces : &whole, "n");
    }
    raw_peer_close(&whole);
    end(&pieces);
}

Test(endpoint_subscribers, who_says_anything_else_is_closed)
{
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {{"", 0}, {"x", 1}, {"\0SP=", 4}, {"\0SP-0", 5}, {"\0SP", 3}};
    uint8_t large[WIRE_SUBSCRIPTION_MAX + 1] = {0, 'S', 'P', '+'};
    struct raw_peer sub;

    start();
    for (size_t i = 0; i <= sizeof rows / sizeof rows[0]; i++) {
        bool last = i == sizeof rows / sizeof rows[0];

        raw_peer_open(&sub, bare.path, WIRE_SUB);
        raw_peer_send_frame(&sub, last ? (char *)large : rows[i].bytes,
                            last ? sizeof large : rows[i].size);
        cr_expect(raw_peer_wait_closed(&sub, WAIT_MS), "row %zu", i);
        raw_peer_close(&sub);
    }
    subscribe(&sub, "a", 1);
    raw_peer_send_frame(&sub, "\0SP+a", 5);
    cr_expect(raw_peer_wait_closed(&sub, WAIT_MS));
    bare_wait_counter(&bare, "frame_bad", 7);
    cr_expect_eq(bare_counter(&bare, "subscribers"), 0);
    end(&sub);
}
