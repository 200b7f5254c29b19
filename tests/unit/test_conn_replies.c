/* SPDX-License-Identifier: MIT */
/* What a connection of the client receives: replies, and what breaks the rules.
 */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conn_scene.h"

CONN_SUITE(conn_replies);

/* ---- replies ---- */

Test(conn_replies, matches_replies_by_id_in_any_order)
{
    struct conn_request one = call_of("1"), two = call_of("2");

    conn_send(&conn, &one);
    conn_send(&conn, &two);
    peer_greet(WIRE_REP);
    peer_answer(&two, "to two");
    cr_expect(!is_over(&one));
    peer_answer(&one, "to one");
    expect_reply(&one, "to one");
    expect_reply(&two, "to two");
    cr_expect_eq(overs, 2);
}

Test(conn_replies, takes_replies_however_they_are_split)
{
    for (size_t split = 1; split < 8 + 13 + 5; split++) {
        struct conn_request call = call_of("x");
        uint8_t bytes[8 + 13 + 5];

        conn_scene_clear();
        conn_scene_set();
        conn_send(&conn, &call);
        wire_handshake_put(bytes, WIRE_REP);
        peer_head(bytes + 8, call.id, 5);
        memcpy(bytes + 21, "hello", 5);
        peer_say(bytes, split);
        conn_on_readable(&conn);
        cr_expect(!is_over(&call), "split %zu", split);
        peer_say(bytes + split, sizeof bytes - split);
        conn_on_readable(&conn);
        expect_reply(&call, "hello");
    }
}

Test(conn_replies, drops_a_second_reply_and_one_to_nobody)
{
    struct conn_request one = call_of("1"), two = call_of("2");

    conn_send(&conn, &one);
    peer_greet(WIRE_REP);
    peer_answer(&one, "first");
    peer_answer(&one, "second");
    peer_reply(one.id + 99, "stray", 5);
    conn_send(&conn, &two);
    peer_answer(&one, "third");
    cr_expect(!is_over(&two));
    peer_answer(&two, "its own");
    expect_reply(&one, "first");
    expect_reply(&two, "its own");
}

Test(conn_replies, never_takes_a_late_reply_for_that_of_a_later_call)
{
    struct conn_request late = call_of("1"), next = call_of("2");

    conn_send(&conn, &late);
    peer_greet(WIRE_REP);
    conn_withdraw(&conn, &late);
    expect_end(&late, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    conn_send(&conn, &next);
    cr_expect_neq(next.id, late.id);
    peer_answer(&late, "late");
    cr_expect(!is_over(&next));
    peer_answer(&next, "right");
    expect_reply(&next, "right");
}

Test(conn_replies, uses_no_id_twice_while_it_is_outstanding)
{
    struct conn_request first = call_of("1"), wrapped = call_of("2");

    conn_send(&conn, &first);
    conn.next_id = first.id;
    conn_send(&conn, &wrapped);
    cr_expect_eq(wrapped.id, first.id + 1);
    conn_withdraw(&conn, &first);
    conn_withdraw(&conn, &wrapped);
}

/* Sends the bytes as a reply's body while the connection reads. */
static void peer_pour(uint32_t id, const uint8_t *body, size_t size)
{
    uint8_t head[13];
    size_t sent = 0;

    peer_head(head, id, size);
    peer_say(head, sizeof head);
    while (sent < size) {
        ssize_t part = send(peer, body + sent, size - sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (part > 0)
            sent += (size_t)part;
        conn_on_readable(&conn);
    }
    for (int i = 0; i < 64; i++)
        conn_on_readable(&conn);
}

Test(conn_replies, takes_large_replies_whole)
{
    static const size_t sizes[] = {16371, 16372, 16384, 65536, 3 * MIB + 1};
    uint8_t *body = calloc(4, MIB);

    for (size_t i = 0; i < 4 * MIB; i++)
        body[i] = (uint8_t)(i * 31 >> 4);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct conn_request call = call_of("x");

        conn_send(&conn, &call);
        if (i == 0)
            peer_greet(WIRE_REP);
        peer_pour(call.id, body, sizes[i]);
        expect_end(&call, SP_OK, SP_PROGRESS_ANSWERED);
        cr_assert_eq(buf_size(&call.reply), sizes[i]);
        cr_expect_eq(memcmp(buf_data(&call.reply), body, sizes[i]), 0);
        cr_expect_eq(*buf_tail(&call.reply), 0);
        buf_fini(&call.reply);
    }
    free(body);
}

Test(conn_replies, receives_a_large_reply_in_the_buffer_that_was_lent)
{
    static uint8_t body[MIB];
    struct conn_request call = call_of("x");
    uint8_t *lent;

    cr_assert(buf_reserve(&call.reply, 2 * MIB));
    lent = call.reply.bytes;
    conn_send(&conn, &call);
    peer_greet(WIRE_REP);
    peer_pour(call.id, body, sizeof body);
    expect_end(&call, SP_OK, SP_PROGRESS_ANSWERED);
    cr_expect_eq(call.reply.bytes, lent);
    buf_fini(&call.reply);
}

Test(conn_replies, allocates_nothing_for_a_length_that_is_only_announced)
{
    struct conn_request call = call_of("x");
    uint8_t head[13 + 1];

    conn_send(&conn, &call);
    peer_greet(WIRE_REP);
    peer_head(head, call.id, CONN_REPLY_MAX);
    head[13] = 'a';
    peer_say(head, sizeof head);
    conn_on_readable(&conn);
    conn_on_readable(&conn);
    cr_expect_lt(conn.body.capacity, 64u * 1024);
    cr_expect_lt(conn.in.capacity, 64u * 1024);
    conn_withdraw(&conn, &call);
}

Test(conn_replies, skips_a_large_reply_that_nobody_waits_for_any_more)
{
    static uint8_t body[MIB];
    struct conn_request late = call_of("1"), next = call_of("2");
    uint8_t head[13];

    conn_send(&conn, &late);
    peer_greet(WIRE_REP);
    peer_head(head, late.id, sizeof body);
    peer_say(head, sizeof head);
    peer_say(body, 30000);
    conn_on_readable(&conn);
    conn_withdraw(&conn, &late);
    cr_expect_eq(buf_size(&late.reply), 0);
    buf_fini(&late.reply);
    conn_send(&conn, &next);
    for (size_t sent = 30000; sent < sizeof body; sent += 1024)
        if (sizeof body - sent >= 1024) {
            peer_say(body, 1024);
            conn_on_readable(&conn);
        } else {
            peer_say(body, sizeof body - sent);
        }
    for (int i = 0; i < 4; i++)
        conn_on_readable(&conn);
    peer_answer(&next, "here");
    conn_on_readable(&conn);
    expect_reply(&next, "here");
}

Test(conn_replies, keeps_no_buffer_while_no_frame_has_begun)
{
    struct conn_request call = call_of("1"), next = call_of("2");
    uint8_t head[13];

    conn_send(&conn, &call);
    peer_greet(WIRE_REP);
    cr_expect_eq(conn.in.capacity, 0);
    peer_answer(&call, "one");
    expect_reply(&call, "one");
    cr_expect_eq(conn.in.capacity, 0);
    conn_send(&conn, &next);
    peer_head(head, next.id, 3);
    peer_say(head, sizeof head);
    conn_on_readable(&conn);
    cr_expect_gt(conn.in.capacity, 0);
    peer_say("two", 3);
    conn_on_readable(&conn);
    expect_reply(&next, "two");
    cr_expect_eq(conn.in.capacity, 0);
}

Test(conn_replies, a_request_may_be_withdrawn_while_its_driver_waits_in_recv)
{
    static uint8_t body[40000], lent[CONN_LENT_SIZE];
    struct conn_request call = call_of("1");
    uint8_t head[13], *room;
    size_t size;
    ssize_t got;

    conn_send(&conn, &call);
    peer_greet(WIRE_REP);
    peer_head(head, call.id, sizeof body);
    peer_say(head, sizeof head);
    peer_say(body, 20000);
    conn_on_readable(&conn);
    room = conn_read_room(&conn, lent, sizeof lent, &size);
    conn_withdraw(&conn, &call);
    peer_say(body, 20000);
    got = recv(conn.fd, room, size, 0);
    conn_read_done(&conn, room, got, 0);
    conn_on_readable(&conn);
    cr_expect_eq(conn.body_left, 0);
    cr_expect(conn_usable(&conn));
    buf_fini(&call.reply);
}

/* ---- a peer that breaks the rules ---- */

static void expect_protocol_error(const void *bytes, size_t size)
{
    struct conn_request call = call_of("x");

    conn_send(&conn, &call);
    peer_say(bytes, size);
    conn_on_readable(&conn);
    expect_end(&call, SP_EPROTO, SP_PROGRESS_SENT);
    cr_expect(!conn_usable(&conn));
}

Test(conn_replies, takes_no_handshake_but_that_of_a_rep)
{
    expect_protocol_error("\0SP\0\0\x51\0\0", 8);
}

Test(conn_replies, takes_no_garbage_for_a_handshake)
{
    expect_protocol_error("HTTP/1.1 400", 12);
}

Test(conn_replies, takes_no_garbage_for_a_frame)
{
    expect_protocol_error("\0SP\0\0\x31\0\0\2", 9);
}

Test(conn_replies, takes_no_frame_without_an_id)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\0\0\0\0\0\0\0\3"
                          "abcdefg", 24);
}

Test(conn_replies, takes_no_reply_with_hop_words)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\0\0\0\0\0\0\0\10"
                          "\0\0\0\1\200\0\0\1", 25);
}

Test(conn_replies, takes_no_reply_over_the_limit)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\0\0\0\0\4\0\0\5", 17);
}

Test(conn_replies, takes_no_length_of_2_to_63)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\200\0\0\0\0\0\0\0", 17);
}
