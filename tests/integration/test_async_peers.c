/* SPDX-License-Identifier: MIT */
/* The asynchronous client against sessions and a supervisor that the test plays
 * itself: replies that race, full queues, peers that refuse, garbage, the order
 * in which connections make room. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "async_scene.h"
#include "base/clock.h"
#include "client_fake.h"
#include "support/leaks.h"
#include "support/wait.h"
#include "wire/sp.h"

static struct fake fake;
static struct sp_async *async;
static int listener; /* of the session "x" */

static void setup(void)
{
    fake_open(&fake, "local");
    cr_assert_eq(sp_async_new(fake.client, &async), SP_OK);
    listener = fake_listen(&fake, "x", 8);
}

static void teardown(void)
{
    sp_async_free(async);
    close(listener);
    fake_close(&fake);
    leaks_check();
}

TestSuite(async_peers, .init = setup, .fini = teardown, .timeout = 120);

/* Asks, and accepts the connection on which it comes. */
static int ask_and_accept(const char *request, int timeout_ms,
                          struct answer *answer)
{
    async_ask(async, "x", request, timeout_ms, answer);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    return fake_accept(listener);
}

static void wait_until_past(int64_t time)
{
    while (clock_now_ms() <= time)
        poll(NULL, 0, 1);
}

/* The client closes its end of this connection. */
static void await_closed(int connection)
{
    char bytes[4096];
    ssize_t got;

    while ((got = recv(connection, bytes, sizeof bytes, MSG_DONTWAIT)) != 0)
        if (got < 0)
            async_turn(async);
}

/* ---- replies ------------------------------------------------------------ */

Test(async_peers, replies_come_in_any_order_and_in_pieces)
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

Test(async_peers, a_cancelled_call_is_not_told_of_the_reply_that_has_come)
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

Test(async_peers, a_reply_that_has_come_by_the_deadline_counts)
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

Test(async_peers, a_late_reply_is_nobodys)
{
    struct answer late = {0}, next = {0};
    int session = ask_and_accept("1", SHORT_MS, &late);
    uint32_t id = fake_expect(session, "1");

    async_await(async, &late);
    expect_answer(&late, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    async_ask(async, "x", "2", LONG_MS, &next);
    fake_answer(session, id, "late");
    fake_answer(session, id ^ 0x5555, "stray");
    async_turn(async);
    fake_answer(session, fake_expect(session, "2"), "right");
    async_await(async, &next);
    expect_data(&next, "right");
    close(session);
}

Test(async_peers, a_reply_over_the_memory_limit_is_dropped)
{
    static char large[1024 * 1024];
    struct answer answer = {0}, next = {0};
    int session, last = 0;
    uint32_t id;
    size_t sent = 0;
    uint8_t head[13];

    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_SESSION_BYTES, 64 * 1024),
                 SP_OK);
    session = ask_and_accept("1", LONG_MS, &answer);
    id = fake_expect(session, "1");
    wire_frame_put(head, sizeof large + 4);
    wire_u32_put(head + 9, id);
    fake_say(session, head, sizeof head);
    while (sent < sizeof large) {
        ssize_t part = send(session, large + sent, sizeof large - sent,
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

Test(async_peers, garbage_ends_the_call_and_the_connection)
{
    struct answer answer = {0}, next = {0};
    int session = ask_and_accept("1", LONG_MS, &answer);

    fake_say(session, "\2garbage", 8);
    async_await(async, &answer);
    expect_answer(&answer, SP_EPROTO, SP_PROGRESS_SENT);
    fake_wait_closed(session);
    close(session);
    session = ask_and_accept("2", LONG_MS, &next);
    fake_answer(session, fake_expect(session, "2"), "well");
    async_await(async, &next);
    expect_data(&next, "well");
    close(session);
}

/* ---- connecting --------------------------------------------------------- */

/* Fills the queue of the session "full" with connections. */
static size_t fill(int *connections, size_t max)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[128];
    size_t count = 0;

    fake_path(&fake, "full", path);
    strcpy(address.sun_path, path);
    while (count < max) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        cr_assert_geq(fd, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
            cr_assert_eq(errno, EAGAIN);
            close(fd);
            return count;
        }
        connections[count++] = fd;
    }
    return count;
}

Test(async_peers, waits_for_room_in_a_full_queue_of_connections)
{
    struct answer answer = {0}, late = {0};
    int full = fake_listen(&fake, "full", 0);
    int connections[8], session = -1;
    size_t count = fill(connections, 8);

    cr_assert_lt(count, 8);
    async_ask(async, "full", "late", SHORT_MS, &late);
    async_ask(async, "full", "1", LONG_MS, &answer);
    async_await(async, &late);
    expect_answer(&late, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cr_expect_eq(answer.count, 0);
    for (size_t i = 0; i < count; i++) {
        close(fake_accept_raw(full));
        close(connections[i]);
    }
    while (!wait_readable(full, 0))
        async_turn(async);
    session = fake_accept(full);
    fake_answer(session, fake_expect(session, "1"), "room");
    async_await(async, &answer);
    expect_data(&answer, "room");
    close(session);
    close(full);
}

Test(async_peers, a_session_that_takes_no_connections_is_tried_until_the_end)
{
    struct answer answer = {0};
    unsigned tries = 0;

    async_ask(async, "x", "1", SHORT_MS, &answer);
    while (answer.count == 0) {
        if (wait_readable(listener, 0)) {
            close(fake_accept_raw(listener));
            tries++;
        }
        async_turn(async);
    }
    expect_answer(&answer, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cr_expect_gt(tries, 1u);
}

Test(async_peers, what_has_not_run_is_sent_once_more)
{
    struct answer first = {0}, second = {0};
    int session = ask_and_accept("1", LONG_MS, &first);

    fake_answer(session, fake_expect(session, "1"), "one");
    async_await(async, &first);
    async_ask(async, "x", "2", LONG_MS, &second);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    cr_assert(wait_readable(session, WAIT_MS));
    close(session); /* unread: ECONNRESET at the other end */
    while (!wait_readable(listener, 0))
        async_turn(async);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "2"), "two");
    async_await(async, &second);
    expect_data(&first, "one");
    expect_data(&second, "two");
    close(session);
}

Test(async_peers, what_may_have_run_is_not_sent_again)
{
    struct answer answer = {0};
    int session = ask_and_accept("1", LONG_MS, &answer);

    fake_expect(session, "1");
    close(session);
    async_await(async, &answer);
    expect_answer(&answer, SP_EDIED, SP_PROGRESS_SENT);
    cr_expect_not(wait_readable(listener, 0));
}

/* ---- a large message that is cut ---------------------------------------- */

Test(async_peers, a_message_that_is_cut_ends_its_connection_and_no_other_message)
{
    static char large[4 * 1024 * 1024];
    struct answer first = {0}, cut = {0}, next = {0};
    struct sp_ticket ticket;
    int session = ask_and_accept("1", LONG_MS, &first);
    uint32_t id = fake_expect(session, "1");
    int successor;

    sp_async_call(async, "x", NULL, large, sizeof large, LONG_MS, answer_note,
                  &cut, &ticket);
    async_ask(async, "x", "2", LONG_MS, &next);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    cr_expect_eq(sp_async_cancel(async, ticket, NULL), SP_OK);
    async_turn(async);
    successor = fake_accept(listener);
    fake_answer(successor, fake_expect(successor, "2"), "two");
    fake_answer(session, id, "one");
    async_await_all(async);
    expect_data(&first, "one");
    expect_data(&next, "two");
    cr_expect_eq(cut.count, 0);
    await_closed(session);
    close(successor);
    close(session);
}

/* ---- room for connections ----------------------------------------------- */

/* One call to a session, answered; its connection stays. */
static void talk(const char *id, int its_listener, int *connection)
{
    struct answer answer = {0};

    async_ask(async, id, "?", LONG_MS, &answer);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    if (*connection < 0)
        *connection = fake_accept(its_listener);
    fake_answer(*connection, fake_expect(*connection, "?"), "!");
    async_await(async, &answer);
    expect_data(&answer, "!");
}

static bool is_closed(int connection)
{
    char byte;

    return recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

Test(async_peers, the_connection_that_was_idle_longest_makes_room)
{
    int listeners[3] = {listener, fake_listen(&fake, "y", 8),
                        fake_listen(&fake, "z", 8)};
    int connections[3] = {-1, -1, -1};

    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 2), SP_OK);
    talk("x", listeners[0], &connections[0]);
    talk("y", listeners[1], &connections[1]);
    talk("x", listeners[0], &connections[0]);
    talk("z", listeners[2], &connections[2]);
    cr_expect(is_closed(connections[1]));
    cr_expect_not(is_closed(connections[0]));
    for (int i = 0; i < 3; i++)
        close(connections[i]);
    close(listeners[1]);
    close(listeners[2]);
}

/* ---- spd ---------------------------------------------------------------- */

Test(async_peers, one_question_asks_for_the_cause_of_many_ends)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"cause\",\"id\":\"x\"",
         "{\"ok\":true,\"text\":\"killed by a test\"}"}};
    struct answer answers[3] = {0};
    struct fake_spd spd;
    int session = ask_and_accept("1", LONG_MS, &answers[0]);

    fake_expect(session, "1");
    for (int i = 1; i < 3; i++)
        async_ask(async, "x", "more", LONG_MS, &answers[i]);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    fake_expect(session, "more");
    fake_expect(session, "more");
    FAKE_SPD_START(&spd, &fake, rows);
    close(session);
    async_await_all(async);
    for (int i = 0; i < 3; i++) {
        expect_answer(&answers[i], SP_EDIED, SP_PROGRESS_SENT);
        cr_expect_str_eq(answers[i].cause, "killed by a test");
    }
    fake_spd_finish(&spd);
}

Test(async_peers, a_supervisor_that_says_nothing_costs_no_more_than_its_time)
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

Test(async_peers, answers_of_spd_that_make_no_sense_are_told)
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
