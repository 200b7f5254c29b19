/* SPDX-License-Identifier: MIT */
/* The asynchronous client against sessions and a supervisor that the test plays
 * itself: replies that race, garbage, and what spd is asked. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "async_fake.h"
#include "base/clock.h"
#include "support/wait.h"
#include "wire/sp.h"

TestSuite(async_peers, .fini = async_fake_close, .timeout = 120);

static void wait_until_past(int64_t time)
{
    while (clock_now_ms() <= time)
        poll(NULL, 0, 1);
}

/* ---- replies ------------------------------------------------------------ */

/* Over nng, each of the two has a connection of its own. */
PEER_TEST_LOCAL(async_peers, replies_come_in_any_order_and_in_pieces)
{
    struct answer first = {0}, second = {0};
    int session = ask_and_accept("1", LONG_MS, &first);
    uint32_t ids[2];
    uint8_t frame[13 + 3] = {1, 0, 0, 0, 0, 0, 0, 0, 7};

    async_ask(async, "x", "2", LONG_MS, &second);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    ids[0] = fake_expect(session, "1");
    ids[1] = fake_expect(session, "2");
    fake_answer(session, ids[1], "two");
    for (int i = 0; i < 4; i++)
        frame[9 + i] = (uint8_t)(ids[0] >> (24 - 8 * i));
    memcpy(frame + 13, "one", 3);
    for (size_t i = 0; i < sizeof frame; i++) {
        fake_say(session, frame + i, 1);
        async_turn(async);
        cr_expect_eq(second.count, 1u);
        cr_expect_eq(first.count, i + 1 == sizeof frame);
    }
    expect_data(&first, "one");
    expect_data(&second, "two");
    close(session);
}

PEER_TEST(async_peers, a_cancelled_call_is_not_told_of_the_reply_that_has_come)
{
    struct answer cancelled = {0}, next = {0};
    struct sp_ticket ticket =
        async_ask(async, "x", "1", LONG_MS, &cancelled);
    enum sp_progress progress;
    int session;

    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "1"), "too late");
    cr_assert(wait_readable(sp_async_fd(async), WAIT_MS));
    cr_expect_eq(sp_async_cancel(async, ticket, &progress), SP_OK);
    cr_expect_eq(progress, SP_PROGRESS_SENT);
    async_ask(async, "x", "2", LONG_MS, &next);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    fake_answer(session, fake_expect(session, "2"), "right");
    async_await(async, &next);
    expect_data(&next, "right");
    cr_expect_eq(cancelled.count, 0);
    close(session);
}

/* Over nng, a reply has come when its threads have got to it. */
PEER_TEST_LOCAL(async_peers, a_reply_that_has_come_by_the_deadline_counts)
{
    struct answer answer = {0};
    int64_t deadline = clock_now_ms() + SHORT_MS;
    int session = ask_and_accept("1", SHORT_MS, &answer);

    fake_answer(session, fake_expect(session, "1"), "just in time");
    wait_until_past(deadline + 1);
    async_await(async, &answer);
    expect_data(&answer, "just in time");
    close(session);
}

/* A reply that the client may not be there for any more. */
static void say_late(int session, uint32_t id)
{
    uint8_t frame[13 + 4] = {1, 0, 0, 0, 0, 0, 0, 0, 8};

    wire_u32_put(frame + 9, id);
    memcpy(frame + 13, "late", 4);
    send(session, frame, sizeof frame, MSG_NOSIGNAL);
}

PEER_TEST(async_peers, a_late_reply_is_nobodys)
{
    struct answer late = {0}, next = {0};
    int session = ask_and_accept("1", SHORT_MS, &late);
    uint32_t id = fake_expect(session, "1");
    int other = session;

    async_await(async, &late);
    expect_answer(&late, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    async_ask(async, "x", "2", LONG_MS, &next);
    if (!async_is_local()) /* it does not wait for that of the first */
        other = fake_accept(listener);
    say_late(session, id);
    say_late(session, id ^ 0x5555);
    async_turn(async);
    fake_answer(other, fake_expect(other, "2"), "right");
    async_await(async, &next);
    expect_data(&next, "right");
    if (other != session)
        close(other);
    close(session);
}

PEER_TEST(async_peers, a_reply_over_the_memory_limit_is_dropped)
{
    static char reply[1024 * 1024];
    struct answer answer = {0}, next = {0};
    int session, last = 0;
    uint32_t id;
    size_t sent = 0;
    uint8_t head[13];

    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_SESSION_BYTES, 64 * 1024),
                 SP_OK);
    session = ask_and_accept("1", LONG_MS, &answer);
    id = fake_expect(session, "1");
    wire_frame_put(head, sizeof reply + 4);
    wire_u32_put(head + 9, id);
    fake_say(session, head, sizeof head);
    if (!async_is_local()) { /* its threads read */
        fake_say(session, reply, sizeof reply);
        sent = sizeof reply;
    }
    while (sent < sizeof reply) {
        ssize_t part = send(session, reply + sent, sizeof reply - sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        cr_assert(part > 0 || errno == EAGAIN);
        sent += part > 0 ? (size_t)part : 0;
        async_turn(async);
    }
    async_await(async, &answer);
    expect_answer(&answer, SP_ENOMEM, SP_PROGRESS_ANSWERED);
    async_ask(async, "x", "2", LONG_MS, &next);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    while (last == 0) {
        async_turn(async);
        last = wait_readable(session, 0);
    }
    fake_answer(session, fake_expect(session, "2"), "small");
    async_await(async, &next);
    expect_data(&next, "small");
    close(session);
}

PEER_TEST(async_peers, garbage_ends_the_call_and_the_connection)
{
    struct answer answer = {0}, next = {0};
    int session = ask_and_accept("1", LONG_MS, &answer);

    fake_say(session, "\2garbage!", 9);
    async_await(async, &answer);
    /* nng ends the connection, and does not say why */
    expect_answer(&answer, async_is_local() ? SP_EPROTO : SP_EDIED,
                  SP_PROGRESS_SENT);
    fake_wait_closed(session);
    close(session);
    session = ask_and_accept("2", LONG_MS, &next);
    fake_answer(session, fake_expect(session, "2"), "well");
    async_await(async, &next);
    expect_data(&next, "well");
    close(session);
}

/* ---- one order ---- */

/* Over nng, what is given up holds up the next until it is answered, on the
 * same connection; over the local channel the next is right behind it. */
PEER_TEST(async_peers,
          what_comes_after_a_call_that_was_given_up_stays_behind_it)
{
    struct answer late = {0}, next = {0};
    struct fake_request cast;
    uint32_t id;
    int session;

    sp_async_free(async);
    cr_assert_eq(sp_client_set_flags(fake.client, SP_ORDERED), SP_OK);
    cr_assert_eq(sp_async_new(fake.client, &async), SP_OK);
    session = ask_and_accept("1", SHORT_MS, &late);
    id = fake_expect(session, "1");
    cr_assert_eq(sp_async_cast(async, "x", NULL, "2", 1, LONG_MS, answer_note,
                               &next, NULL),
                 SP_OK);
    async_await(async, &late);
    expect_answer(&late, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    cr_expect_eq(wait_readable(session, 0), async_is_local());
    cr_expect_not(wait_readable(listener, 0));
    fake_answer(session, id, "late");
    cast = fake_hear(session);
    cr_assert_eq(cast.size, 5u);
    cr_expect_arr_eq(cast.body, async_is_local() ? "\0SP>2" : "\0SP&2", 5);
    if (!async_is_local())
        fake_answer(session, cast.id, "");
    async_await(async, &next);
    expect_answer(&next, SP_OK,
                  async_is_local() ? SP_PROGRESS_SENT : SP_PROGRESS_ANSWERED);
    free(cast.body);
    close(session);
}

/* ---- spd ---------------------------------------------------------------- */

/* Turns until the client has asked spd, and accepts. */
static int accept_as_spd(int control)
{
    while (!wait_readable(control, 0))
        async_turn(async);
    return fake_accept(control);
}

/* The next question begins so, and gets this answer.  The client is not turned
 * meanwhile: whether its patience has ended does not matter. */
static void answer_as_spd(int spd, const char *question, const char *answer)
{
    struct fake_request request = fake_hear(spd);

    cr_expect(strncmp((char *)request.body, question, strlen(question)) == 0,
              "asked %s", (char *)request.body);
    fake_answer(spd, request.id, answer);
    free(request.body);
}

/* Over nng, each of the calls has a connection of its own. */
PEER_TEST_LOCAL(async_peers, one_question_asks_for_the_cause_of_many_ends)
{
    struct answer answers[3] = {0};
    int control = fake_listen(&fake, FAKE_CONTROL, 8);
    int session = ask_and_accept("1", LONG_MS, &answers[0]);
    int spd;

    fake_expect(session, "1");
    for (int i = 1; i < 3; i++)
        async_ask(async, "x", "more", LONG_MS, &answers[i]);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    fake_expect(session, "more");
    fake_expect(session, "more");
    close(session);
    spd = accept_as_spd(control);
    answer_as_spd(spd, "{\"op\":\"cause\",\"id\":\"x\"",
                  "{\"ok\":true,\"text\":\"killed by a test\"}");
    async_await_all(async);
    for (int i = 0; i < 3; i++) {
        expect_answer(&answers[i], SP_EDIED, SP_PROGRESS_SENT);
        cr_expect_str_eq(answers[i].cause, "killed by a test");
    }
    cr_expect_not(wait_readable(spd, 0));
    close(spd);
    close(control);
}

PEER_TEST(async_peers,
          what_is_gone_as_soon_as_it_was_started_is_not_started_again)
{
    static const struct sp_spec spec;
    struct answer answer = {0};
    int control = fake_listen(&fake, FAKE_CONTROL, 8);
    int spd;

    sp_async_call(async, "y", &spec, "?", 1, LONG_MS, answer_note, &answer,
                  NULL);
    spd = accept_as_spd(control);
    answer_as_spd(spd, "{\"op\":\"start\",\"id\":\"y\"",
                  "{\"ok\":true,\"pid\":7}");
    while (!wait_readable(spd, 0))
        async_turn(async);
    answer_as_spd(spd, "{\"op\":\"info\",\"id\":\"y\"",
                  FAKE_NO(1, "it went at once"));
    async_await_all(async);
    expect_answer(&answer, SP_ENOENT, SP_PROGRESS_NOT_SENT);
    cr_expect_str_eq(answer.text, "it went at once");
    close(spd);
    close(control);
}

PEER_TEST(async_peers,
          a_supervisor_that_says_nothing_costs_no_more_than_its_time)
{
    static const struct fake_row rows[] = {{"{\"op\":\"cause\"", NULL}};
    struct answer answer = {0};
    struct fake_spd spd;
    int session = ask_and_accept("1", LONG_MS, &answer);

    fake_expect(session, "1");
    FAKE_SPD_START(&spd, &fake, rows);
    close(session);
    async_await_all(async);
    expect_answer(&answer, SP_EDIED, SP_PROGRESS_SENT);
    cr_expect_str_eq(answer.cause, "");
    fake_spd_finish(&spd);
}

PEER_TEST(async_peers, answers_of_spd_that_make_no_sense_are_told)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"list\"", "{\"ok\":true,\"sessions\":7}"},
        {"{\"op\":\"info\"", "{\"ok\":true,\"session\":[]}"},
        {"{\"op\":\"start\"", "nonsense"},
    };
    struct answer answers[3] = {0};
    struct fake_spd spd;

    FAKE_SPD_START(&spd, &fake, rows);
    sp_async_list(async, LONG_MS, answer_note, &answers[0], NULL);
    sp_async_info(async, "x", LONG_MS, answer_note, &answers[1], NULL);
    sp_async_start(async, "x", NULL, LONG_MS, answer_note, &answers[2], NULL);
    async_await_all(async);
    for (int i = 0; i < 3; i++)
        expect_answer(&answers[i], SP_EPROTO, SP_PROGRESS_ANSWERED);
    fake_spd_finish(&spd);
}
