/* SPDX-License-Identifier: MIT */
/* How far a request got, when the connection of the client ends. */
#define _GNU_SOURCE
#include <criterion/criterion.h>

#include "conn_scene.h"

CONN_SUITE(conn_ends);

Test(conn_ends, end_of_file_leaves_all_requests_maybe_run)
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
Test(conn_ends, a_dead_connection_ends_its_requests_in_the_order_of_sending)
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

Test(conn_ends, a_reset_says_that_the_last_request_has_not_run_and_no_more)
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

Test(conn_ends, a_reset_blames_the_cast_that_was_sent_after_a_call)
{
    struct conn_request call = call_of("1");
    struct conn_request cast = request_of(CONN_CAST, "2", 1);

    conn_send(&conn, &call);
    conn_send(&conn, &cast);
    peer_close();
    conn_on_readable(&conn);
    expect_end(&call, SP_EDIED, SP_PROGRESS_SENT);
}

Test(conn_ends, a_request_to_a_peer_that_has_gone_has_not_run)
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

Test(conn_ends, a_write_error_does_not_lose_replies_that_have_come)
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

Test(conn_ends, a_frame_that_was_cut_has_not_run_and_shields_none_before_it)
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

Test(conn_ends, an_error_at_the_sight_of_a_frames_head_is_its_answer)
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

Test(conn_ends, an_answer_to_half_a_frame_ends_the_writing)
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

Test(conn_ends, a_frame_given_up_half_way_ends_the_writing_but_not_the_reading)
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

Test(conn_ends, says_whether_the_peer_ever_spoke)
{
    struct conn_request call = call_of("1");

    conn_send(&conn, &call);
    peer_close();
    conn_on_readable(&conn);
    expect_end(&call, SP_EDIED, SP_PROGRESS_NOT_SENT);
    cr_expect(!conn.greeted);
}
