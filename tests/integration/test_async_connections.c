/* SPDX-License-Identifier: MIT */
/* The asynchronous client and its connections, to sessions that the test plays
 * itself: full queues, peers that refuse, large messages that are cut, the
 * order in which connections make room. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "async_fake.h"
#include "support/descriptors.h"
#include "support/wait.h"
#include "wire/sp.h"

TestSuite(async_connections, .fini = async_fake_close, .timeout = 120);

/* The client closes its end of this connection. */
static void await_closed(int connection)
{
    char bytes[4096];
    ssize_t got;

    while ((got = recv(connection, bytes, sizeof bytes, MSG_DONTWAIT)) != 0)
        if (got < 0)
            async_turn(async);
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

PEER_TEST(async_connections, waits_for_room_in_a_full_queue_of_connections)
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
PEER_TEST_LOCAL(async_connections,
                a_session_that_takes_no_connections_is_tried_until_the_end)
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
PEER_TEST_LOCAL(async_connections, what_has_not_run_is_sent_once_more)
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

PEER_TEST(async_connections, what_may_have_run_is_not_sent_again)
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
PEER_TEST_LOCAL(async_connections,
                a_message_that_is_cut_ends_its_connection_and_nothing_else)
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

PEER_TEST(async_connections, the_connection_that_was_idle_longest_makes_room)
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
PEER_TEST_LOCAL(async_connections, an_idle_connection_gives_its_descriptor_away)
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

PEER_TEST(async_connections, without_descriptors_it_waits_for_one_until_the_end)
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
