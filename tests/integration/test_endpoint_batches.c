/* SPDX-License-Identifier: MIT */
/* libsp/endpoint: many requests in one write, and when their answers leave;
 * replies that no socket takes whole. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "support/bare.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

#define LARGE 900000 /* more than a socket holds */

static struct bare bare;
static struct raw_peer peer;

static void stop(void)
{
    raw_peer_close(&peer);
    bare_stop(&bare);
    leaks_check();
}

TestSuite(endpoint_batches, .fini = stop);

/* Requests from id 1 on, in one write: of them all but the last say "x". */
static void send_batch(uint32_t count, const char *last)
{
    struct buf bytes = BUF_EMPTY;

    for (uint32_t id = 1; id <= count; id++) {
        const char *body = id < count ? "x" : last;
        uint8_t head[WIRE_FRAME_HEADER_SIZE + 4];

        wire_frame_put(head, 4 + strlen(body));
        wire_u32_put(head + WIRE_FRAME_HEADER_SIZE, 0x80000000u | id);
        cr_assert(buf_append(&bytes, head, sizeof head));
        cr_assert(buf_append(&bytes, body, strlen(body)));
    }
    raw_peer_send(&peer, buf_data(&bytes), buf_size(&bytes));
    buf_fini(&bytes);
}

static void expect_answers(uint32_t from, uint32_t to, const char *body)
{
    for (uint32_t id = from; id <= to; id++) {
        struct raw_message reply;

        raw_peer_recv_reply(&peer, id, &reply);
        cr_expect_str_eq((char *)reply.bytes, body);
        raw_message_fini(&reply);
    }
}

static void start(const char *limit)
{
    bare_start(&bare, "frame_ms=60000", limit);
    raw_peer_open(&peer, bare.path, WIRE_REQ);
}

Test(endpoint_batches, are_told_of_with_their_size)
{
    start("max_calls=1024");
    send_batch(40, "x");
    expect_answers(1, 40, "x");
    bare_wait_counter(&bare, "batch", 40);
}

Test(endpoint_batches, of_one_are_not_told_of)
{
    start("max_calls=1024");
    raw_peer_expect(&peer, 1, "x", "x");
    cr_expect_eq(bare_counter(&bare, "batch"), 0);
}

Test(endpoint_batches, are_answered_in_their_middle_by_an_eager_one)
{
    siginfo_t how;

    start("max_calls=1024");
    raw_peer_expect(&peer, 1, "eager", "eager");
    send_batch(33, "pause");
    expect_answers(1, 32, "x");
    cr_assert_eq(waitid(P_PID, (id_t)bare.program.pid, &how, WSTOPPED), 0);
    kill(bare.program.pid, SIGCONT);
    expect_answers(33, 33, "pause");
}

Test(endpoint_batches, are_answered_in_their_order_when_the_socket_is_full)
{
    start("max_output=10000000");
    raw_peer_expect(&peer, 1, "eager", "eager");
    for (uint32_t id = 1; id <= 100; id++)
        raw_peer_send_request(&peer, id, "zeros 20000", 11);
    for (uint32_t id = 1; id <= 100; id++) {
        struct raw_message reply;

        raw_peer_recv_reply(&peer, id, &reply);
        cr_expect_eq(reply.size, 20000);
        raw_message_fini(&reply);
    }
}

/* ---- large replies ---- */

static void expect_zeros(uint32_t id)
{
    static const uint8_t zeros[LARGE];
    struct raw_message reply;

    raw_peer_recv_reply(&peer, id, &reply);
    cr_assert_eq(reply.size, LARGE);
    cr_expect_eq(memcmp(reply.bytes, zeros, LARGE), 0);
    raw_message_fini(&reply);
}

Test(endpoint_batches, large_replies_wait_for_their_reader)
{
    start("reader_wait_ms=1000");
    for (uint32_t id = 1; id <= 5; id++) {
        raw_peer_send_request(&peer, id, "zeros 900000", 12);
        expect_zeros(id);
    }
}

Test(endpoint_batches, large_replies_that_nobody_reads_hold_up_nobody_for_long)
{
    struct raw_message reply;

    start("reader_wait_ms=1");
    raw_peer_send_request(&peer, 1, "zeros 900000", 12);
    raw_peer_send_request(&peer, 2, "zeros 900000", 12);
    bare_wait_counter(&bare, "calls", 2);
    raw_call(bare.path, "hello", 5, &reply);
    cr_assert_str_eq((char *)reply.bytes, "hello");
    raw_message_fini(&reply);
    expect_zeros(1);
    expect_zeros(2);
}
