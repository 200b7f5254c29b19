/* SPDX-License-Identifier: MIT */
/* One connection of the client, at one end of a socketpair; the test is the
 * session at the other.  Nothing here waits: each test says when the socket
 * can be read or written. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/conn.h"
#include "support/leaks.h"

#define MIB (1024 * 1024)

static struct conn conn;
static int peer;
static int overs; /* how often on_over was called */

#define ENDS_MAX 512
static const struct conn_request *ends[ENDS_MAX]; /* in the order of on_over */

static void count_over(struct conn_request *request)
{
    if (overs < ENDS_MAX)
        ends[overs] = request;
    overs++;
}

static void setup(void)
{
    int pair[2];

    overs = 0;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    conn_init(&conn, pair[0]);
    peer = pair[1];
}

static void teardown(void)
{
    conn_fini(&conn);
    if (peer >= 0)
        close(peer);
}

static void teardown_check(void)
{
    teardown();
    leaks_check();
}

TestSuite(conn, .init = setup, .fini = teardown_check, .timeout = 30);

/* ---- the client's side ---- */

static struct conn_request request_of(enum conn_kind kind, const void *body,
                                      size_t size)
{
    return (struct conn_request){
        .kind = kind, .body = body, .size = size, .on_over = count_over};
}

static struct conn_request call_of(const char *body)
{
    return request_of(CONN_CALL, body, strlen(body));
}

static bool is_over(const struct conn_request *request)
{
    return request->state == CONN_REQUEST_OVER;
}

static void expect_end(const struct conn_request *request, enum sp_error error,
                       enum sp_progress progress)
{
    cr_expect(is_over(request));
    cr_expect_eq(request->error, error, "%s", sp_error_name(request->error));
    cr_expect_eq(request->progress, progress, "%d", (int)request->progress);
}

static void expect_reply(struct conn_request *request, const char *body)
{
    expect_end(request, SP_OK, SP_PROGRESS_ANSWERED);
    cr_expect_eq(buf_size(&request->reply), strlen(body));
    cr_expect_str_eq((char *)buf_data(&request->reply), body,
                     "with its NUL behind it");
    buf_fini(&request->reply);
}

/* ---- the session's side ---- */

static void peer_say(const void *bytes, size_t size)
{
    cr_assert_eq(send(peer, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

static void peer_greet(enum wire_protocol own)
{
    uint8_t hello[WIRE_HANDSHAKE_SIZE];

    wire_handshake_put(hello, own);
    peer_say(hello, sizeof hello);
    conn_on_readable(&conn);
}

static void peer_head(uint8_t head[13], uint32_t id, uint64_t size)
{
    wire_frame_put(head, size + 4);
    wire_u32_put(head + WIRE_FRAME_HEADER_SIZE, id);
}

static void peer_reply(uint32_t id, const void *body, size_t size)
{
    uint8_t head[13];

    peer_head(head, id, size);
    peer_say(head, sizeof head);
    peer_say(body, size);
}

static void peer_answer(const struct conn_request *request, const char *body)
{
    peer_reply(request->id, body, strlen(body));
    conn_on_readable(&conn);
}

/* Reads what has come, all of it; returns how much. */
static size_t peer_hear(uint8_t *out, size_t size)
{
    size_t heard = 0;
    ssize_t got;

    while (heard < size &&
           (got = recv(peer, out + heard, size - heard, MSG_DONTWAIT)) > 0)
        heard += (size_t)got;
    return heard;
}

static void peer_forget(void)
{
    uint8_t bytes[65536];

    while (peer_hear(bytes, sizeof bytes) > 0)
        continue;
}

static void peer_close(void)
{
    close(peer);
    peer = -1;
}

/* ---- sending ---- */

Test(conn, says_its_handshake_with_the_first_request_and_never_again)
{
    struct conn_request first = call_of("one"), second = call_of("two");
    uint8_t heard[128];

    conn_send(&conn, &first);
    cr_expect_eq(peer_hear(heard, sizeof heard), 8 + 9 + 4 + 3);
    cr_expect_arr_eq(heard, "\0SP\0\0\x30\0\0", 8);
    cr_expect_arr_eq(heard + 8, "\1\0\0\0\0\0\0\0\7", 9);
    cr_expect_eq(wire_u32_get(heard + 17), first.id);
    cr_expect_arr_eq(heard + 21, "one", 3);
    conn_send(&conn, &second);
    cr_expect_eq(peer_hear(heard, sizeof heard), 9 + 4 + 3);
    peer_greet(WIRE_REP);
    peer_answer(&first, "");
    peer_answer(&second, "");
    expect_reply(&first, "");
    expect_reply(&second, "");
}

Test(conn, what_is_queued_leaves_in_one_write)
{
    struct conn_request first = call_of("one"), second = call_of("two");
    uint8_t heard[128];

    conn_queue(&conn, &first);
    conn_queue(&conn, &second);
    cr_expect_eq(peer_hear(heard, sizeof heard), 0);
    conn_on_writable(&conn);
    cr_expect_eq(peer_hear(heard, sizeof heard), 8 + 2 * (9 + 4 + 3));
    conn_withdraw(&conn, &first);
    conn_withdraw(&conn, &second);
}

/* ---- many, small and large ---- */

#define MANY 200

/* Of all sizes; each seventh is left with an end that is small when the socket
 * is full. */
static size_t many_size(size_t i)
{
    return i % 7 == 3 ? 200000 + 1000 * i : i * 7919 % 3000;
}

static uint8_t *many_bodies(void)
{
    size_t size = many_size(MANY - 1) + 250000;
    uint8_t *bytes = malloc(size);

    cr_assert(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    return bytes;
}

/* Reads one frame, which is that of the i-th, while the connection writes. */
static void many_expect(size_t i, const struct conn_request *request,
                        uint8_t *heard)
{
    size_t head = WIRE_FRAME_HEADER_SIZE + 4 + WIRE_TAG_SIZE;
    size_t size = head + many_size(i);
    size_t have = 0;

    while (have < size) {
        conn_on_writable(&conn);
        have += peer_hear(heard + have, size - have);
    }
    cr_assert_eq(wire_u32_get(heard + WIRE_FRAME_HEADER_SIZE), request->id,
                 "%zu", i);
    cr_assert(memcmp(heard + head, request->body, request->size) == 0, "%zu",
              i);
}

Test(conn, small_and_large_frames_leave_whole_and_in_order)
{
    static struct conn_request casts[MANY];
    uint8_t *bytes = many_bodies();
    uint8_t *heard = malloc(MIB);

    cr_assert(heard);
    for (size_t i = 0; i < MANY; i++) {
        casts[i] = request_of(CONN_CAST, bytes + 17 * i, many_size(i));
        conn_queue(&conn, &casts[i]);
    }
    conn_on_writable(&conn);
    cr_assert_eq(peer_hear(heard, WIRE_HANDSHAKE_SIZE), WIRE_HANDSHAKE_SIZE);
    for (size_t i = 0; i < MANY; i++)
        many_expect(i, &casts[i], heard);
    for (size_t i = 0; i < MANY; i++)
        expect_end(&casts[i], SP_OK, SP_PROGRESS_SENT);
    free(heard);
    free(bytes);
}

Test(conn, a_reply_that_takes_too_much_is_dropped_and_the_next_one_is_not)
{
    static uint8_t bytes[64 * 1024];
    struct conn_request first = call_of("one"), second = call_of("two");

    conn.body_max = sizeof bytes / 2;
    conn_send(&conn, &first);
    conn_send(&conn, &second);
    peer_greet(WIRE_REP);
    peer_reply(first.id, bytes, sizeof bytes);
    peer_reply(second.id, "next", 4);
    while (!is_over(&second))
        conn_on_readable(&conn);
    expect_end(&first, SP_ENOMEM, SP_PROGRESS_ANSWERED);
    cr_expect_eq(buf_size(&conn.body), 0);
    expect_reply(&second, "next");
}

Test(conn, marks_casts_and_bodies_that_look_like_marks_but_nothing_of_control)
{
    static const char odd[] = "\0SP!7 x";
    static const struct {
        enum conn_kind kind;
        const char *mark;
    } rows[] = {{CONN_CALL, "\0SP="}, {CONN_CAST, "\0SP>"}, {CONN_CONTROL, ""}};

    for (size_t i = 0; i < 3; i++) {
        struct conn_request request = request_of(rows[i].kind, odd, 7);
        size_t mark = rows[i].kind == CONN_CONTROL ? 0 : 4;
        uint8_t heard[128];

        conn_send(&conn, &request);
        cr_assert_eq(peer_hear(heard, sizeof heard),
                     (i == 0 ? 8u : 0u) + 13 + mark + 7);
        cr_expect_arr_eq(heard + (i == 0 ? 8 : 0) + 13, rows[i].mark, mark);
        cr_expect_arr_eq(heard + (i == 0 ? 8 : 0) + 13 + mark, odd, 7);
        conn_withdraw(&conn, &request);
    }
}

Test(conn, a_cast_is_over_once_the_kernel_has_it)
{
    struct conn_request cast = request_of(CONN_CAST, "x", 1);

    conn_send(&conn, &cast);
    expect_end(&cast, SP_OK, SP_PROGRESS_SENT);
    cr_expect_eq(overs, 1);
}

Test(conn, writes_on_when_the_socket_takes_more)
{
    uint8_t *body = calloc(1, MIB), *heard = malloc(2 * MIB);
    struct conn_request large = request_of(CONN_CAST, body, MIB);
    struct conn_request small = request_of(CONN_CAST, "after", 5);
    size_t size = 0;

    for (size_t i = 0; i < MIB; i++)
        body[i] = (uint8_t)(i * 7 >> 3);
    conn_send(&conn, &large);
    conn_send(&conn, &small);
    cr_expect(conn_unwritten(&large) && conn_unwritten(&small));
    while (!is_over(&small)) {
        size += peer_hear(heard + size, 2 * MIB - size);
        conn_on_writable(&conn);
    }
    size += peer_hear(heard + size, 2 * MIB - size);
    cr_expect_eq(size, 8 + (17u + MIB) + (17 + 5));
    cr_expect_eq(memcmp(heard + 8 + 17, body, MIB), 0);
    cr_expect_eq(memcmp(heard + size - 5, "after", 5), 0);
    expect_end(&large, SP_OK, SP_PROGRESS_SENT);
    free(body);
    free(heard);
}

/* Fills the socket with casts of one small size; returns the one that does not
 * go. */
static struct conn_request *fill(struct conn_request *casts, size_t count,
                                 const void *body, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        casts[i] = request_of(CONN_CAST, body, size);
        conn_send(&conn, &casts[i]);
        if (!is_over(&casts[i]))
            return &casts[i];
    }
    cr_assert_fail("the socket takes everything");
    return NULL;
}

Test(conn, a_small_frame_leaves_whole_or_not_at_all)
{
    static struct conn_request casts[4096];
    static char body[10000];
    struct conn_request *stuck = fill(casts, 4096, body, sizeof body);

    cr_expect_eq(stuck->state, CONN_REQUEST_QUEUED);
    conn_withdraw(&conn, stuck);
    expect_end(stuck, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
    cr_expect(conn_usable(&conn), "nothing of it was written");
}

Test(conn, frames_that_wait_leave_together_and_in_order)
{
    static struct conn_request casts[8192], late[40];
    static char body[2000];
    static uint8_t heard[MIB];
    struct conn_request *stuck = fill(casts, 8192, body, sizeof body);
    size_t size;

    for (unsigned i = 0; i < 40; i++) {
        late[i] = request_of(CONN_CAST, &"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "abcdefghijklmn"[i], 1);
        conn_send(&conn, &late[i]);
    }
    peer_forget();
    conn_on_writable(&conn);
    cr_expect(is_over(stuck) && is_over(&late[39]));
    size = peer_hear(heard, sizeof heard);
    cr_assert_eq(size, 17 + sizeof body + 40 * 18);
    for (unsigned i = 0; i < 40; i++)
        cr_expect_eq(heard[17 + sizeof body + i * 18 + 17],
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"[i]);
}

/* ---- replies ---- */

Test(conn, matches_replies_by_id_in_any_order)
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

Test(conn, takes_replies_however_they_are_split)
{
    for (size_t split = 1; split < 8 + 13 + 5; split++) {
        struct conn_request call = call_of("x");
        uint8_t bytes[8 + 13 + 5];

        teardown();
        setup();
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

Test(conn, drops_a_second_reply_and_one_to_nobody)
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

Test(conn, never_takes_a_late_reply_for_that_of_a_later_call)
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

Test(conn, uses_no_id_twice_while_it_is_outstanding)
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

Test(conn, takes_large_replies_whole)
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

Test(conn, receives_a_large_reply_in_the_buffer_that_was_lent)
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

Test(conn, allocates_nothing_for_a_length_that_is_only_announced)
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

Test(conn, skips_a_large_reply_that_nobody_waits_for_any_more)
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

Test(conn, keeps_no_buffer_while_no_frame_has_begun)
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

Test(conn, a_request_may_be_withdrawn_while_its_driver_waits_in_recv)
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

Test(conn, takes_no_handshake_but_that_of_a_rep)
{
    expect_protocol_error("\0SP\0\0\x51\0\0", 8);
}

Test(conn, takes_no_garbage_for_a_handshake)
{
    expect_protocol_error("HTTP/1.1 400", 12);
}

Test(conn, takes_no_garbage_for_a_frame)
{
    expect_protocol_error("\0SP\0\0\x31\0\0\2", 9);
}

Test(conn, takes_no_frame_without_an_id)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\0\0\0\0\0\0\0\3"
                          "abcdefg", 24);
}

Test(conn, takes_no_reply_with_hop_words)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\0\0\0\0\0\0\0\10"
                          "\0\0\0\1\200\0\0\1", 25);
}

Test(conn, takes_no_reply_over_the_limit)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\0\0\0\0\4\0\0\5", 17);
}

Test(conn, takes_no_length_of_2_to_63)
{
    expect_protocol_error("\0SP\0\0\x31\0\0"
                          "\1\200\0\0\0\0\0\0\0", 17);
}

/* ---- how far a request got ---- */

Test(conn, end_of_file_leaves_all_requests_maybe_run)
{
    struct conn_request one = call_of("1"), two = call_of("2");

    conn_send(&conn, &one);
    conn_send(&conn, &two);
    peer_greet(WIRE_REP);
    peer_forget();
    peer_close();
    conn_on_readable(&conn);
    expect_end(&one, SP_EDIED, SP_PROGRESS_SENT);
    expect_end(&two, SP_EDIED, SP_PROGRESS_SENT);
    cr_expect_eq(conn.state, CONN_DEAD);
}

/* Over more than one round of the chains, with gaps, and over the point at
 * which ids begin anew; the last ones are not written. */
Test(conn, a_dead_connection_ends_its_requests_in_the_order_of_sending)
{
    static struct conn_request requests[3 * CONN_CHAINS];
    const size_t count = 3 * CONN_CHAINS;

    conn.next_id = UINT32_MAX / 2 - CONN_CHAINS;
    for (size_t i = 0; i < count; i++) {
        requests[i] = call_of("x");
        (i < 2 * CONN_CHAINS ? conn_send : conn_queue)(&conn, &requests[i]);
    }
    peer_greet(WIRE_REP);
    for (size_t i = 0; i < count; i += 5)
        conn_withdraw(&conn, &requests[i]);
    overs = 0;
    peer_close();
    conn_on_readable(&conn);
    cr_assert(conn.state == CONN_DEAD);
    cr_assert_eq(overs, (int)(count - (count + 4) / 5));
    for (int i = 1; i < overs; i++)
        cr_expect(ends[i - 1] < ends[i], "the one that ended %dth", i);
}

Test(conn, a_reset_says_that_the_last_request_has_not_run_and_no_more)
{
    struct conn_request one = call_of("1"), two = call_of("2");

    conn_send(&conn, &one);
    conn_send(&conn, &two);
    peer_greet(WIRE_REP);
    peer_close();
    conn_on_readable(&conn);
    expect_end(&one, SP_EDIED, SP_PROGRESS_SENT);
    expect_end(&two, SP_EDIED, SP_PROGRESS_NOT_SENT);
}

Test(conn, a_reset_blames_the_cast_that_was_sent_after_a_call)
{
    struct conn_request call = call_of("1");
    struct conn_request cast = request_of(CONN_CAST, "2", 1);

    conn_send(&conn, &call);
    conn_send(&conn, &cast);
    peer_close();
    conn_on_readable(&conn);
    expect_end(&call, SP_EDIED, SP_PROGRESS_SENT);
}

Test(conn, a_request_to_a_peer_that_has_gone_has_not_run)
{
    struct conn_request call = call_of("1"), cast = call_of("2");

    cast.kind = CONN_CAST;
    peer_close();
    conn_send(&conn, &call);
    conn_send(&conn, &cast);
    expect_end(&call, SP_EDIED, SP_PROGRESS_NOT_SENT);
    expect_end(&cast, SP_EDIED, SP_PROGRESS_NOT_SENT);
    cr_expect(!conn_usable(&conn));
}

Test(conn, a_write_error_does_not_lose_replies_that_have_come)
{
    struct conn_request call = call_of("1"), next = call_of("2");

    conn_send(&conn, &call);
    peer_greet(WIRE_REP);
    peer_forget();
    peer_reply(call.id, "last words", 10);
    peer_close();
    conn_send(&conn, &next);
    expect_end(&next, SP_EDIED, SP_PROGRESS_NOT_SENT);
    cr_expect(!is_over(&call));
    conn_on_readable(&conn);
    expect_reply(&call, "last words");
}

/* A call of this size is too large for the socket: a part of it is written. */
#define TOO_LARGE (4 * MIB)
static uint8_t too_large[TOO_LARGE];

Test(conn, a_frame_that_was_cut_has_not_run_and_shields_none_before_it)
{
    struct conn_request call = call_of("1");
    struct conn_request large = request_of(CONN_CALL, too_large, TOO_LARGE);

    conn_send(&conn, &call);
    conn_send(&conn, &large);
    cr_assert_eq(large.state, CONN_REQUEST_STARTED);
    peer_close();
    conn_on_writable(&conn);
    conn_on_readable(&conn);
    expect_end(&large, SP_EDIED, SP_PROGRESS_NOT_SENT);
    expect_end(&call, SP_EDIED, SP_PROGRESS_SENT);
}

Test(conn, an_error_at_the_sight_of_a_frames_head_is_its_answer)
{
    struct conn_request large = request_of(CONN_CALL, too_large, TOO_LARGE);

    conn_send(&conn, &large);
    peer_greet(WIRE_REP);
    peer_reply(large.id, "\0SP!17 no", 9);
    peer_close();
    conn_on_writable(&conn);
    cr_expect(!is_over(&large), "there may be an answer");
    conn_on_readable(&conn);
    expect_end(&large, SP_OK, SP_PROGRESS_ANSWERED);
    cr_expect_arr_eq(buf_data(&large.reply), "\0SP!17 no", 9);
    buf_fini(&large.reply);
}

Test(conn, an_answer_to_half_a_frame_ends_the_writing)
{
    struct conn_request large = request_of(CONN_CALL, too_large, TOO_LARGE);
    struct conn_request behind = call_of("2"), after = call_of("3");

    conn_send(&conn, &large);
    conn_send(&conn, &behind);
    peer_greet(WIRE_REP);
    peer_answer(&large, "\1");
    expect_reply(&large, "\1");
    expect_end(&behind, SP_EDIED, SP_PROGRESS_NOT_SENT);
    conn_send(&conn, &after);
    expect_end(&after, SP_EDIED, SP_PROGRESS_NOT_SENT);
}

Test(conn, a_frame_given_up_half_way_ends_the_writing_but_not_the_reading)
{
    struct conn_request call = call_of("1");
    struct conn_request large = request_of(CONN_CALL, too_large, TOO_LARGE);
    struct conn_request behind = call_of("2");

    conn_send(&conn, &call);
    conn_send(&conn, &large);
    conn_send(&conn, &behind);
    conn_withdraw(&conn, &large);
    expect_end(&large, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
    expect_end(&behind, SP_EDIED, SP_PROGRESS_NOT_SENT);
    cr_expect(!conn_usable(&conn));
    peer_greet(WIRE_REP);
    peer_answer(&call, "still");
    expect_reply(&call, "still");
}

Test(conn, says_whether_the_peer_ever_spoke)
{
    struct conn_request call = call_of("1");

    conn_send(&conn, &call);
    peer_close();
    conn_on_readable(&conn);
    expect_end(&call, SP_EDIED, SP_PROGRESS_NOT_SENT);
    cr_expect(!conn.greeted);
}
