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
#include "support/descriptors.h"
#include "support/leaks.h"
#include "support/wait.h"
#include "wire/sp.h"

static struct fake fake;
static struct sp_async *async;
static int listener; /* of the session "x" */

/* Over nng, what has been asked leaves when nng has connected: by further
 * turns. */
static bool turn_until_readable(int fd, int timeout_ms)
{
    int64_t deadline = clock_now_ms() + timeout_ms;
    struct pollfd pollers[2] = {{sp_async_fd(async), POLLIN, 0},
                                {fd, POLLIN, 0}};

    do {
        poll(pollers, 2, deadline_left(deadline));
        if (pollers[0].revents)
            cr_assert_eq(sp_async_dispatch(async), SP_OK);
    } while (!pollers[1].revents && deadline_left(deadline) > 0);
    return pollers[1].revents != 0;
}

static void setup(const char *channel)
{
    async_prepare(channel);
    fake_open(&fake, channel);
    cr_assert_eq(sp_async_new(fake.client, &async), SP_OK);
    listener = fake_listen(&fake, "x", 8);
    if (!async_is_local())
        fake_wait_by(turn_until_readable);
}

static void teardown(void)
{
    sp_async_free(async);
    close(listener);
    fake_close(&fake);
    leaks_check();
}

TestSuite(async_peers, .fini = teardown, .timeout = 120);

#define PEER_TEST(name) PEER_TEST_OF(way_channels, name)
#define PEER_TEST_LOCAL(name) PEER_TEST_OF(way_local, name)
#define PEER_TEST_OF(ways, name)                                               \
    static void name(void);                                                    \
    ParameterizedTestParameters(async_peers, name)                             \
    {                                                                          \
        return ways();                                                         \
    }                                                                          \
    ParameterizedTest(struct way *way, async_peers, name)                      \
    {                                                                          \
        setup(way->channel);                                                   \
        name();                                                                \
    }                                                                          \
    static void name(void)

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

/* Over nng, each of the two has a connection of its own. */
PEER_TEST_LOCAL(replies_come_in_any_order_and_in_pieces)
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

PEER_TEST(a_cancelled_call_is_not_told_of_the_reply_that_has_come)
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
PEER_TEST_LOCAL(a_reply_that_has_come_by_the_deadline_counts)
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

PEER_TEST(a_late_reply_is_nobodys)
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

PEER_TEST(a_reply_over_the_memory_limit_is_dropped)
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

PEER_TEST(garbage_ends_the_call_and_the_connection)
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
PEER_TEST(what_comes_after_a_call_that_was_given_up_stays_behind_it)
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

PEER_TEST(waits_for_room_in_a_full_queue_of_connections)
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

/* Over nng, it is nng that tries, when it pleases. */
PEER_TEST_LOCAL(a_session_that_takes_no_connections_is_tried_until_the_end)
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

/* Over nng, what it has taken may have run for all that anybody knows. */
PEER_TEST_LOCAL(what_has_not_run_is_sent_once_more)
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

/* Over nng, it may connect again, but says no more than a handshake then. */
static void expect_no_request(void)
{
    while (wait_readable(listener, 0)) {
        int session = fake_accept_raw(listener);
        char bytes[64];
        ssize_t got;

        cr_expect_not(async_is_local());
        while ((got = recv(session, bytes, sizeof bytes, 0)) > 0)
            cr_expect_leq(got, WIRE_HANDSHAKE_SIZE);
        close(session);
    }
}

PEER_TEST(what_may_have_run_is_not_sent_again)
{
    struct answer answer = {0};
    int session = ask_and_accept("1", LONG_MS, &answer);

    fake_expect(session, "1");
    close(session);
    async_await(async, &answer);
    expect_answer(&answer, SP_EDIED, SP_PROGRESS_SENT);
    expect_no_request();
}

/* ---- a large message that is cut ---------------------------------------- */

static char large[4 * 1024 * 1024];

static struct sp_ticket cast_large(struct answer *answer)
{
    struct sp_ticket ticket;

    cr_assert_eq(sp_async_cast(async, "x", NULL, large, sizeof large, LONG_MS,
                               answer_note, answer, &ticket),
                 SP_OK);
    return ticket;
}

static void cancel(struct sp_ticket ticket)
{
    cr_expect_eq(sp_async_cancel(async, ticket, NULL), SP_OK);
}

/* Both halves of the handshake have been read. */
static int accept_and_greet(void)
{
    int session = fake_accept(listener);

    async_turn(async);
    return session;
}

/* Two large ones are cut, one after the other, before a small one that waits
 * behind them.  Over nng, each message has its connection to itself. */
PEER_TEST_LOCAL(a_message_that_is_cut_ends_its_connection_and_nothing_else)
{
    struct answer first = {0}, cut = {0}, next = {0}, last = {0};
    struct sp_ticket larges[2];
    int session = ask_and_accept("1", LONG_MS, &first);
    uint32_t id = fake_expect(session, "1");
    int second, third;

    async_turn(async);
    larges[0] = cast_large(&cut);
    larges[1] = cast_large(&cut);
    async_ask(async, "x", "2", LONG_MS, &next);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    cancel(larges[0]);
    async_turn(async);
    second = accept_and_greet();
    cancel(larges[1]);
    async_ask(async, "x", "3", LONG_MS, &last);
    async_turn(async);
    third = accept_and_greet();
    fake_answer(third, fake_expect(third, "2"), "two");
    fake_answer(third, fake_expect(third, "3"), "three");
    fake_answer(session, id, "one");
    async_await_all(async);
    expect_data(&first, "one");
    expect_data(&next, "two");
    expect_data(&last, "three");
    cr_expect_eq(cut.count, 0);
    await_closed(session);
    await_closed(second);
    close(third);
    close(second);
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

PEER_TEST(the_connection_that_was_idle_longest_makes_room)
{
    int listeners[3] = {listener, fake_listen(&fake, "y", 8),
                        fake_listen(&fake, "z", 8)};
    int connections[3] = {-1, -1, -1};

    cr_assert_eq(sp_async_set_limit(async, SP_ASYNC_CONNECTIONS, 2), SP_OK);
    talk("x", listeners[0], &connections[0]);
    talk("y", listeners[1], &connections[1]);
    talk("x", listeners[0], &connections[0]);
    talk("z", listeners[2], &connections[2]);
    if (!async_is_local())
        fake_wait_closed(connections[1]);
    cr_expect(is_closed(connections[1]));
    cr_expect_not(is_closed(connections[0]));
    for (int i = 0; i < 3; i++)
        close(connections[i]);
    close(listeners[1]);
    close(listeners[2]);
}

/* Over nng, a connection takes more than one. */
PEER_TEST_LOCAL(an_idle_connection_gives_its_descriptor_away)
{
    struct answer answer = {0};
    int other = fake_listen(&fake, "y", 8);
    int connections[2] = {-1, -1};
    struct rlimit before;

    talk("x", listener, &connections[0]);
    before = descriptors_take();
    async_ask(async, "y", "?", LONG_MS, &answer);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    descriptors_give_back(&before);
    cr_expect(is_closed(connections[0]));
    connections[1] = fake_accept(other);
    fake_answer(connections[1], fake_expect(connections[1], "?"), "!");
    async_await(async, &answer);
    expect_data(&answer, "!");
    close(connections[0]);
    close(connections[1]);
    close(other);
}

PEER_TEST(without_descriptors_it_waits_for_one_until_the_end)
{
    struct answer busy = {0}, late = {0}, answer = {0};
    int other = fake_listen(&fake, "y", 8);
    int session = ask_and_accept("1", LONG_MS, &busy);
    struct rlimit before = descriptors_take();

    async_ask(async, "y", "late", SHORT_MS, &late);
    async_ask(async, "y", "2", LONG_MS, &answer);
    async_await(async, &late);
    expect_answer(&late, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cr_expect_str_eq(late.text, "no descriptors are left");
    cr_expect_eq(answer.count, 0);
    descriptors_give_back(&before);
    while (!wait_readable(other, 0))
        async_turn(async);
    close(session);
    session = fake_accept(other);
    fake_answer(session, fake_expect(session, "2"), "!");
    async_await(async, &answer);
    expect_data(&answer, "!");
    close(session);
    close(other);
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
PEER_TEST_LOCAL(one_question_asks_for_the_cause_of_many_ends)
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

PEER_TEST(what_is_gone_as_soon_as_it_was_started_is_not_started_again)
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

PEER_TEST(a_supervisor_that_says_nothing_costs_no_more_than_its_time)
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

PEER_TEST(answers_of_spd_that_make_no_sense_are_told)
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
