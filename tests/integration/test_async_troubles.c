/* SPDX-License-Identifier: MIT */
/* The asynchronous client on bad days: a session that answers twice, to nobody,
 * or half; a stranger at its address; a supervisor that goes while it is asked;
 * no descriptors for anything.  The same for who waits is in test_client_peers
 * and test_client_troubles. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "async_fake.h"
#include "support/descriptors.h"
#include "support/unprivileged.h"
#include "support/wait.h"
#include "wire/sp.h"

static void setup(void)
{
    async_fake_open("local");
}

TestSuite(async_troubles, .init = setup, .fini = async_fake_close,
          .timeout = 120);

/* ---- what a session may say --------------------------------------------- */

Test(async_troubles, double_and_stray_replies_are_dropped)
{
    struct answer answer = {0}, next = {0};
    int session = ask_and_accept("first", LONG_MS, &answer);
    uint32_t id = fake_expect(session, "first");

    fake_answer(session, id ^ 0x5555, "stray");
    fake_answer(session, id, "one");
    fake_answer(session, id, "two");
    async_await(async, &answer);
    expect_data(&answer, "one");
    async_ask(async, "x", "second", LONG_MS, &next);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    fake_answer(session, fake_expect(session, "second"), "three");
    async_await(async, &next);
    expect_data(&next, "three");
    close(session);
}

/* Announces more than it says, and goes. */
Test(async_troubles, a_session_that_goes_in_the_middle_of_a_large_reply)
{
    static char half[1024 * 1024];
    struct answer answer = {0}, next = {0};
    int session = ask_and_accept("large", LONG_MS, &answer);
    uint8_t head[WIRE_FRAME_HEADER_SIZE + 4];
    size_t said = 0;

    wire_frame_put(head, 4 + 2 * sizeof half);
    wire_u32_put(head + WIRE_FRAME_HEADER_SIZE, fake_expect(session, "large"));
    fake_say(session, head, sizeof head);
    while (said < sizeof half) {
        ssize_t part = send(session, half + said, sizeof half - said,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        said += part > 0 ? (size_t)part : 0;
        if (part <= 0)
            async_turn(async);
    }
    close(session);
    async_await(async, &answer);
    expect_answer(&answer, SP_EDIED, SP_PROGRESS_SENT);
    cr_expect_eq(answer.size, 0u);
    session = ask_and_accept("next", LONG_MS, &next);
    fake_answer(session, fake_expect(session, "next"), "well");
    async_await(async, &next);
    expect_data(&next, "well");
    close(session);
}

Test(async_troubles, a_reply_over_the_limit_ends_the_connection)
{
    struct answer answer = {0};
    int session = ask_and_accept("?", LONG_MS, &answer);
    uint8_t head[WIRE_FRAME_HEADER_SIZE + 4];

    wire_frame_put(head, (uint64_t)1 << 40);
    wire_u32_put(head + WIRE_FRAME_HEADER_SIZE, fake_expect(session, "?"));
    fake_say(session, head, sizeof head);
    async_await(async, &answer);
    expect_answer(&answer, SP_EPROTO, SP_PROGRESS_SENT);
    fake_wait_closed(session);
    close(session);
}

/* ---- who is there ------------------------------------------------------- */

static void note_end(struct sp_async *self, const struct sp_news *news,
                     void *context)
{
    (void)self;
    cr_expect_eq(sp_news_kind(news), SP_NEWS_OVER);
    *(enum sp_error *)context = sp_news_error(news);
}

Test(async_troubles, a_strangers_socket_is_not_talked_to)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    enum sp_error end = SP_OK;
    struct answer answer = {0};
    int stranger;

    if (geteuid() != 0)
        cr_skip("only root can play another user");
    stranger = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/sessions/y",
             fake.dir);
    cr_assert_eq(bind(stranger, (struct sockaddr *)&address, sizeof address),
                 0);
    /* the kernel stamps a listener with who calls listen() */
    cr_assert_eq(seteuid(UNPRIVILEGED_ID), 0);
    cr_assert_eq(listen(stranger, 8), 0);
    cr_assert_eq(seteuid(0), 0);
    async_ask(async, "y", "?", LONG_MS, &answer);
    cr_assert_eq(sp_async_subscribe(async, "y", NULL, 0, note_end, &end, NULL),
                 SP_OK);
    while (answer.count == 0 || end == SP_OK)
        async_turn(async);
    expect_answer(&answer, SP_EPERM, SP_PROGRESS_NOT_SENT);
    cr_expect_eq(end, SP_EPERM);
    cr_expect_not_null(strstr(answer.text, UNPRIVILEGED_TEXT), "%s",
                       answer.text);
    close(stranger);
}

/* ---- a supervisor that goes --------------------------------------------- */

static void ask_all(struct answer answers[4])
{
    static const struct sp_spec any;

    sp_async_start(async, "x", &any, LONG_MS, answer_note, &answers[0], NULL);
    sp_async_list(async, LONG_MS, answer_note, &answers[1], NULL);
    sp_async_info(async, "x", LONG_MS, answer_note, &answers[2], NULL);
    sp_async_terminate(async, "x", LONG_MS, answer_note, &answers[3], NULL);
}

/* With its socket still there, as after a kill; then a new one answers. */
Test(async_troubles, a_supervisor_that_goes_while_it_is_asked_is_none)
{
    static const struct fake_row rows[] = {
        {"{\"op\":\"list\"", "{\"ok\":true,\"sessions\":[]}"}};
    struct answer answers[4] = {0}, next = {0};
    struct fake_spd spd;
    int control = fake_listen(&fake, FAKE_CONTROL, 8);
    int connection;

    ask_all(answers);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    connection = fake_accept(control);
    for (int i = 0; i < 4; i++)
        free(fake_hear(connection).body);
    close(control);
    close(connection);
    async_await_all(async);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(answers[i].count, 1u);
        cr_expect_eq(answers[i].error, SP_ENOSUP, "%d: %s", i,
                     sp_error_name(answers[i].error));
        cr_expect_eq(answers[i].progress, SP_PROGRESS_SENT, "%d", i);
    }
    FAKE_SPD_START(&spd, &fake, rows);
    sp_async_list(async, LONG_MS, answer_note, &next, NULL);
    async_await(async, &next);
    expect_answer(&next, SP_OK, SP_PROGRESS_ANSWERED);
    fake_spd_finish(&spd);
}

/* ---- no descriptors ----------------------------------------------------- */

static void note_begun(struct sp_async *self, const struct sp_news *news,
                       void *context)
{
    (void)self;
    cr_expect_eq(sp_news_kind(news), SP_NEWS_BEGUN);
    *(bool *)context = true;
}

/* It waits between two tries: as many turns as there are pauses in the time,
 * not as many as the loop could take. */
Test(async_troubles, without_descriptors_nothing_spins_and_all_goes_on_after)
{
    struct answer call = {0}, list = {0}, patient = {0};
    struct rlimit before = descriptors_take();
    uint8_t hello[WIRE_HANDSHAKE_SIZE];
    bool begun = false;
    unsigned turns = 0;
    int session;

    async_ask(async, "x", "1", 2 * SHORT_MS, &call);
    sp_async_list(async, 2 * SHORT_MS, answer_note, &list, NULL);
    cr_assert_eq(sp_async_subscribe(async, "x", NULL, 0, note_begun, &begun,
                                    NULL),
                 SP_OK);
    for (; call.count == 0 || list.count == 0; turns++)
        async_turn(async);
    expect_answer(&call, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    expect_answer(&list, SP_EAGAIN, SP_PROGRESS_NOT_SENT);
    cr_expect_lt(turns, 300u, "%u turns", turns);
    descriptors_give_back(&before);
    while (!wait_readable(listener, 0))
        async_turn(async);
    session = fake_accept_raw(listener);
    wire_handshake_put(hello, WIRE_PUB);
    fake_say(session, hello, sizeof hello);
    fake_say(session, "\1\0\0\0\0\0\0\0\5\0SP-0", 14);
    while (!begun)
        async_turn(async);
    close(session);
    session = ask_and_accept("2", LONG_MS, &patient);
    fake_answer(session, fake_expect(session, "2"), "!");
    async_await(async, &patient);
    expect_data(&patient, "!");
    close(session);
}
