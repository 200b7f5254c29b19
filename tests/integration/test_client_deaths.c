/* SPDX-License-Identifier: MIT */
/* libsp and sessions that the test plays itself: how far a request got when one
 * ends; order; threads that share a connection. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_fake.h"
#include "support/leaks.h"
#include "support/wait.h"

TestSuite(client_deaths, .fini = leaks_check, .timeout = 120);

/* ---- deaths ------------------------------------------------------------- */

FAKE_TEST(client_deaths, end_of_file_in_a_call_is_known_at_once)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "?", SP_TIMEOUT_INFINITE);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    close(session);
    caller_expect(&caller, SP_EDIED, SP_PROGRESS_SENT);
    close(listener);
}

FAKE_TEST(client_deaths, so_is_end_of_file_in_the_middle_of_a_reply)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "?", SP_TIMEOUT_INFINITE);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    fake_say(session, "\1\0\0\0\0\0\0\0\11\200", 10);
    close(session);
    caller_expect(&caller, SP_EDIED, SP_PROGRESS_SENT);
    close(listener);
}

FAKE_TEST_LOCAL(client_deaths, a_request_that_was_not_read_is_sent_once_more)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "first", LONG_MS);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "first"), "1");
    caller_expect_reply(&caller, "1");
    caller_start(&caller, fake, "second", LONG_MS);
    cr_assert(wait_readable(session, WAIT_MS));
    close(session);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "second"), "2");
    caller_expect_reply(&caller, "2");
    close(session);
    close(listener);
}

FAKE_TEST_LOCAL(client_deaths, but_not_twice)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "first", LONG_MS);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "first"), "1");
    caller_expect_reply(&caller, "1");
    caller_start(&caller, fake, "second", LONG_MS);
    for (int i = 0; i < 2; i++) {
        cr_assert(wait_readable(session, WAIT_MS));
        close(session);
        if (i == 0)
            session = fake_accept(listener);
    }
    caller_expect(&caller, SP_EDIED, SP_PROGRESS_NOT_SENT);
    close(listener);
}

FAKE_TEST_LOCAL(client_deaths, what_was_sent_before_the_last_may_have_run)
{
    struct caller one, two;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&one, fake, "one", LONG_MS);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    caller_start(&two, fake, "two", LONG_MS);
    cr_assert(wait_readable(session, WAIT_MS));
    close(session);
    caller_expect(&one, SP_EDIED, SP_PROGRESS_SENT);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "two"), "2");
    caller_expect_reply(&two, "2");
    close(session);
    close(listener);
}

FAKE_TEST_LOCAL(client_deaths, a_connection_that_ended_idle_is_replaced)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);

    for (int i = 0; i < 3; i++) {
        int session;

        caller_start(&caller, fake, "?", LONG_MS);
        session = fake_accept(listener);
        fake_answer(session, fake_expect(session, "?"), "!");
        caller_expect_reply(&caller, "!");
        close(session);
    }
    close(listener);
}

FAKE_TEST_LOCAL(client_deaths, so_it_is_for_a_cast)
{
    int listener = fake_listen(fake, "x", 8);

    for (int i = 0; i < 3; i++) {
        struct fake_request request;
        int session;

        cr_assert_eq(sp_cast(fake->client, "x", "note", 4, NULL), SP_OK);
        session = fake_accept(listener);
        request = fake_hear(session);
        cr_expect_arr_eq(request.body, "\0SP>note", 8);
        free(request.body);
        close(session);
    }
    close(listener);
}

/* nng takes a reply only if it comes before it notices that it cannot write. */
FAKE_TEST_LOCAL(client_deaths, an_error_at_the_sight_of_a_frame_is_heard)
{
    static uint8_t large[8 * 1024 * 1024];
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    uint8_t head[13];
    int session;

    caller_start_bytes(&caller, fake, large, sizeof large, LONG_MS);
    session = fake_accept(listener);
    cr_assert_eq(recv(session, head, sizeof head, MSG_WAITALL), 13);
    fake_reply(session,
               (uint32_t)head[9] << 24 | (uint32_t)head[10] << 16 |
                   (uint32_t)head[11] << 8 | head[12],
               "\0SP!17 too large", 16);
    close(session);
    caller_expect(&caller, SP_EMSGSIZE, SP_PROGRESS_ANSWERED);
    close(listener);
}

/* ---- order and many threads --------------------------------------------- */

FAKE_TEST_LOCAL(client_deaths, casts_and_calls_arrive_in_order)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    for (int i = 0; i < 100; i++) {
        char text[16];

        snprintf(text, sizeof text, "%d", i);
        cr_assert_eq(sp_cast(fake->client, "x", text, strlen(text), NULL),
                     SP_OK);
    }
    caller_start(&caller, fake, "done", LONG_MS);
    session = fake_accept(listener);
    for (int i = 0; i < 100; i++) {
        struct fake_request request = fake_hear(session);

        cr_expect_arr_eq(request.body, "\0SP>", 4);
        cr_expect_eq(atoi((char *)request.body + 4), i);
        free(request.body);
    }
    fake_answer(session, fake_expect(session, "done"), "100");
    caller_expect_reply(&caller, "100");
    close(session);
    close(listener);
}

struct casting {
    struct sp_client *client;
    size_t size;
    enum sp_error error;
};

static void *cast_large(void *context)
{
    struct casting *casting = context;
    char *body = calloc(1, casting->size);

    memset(body, 'z', casting->size);
    casting->error =
        sp_cast(casting->client, "x", body, casting->size, NULL);
    free(body);
    return NULL;
}

FAKE_TEST(client_deaths, a_cast_waits_for_room_and_closing_loses_none)
{
    struct casting casting = {fake->client, 4 * 1024 * 1024, SP_EPROTO};
    size_t mark = fake_is_local(fake) ? 4 : 0;
    int listener = fake_listen(fake, "x", 8);
    struct fake_request request;
    pthread_t thread;
    int session;

    cr_assert_eq(pthread_create(&thread, NULL, cast_large, &casting), 0);
    session = fake_accept(listener);
    request = mark ? fake_hear(session) : fake_hear_push(session);
    pthread_join(thread, NULL);
    cr_expect_eq(casting.error, SP_OK);
    cr_expect_eq(request.size, casting.size + mark);
    free(request.body);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(sp_cast(fake->client, "x", &"ab"[i % 2], 1, NULL), SP_OK);
    sp_client_close(fake->client);
    fake->client = NULL;
    for (int i = 0; i < 100; i++) {
        request = mark ? fake_hear(session) : fake_hear_push(session);
        cr_expect_eq(request.body[mark], "ab"[i % 2]);
        free(request.body);
    }
    fake_wait_closed(session);
    close(session);
    close(listener);
}

#define CALLERS 16

FAKE_TEST_LOCAL(client_deaths, many_callers_get_their_own_replies_in_any_order)
{
    struct caller callers[CALLERS];
    char texts[CALLERS][12];
    int listener = fake_listen(fake, "x", 8);
    struct fake_request requests[CALLERS];
    int session = -1;

    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < CALLERS; i++) {
            snprintf(texts[i], sizeof texts[i], "%d", i);
            caller_start(&callers[i], fake, texts[i], LONG_MS);
        }
        if (round == 0)
            session = fake_accept(listener);
        for (int i = 0; i < CALLERS; i++)
            requests[i] = fake_hear(session);
        for (int i = 0; i < CALLERS; i++) {
            struct fake_request *request =
                &requests[(i * 7 + round) % CALLERS];

            fake_answer(session, request->id, (char *)request->body);
            free(request->body);
        }
        for (int i = 0; i < CALLERS; i++)
            caller_expect_reply(&callers[i], texts[i]);
    }
    close(session);
    close(listener);
}

FAKE_TEST_LOCAL(client_deaths, callers_that_leave_hand_over_to_those_who_wait)
{
    struct caller patient, hasty[8];
    int listener = fake_listen(fake, "x", 8);
    int session;
    uint32_t id;

    caller_start(&hasty[0], fake, "hasty", SHORT_MS);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    caller_start(&patient, fake, "patient", LONG_MS);
    id = fake_expect(session, "patient");
    for (int i = 1; i < 8; i++) {
        caller_start(&hasty[i], fake, "hasty", SHORT_MS * i / 4);
        free(fake_hear(session).body);
    }
    for (int i = 0; i < 8; i++)
        caller_expect(&hasty[i], SP_ETIMEDOUT, SP_PROGRESS_SENT);
    fake_answer(session, id, "thanks");
    caller_expect_reply(&patient, "thanks");
    close(session);
    close(listener);
}

/* A large request fills the socket while another thread waits in recv(). */
FAKE_TEST_LOCAL(client_deaths, a_writer_gets_on_while_another_thread_reads)
{
    static uint8_t large[8 * 1024 * 1024];
    struct caller small, big, third;
    int listener = fake_listen(fake, "x", 8);
    struct fake_request request;
    uint32_t small_id;
    int session;

    caller_start(&small, fake, "small", LONG_MS);
    session = fake_accept(listener);
    small_id = fake_expect(session, "small");
    caller_start_bytes(&big, fake, large, sizeof large, LONG_MS);
    cr_assert(wait_readable(session, WAIT_MS));
    fake_answer(session, small_id, "1");
    caller_expect_reply(&small, "1");
    caller_start(&third, fake, "third", LONG_MS);
    request = fake_hear(session);
    cr_expect_eq(request.size, sizeof large);
    fake_answer(session, fake_expect(session, "third"), "3");
    caller_expect_reply(&third, "3");
    fake_answer(session, request.id, "2");
    caller_expect_reply(&big, "2");
    free(request.body);
    close(session);
    close(listener);
}

