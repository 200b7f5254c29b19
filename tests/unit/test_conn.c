/* SPDX-License-Identifier: MIT */
/* What a connection of the client sends. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "conn_scene.h"

CONN_SUITE(conn);

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
