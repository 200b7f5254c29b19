/* SPDX-License-Identifier: MIT */
/* libsp against sessions that the test plays itself: half frames, late and
 * double replies, garbage, strangers, full queues, deadlines.  Each test runs
 * over both channels; where nng cannot tell what the local channel can, the
 * expectation says so. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "client_fake.h"
#include "support/leaks.h"
#include "support/unprivileged.h"
#include "support/wait.h"

TestSuite(client_peers, .fini = leaks_check, .timeout = 120);

/* ---- replies ------------------------------------------------------------ */

FAKE_TEST(client_peers, a_call_is_answered)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "how are you", LONG_MS);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "how are you"), "well");
    caller_expect_reply(&caller, "well");
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, replies_in_pieces_are_put_together)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;
    uint32_t id;
    uint8_t frame[13 + 4] = {1, 0, 0, 0, 0, 0, 0, 0, 8};

    caller_start(&caller, fake, "?", LONG_MS);
    session = fake_accept(listener);
    id = fake_expect(session, "?");
    for (int i = 0; i < 4; i++)
        frame[9 + i] = (uint8_t)(id >> (24 - 8 * i));
    memcpy(frame + 13, "slow", 4);
    for (size_t i = 0; i < sizeof frame; i++)
        fake_say(session, frame + i, 1);
    caller_expect_reply(&caller, "slow");
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, a_late_reply_is_not_taken_for_that_of_the_next_call)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;
    uint32_t late;

    caller_start(&caller, fake, "first", SHORT_MS);
    session = fake_accept(listener);
    late = fake_expect(session, "first");
    caller_expect(&caller, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    caller_start(&caller, fake, "second", LONG_MS);
    fake_answer(session, late, "late");
    fake_answer(session, fake_expect(session, "second"), "right");
    caller_expect_reply(&caller, "right");
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, double_and_stray_replies_are_dropped)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;
    uint32_t id;

    caller_start(&caller, fake, "first", LONG_MS);
    session = fake_accept(listener);
    id = fake_expect(session, "first");
    fake_answer(session, id ^ 0x5555, "stray");
    fake_answer(session, id, "one");
    fake_answer(session, id, "two");
    caller_expect_reply(&caller, "one");
    caller_start(&caller, fake, "second", LONG_MS);
    fake_answer(session, fake_expect(session, "second"), "three");
    caller_expect_reply(&caller, "three");
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, bodies_that_look_like_marks_travel_as_they_are)
{
    static const char odd[] = "\0SP!6 died";
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    struct fake_request request;
    int session;

    caller_start_bytes(&caller, fake, odd, 10, LONG_MS);
    session = fake_accept(listener);
    request = fake_hear(session);
    cr_expect_eq(request.size, 14);
    cr_expect_arr_eq(request.body, "\0SP=\0SP!6 died", 14);
    fake_reply(session, request.id, request.body, request.size);
    pthread_join(caller.thread, NULL);
    cr_expect_eq(sp_result_error(caller.result), SP_OK);
    cr_expect_eq(sp_result_size(caller.result), 10);
    cr_expect_arr_eq(sp_result_data(caller.result), odd, 10);
    sp_result_free(caller.result);
    free(request.body);
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, a_session_cannot_claim_its_own_death)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "?", LONG_MS);
    session = fake_accept(listener);
    fake_reply(session, fake_expect(session, "?"), "\0SP!6 died", 10);
    caller_expect(&caller, SP_EPROTO, SP_PROGRESS_SENT);
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, garbage_ends_the_call_and_the_connection)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "?", LONG_MS);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    fake_say(session, "garbage, not a frame", 20);
    caller_expect(&caller, fake_is_local(fake) ? SP_EPROTO : SP_EDIED,
                  SP_PROGRESS_SENT);
    fake_wait_closed(session);
    close(session);
    caller_start(&caller, fake, "again", LONG_MS);
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "again"), "fine");
    caller_expect_reply(&caller, "fine");
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, a_reply_over_the_limit_is_refused)
{
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "?", LONG_MS);
    session = fake_accept(listener);
    free(fake_hear(session).body);
    fake_say(session, "\1\0\0\0\0\4\0\0\5\200\0\0\0", 13);
    caller_expect(&caller, fake_is_local(fake) ? SP_EPROTO : SP_EDIED,
                  SP_PROGRESS_SENT);
    close(session);
    close(listener);
}

/* ---- nobody there ------------------------------------------------------- */

static void expect_call(struct fake *fake, int timeout_ms, enum sp_error error)
{
    struct sp_result *result = sp_result_new();

    cr_expect_eq(sp_call(fake->client, "x", "?", 1, timeout_ms, result), error,
                 "%s", sp_result_text(result));
    cr_expect_eq(sp_result_error(result), error);
    cr_expect_eq(sp_result_progress(result), SP_PROGRESS_NOT_SENT);
    sp_result_free(result);
}

FAKE_TEST(client_peers, without_a_session_it_depends_on_the_supervisor)
{
    int control;

    expect_call(fake, LONG_MS, SP_ENOSUP);
    cr_expect_eq(sp_cast(fake->client, "x", "", 0, NULL), SP_ENOSUP);
    control = fake_listen(fake, FAKE_CONTROL, 8);
    expect_call(fake, LONG_MS, SP_ENOENT);
    cr_expect_eq(sp_cast(fake->client, "x", "", 0, NULL), SP_ENOENT);
    close(control);
    expect_call(fake, LONG_MS, SP_ENOSUP);
}

FAKE_TEST(client_peers, a_stale_socket_is_nobody_too)
{
    int control = fake_listen(fake, FAKE_CONTROL, 8);

    close(fake_listen(fake, "x", 8));
    expect_call(fake, LONG_MS, SP_ENOENT);
    close(control);
    expect_call(fake, LONG_MS, SP_ENOSUP);
    cr_expect_eq(sp_ping(fake->client, NULL), SP_ENOSUP);
}

FAKE_TEST(client_peers, a_strangers_socket_is_not_talked_to)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sp_result *result = sp_result_new();
    int listener;

    if (geteuid() != 0)
        cr_skip("only root can play another user");
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/sessions/x",
             fake->dir);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address),
                 0);
    /* the kernel stamps a listener with who calls listen() */
    cr_assert_eq(seteuid(UNPRIVILEGED_ID), 0);
    cr_assert_eq(listen(listener, 8), 0);
    cr_assert_eq(seteuid(0), 0);
    cr_expect_eq(sp_call(fake->client, "x", "?", 1, LONG_MS, result), SP_EPERM);
    cr_expect_not_null(strstr(sp_result_text(result), UNPRIVILEGED_TEXT), "%s",
                       sp_result_text(result));
    cr_expect_not_null(strstr(sp_result_text(result), "sessions/x"));
    sp_result_free(result);
    close(listener);
}

/* ---- full queues and deadlines ------------------------------------------ */

/* Connects until the queue of connections is full; returns how many. */
static size_t fill_backlog(const struct fake *fake, int fds[64])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t count = 0;

    snprintf(address.sun_path, sizeof address.sun_path, "%s/sessions/x",
             fake->dir);
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        cr_assert(fd >= 0 && count < 64);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
            close(fd);
            return count;
        }
        fds[count++] = fd;
    }
}

FAKE_TEST_LOCAL(client_peers, a_full_queue_of_connections_is_waited_for)
{
    int listener = fake_listen(fake, "x", 2);
    int fds[64];
    size_t count = fill_backlog(fake, fds);
    struct caller caller;
    int session;

    expect_call(fake, SHORT_MS, SP_EAGAIN);
    caller_start(&caller, fake, "?", LONG_MS);
    for (size_t i = 0; i < count; i++) {
        close(fake_accept_raw(listener));
        close(fds[i]);
    }
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "?"), "at last");
    caller_expect_reply(&caller, "at last");
    close(session);
    close(listener);
}

FAKE_TEST_LOCAL(client_peers, a_session_that_refuses_is_tried_again)
{
    int listener = fake_listen(fake, "x", 8);
    struct caller caller;
    int session;

    caller_start(&caller, fake, "?", LONG_MS);
    for (int i = 0; i < 5; i++)
        close(fake_accept_raw(listener));
    session = fake_accept(listener);
    fake_answer(session, fake_expect(session, "?"), "come in");
    caller_expect_reply(&caller, "come in");
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, a_call_ends_at_its_deadline_and_not_before)
{
    int64_t began = clock_now_ms();
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;

    caller_start(&caller, fake, "?", SHORT_MS);
    session = fake_accept(listener);
    caller_expect(&caller, SP_ETIMEDOUT, SP_PROGRESS_SENT);
    cr_expect_geq(clock_now_ms() - began, SHORT_MS);
    close(session);
    close(listener);
}

FAKE_TEST(client_peers, a_session_that_never_accepts_is_a_time_out)
{
    struct sp_result *result = sp_result_new();
    int listener = fake_listen(fake, "x", 8);

    cr_expect_eq(sp_call(fake->client, "x", "?", 1, SHORT_MS, result),
                 SP_ETIMEDOUT);
    cr_expect_eq(sp_result_progress(result), fake_is_local(fake)
                                                 ? SP_PROGRESS_SENT
                                                 : SP_PROGRESS_NOT_SENT);
    sp_result_free(result);
    close(listener);
}

FAKE_TEST(client_peers, a_time_out_of_0_waits_for_nothing)
{
    int listener = fake_listen(fake, "x", 8);

    cr_expect_eq(sp_call(fake->client, "x", "?", 1, 0, NULL), SP_ETIMEDOUT);
    close(listener);
}

FAKE_TEST_LOCAL(client_peers, a_frame_given_up_half_way_ends_its_connection)
{
    static uint8_t large[8 * 1024 * 1024];
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session, next;

    caller_start_bytes(&caller, fake, large, sizeof large, SHORT_MS);
    session = fake_accept(listener);
    caller_expect(&caller, SP_ETIMEDOUT, SP_PROGRESS_NOT_SENT);
    fake_wait_closed(session);
    caller_start(&caller, fake, "small", LONG_MS);
    next = fake_accept(listener);
    fake_answer(next, fake_expect(next, "small"), "ok");
    caller_expect_reply(&caller, "ok");
    close(session);
    close(next);
    close(listener);
}

static void on_signal(int number)
{
    (void)number;
}

FAKE_TEST(client_peers, signals_do_not_end_a_call)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct caller caller;
    int listener = fake_listen(fake, "x", 8);
    int session;
    uint32_t id;

    sigaction(SIGUSR1, &action, NULL);
    caller_start(&caller, fake, "?", LONG_MS);
    session = fake_accept(listener);
    id = fake_expect(session, "?");
    for (int i = 0; i < 100; i++)
        pthread_kill(caller.thread, SIGUSR1);
    fake_answer(session, id, "still here");
    caller_expect_reply(&caller, "still here");
    close(session);
    close(listener);
}

