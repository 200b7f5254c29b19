/* SPDX-License-Identifier: MIT */
/* libsp against sessions and supervisors that the test plays itself: half
 * frames, late and double replies, deaths at every point, strangers, full
 * queues.  Each test runs over both channels; where nng cannot tell what the
 * local channel can, the expectation says so. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <sp/client.h>

#include "base/clock.h"
#include "client_fake.h"
#include "support/leaks.h"
#include "support/wait.h"

TestSuite(client_peers, .fini = leaks_check, .timeout = 120);

#define LONG_MS 60000 /* a call that is to be ended by something else */
#define SHORT_MS 100  /* a call that is to time out */

struct channel_name {
    char text[8];
};

static struct criterion_test_params channel_parameters(void)
{
    static struct channel_name channels[] = {{"local"}, {"nng"}};

    return cr_make_param_array(struct channel_name, channels, 2);
}

/* One test, over each channel. */
#define BOTH(name)                                                             \
    static void name(struct fake *fake);                                       \
    ParameterizedTestParameters(client_peers, name)                            \
    {                                                                          \
        return channel_parameters();                                           \
    }                                                                          \
    ParameterizedTest(struct channel_name *channel, client_peers, name)        \
    {                                                                          \
        struct fake fake;                                                      \
                                                                               \
        fake_open(&fake, channel->text);                                       \
        name(&fake);                                                           \
        fake_close(&fake);                                                     \
    }                                                                          \
    static void name(struct fake *fake)

/* One test, over the local channel. */
#define LOCAL(name)                                                            \
    static void name(struct fake *fake);                                       \
    Test(client_peers, name)                                                   \
    {                                                                          \
        struct fake fake;                                                      \
                                                                               \
        fake_open(&fake, "local");                                             \
        name(&fake);                                                           \
        fake_close(&fake);                                                     \
    }                                                                          \
    static void name(struct fake *fake)


/* ---- replies ------------------------------------------------------------ */

BOTH(a_call_is_answered)
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

BOTH(replies_in_pieces_are_put_together)
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

BOTH(a_late_reply_is_not_taken_for_that_of_the_next_call)
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

BOTH(double_and_stray_replies_are_dropped)
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

BOTH(bodies_that_look_like_marks_travel_as_they_are)
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

BOTH(a_session_cannot_claim_its_own_death)
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

BOTH(garbage_ends_the_call_and_the_connection)
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

BOTH(a_reply_over_the_limit_is_refused)
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

/* ---- deaths ------------------------------------------------------------- */

BOTH(end_of_file_in_a_call_is_known_at_once)
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

BOTH(so_is_end_of_file_in_the_middle_of_a_reply)
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

LOCAL(a_request_that_was_not_read_is_sent_once_more)
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

LOCAL(but_not_twice)
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

LOCAL(what_was_sent_before_the_last_request_may_have_run)
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

LOCAL(a_connection_that_ended_while_idle_is_replaced_in_silence)
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

LOCAL(so_it_is_for_a_cast)
{
    int listener = fake_listen(fake, "x", 8);

    for (int i = 0; i < 3; i++) {
        struct fake_request request;
        int session;

        cr_assert_eq(sp_cast(fake->client, "x", "note", 4, NULL), SP_OK, "%d", i);
        session = fake_accept(listener);
        request = fake_hear(session);
        cr_expect_arr_eq(request.body, "\0SP>note", 8);
        free(request.body);
        close(session);
    }
    close(listener);
}

/* nng takes a reply only if it comes before it notices that it cannot write. */
LOCAL(an_error_17_at_the_sight_of_a_large_frame_is_the_outcome)
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

BOTH(without_a_session_it_depends_on_the_supervisor)
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

BOTH(a_stale_socket_is_nobody_too)
{
    int control = fake_listen(fake, FAKE_CONTROL, 8);

    close(fake_listen(fake, "x", 8));
    expect_call(fake, LONG_MS, SP_ENOENT);
    close(control);
    expect_call(fake, LONG_MS, SP_ENOSUP);
    cr_expect_eq(sp_ping(fake->client, NULL), SP_ENOSUP);
}

BOTH(a_strangers_socket_is_not_talked_to)
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
    cr_assert_eq(seteuid(65534), 0);
    cr_assert_eq(listen(listener, 8), 0);
    cr_assert_eq(seteuid(0), 0);
    cr_expect_eq(sp_call(fake->client, "x", "?", 1, LONG_MS, result), SP_EPERM);
    cr_expect_not_null(strstr(sp_result_text(result), "65534"), "%s",
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

LOCAL(a_full_queue_of_connections_is_waited_for_until_the_deadline)
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

LOCAL(a_session_that_refuses_connections_is_tried_until_the_deadline)
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

BOTH(a_call_ends_at_its_deadline_and_not_before)
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

BOTH(a_session_that_never_accepts_is_a_time_out)
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

BOTH(a_time_out_of_0_waits_for_nothing)
{
    int listener = fake_listen(fake, "x", 8);

    cr_expect_eq(sp_call(fake->client, "x", "?", 1, 0, NULL), SP_ETIMEDOUT);
    close(listener);
}

LOCAL(a_large_frame_given_up_half_way_ends_its_connection)
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

BOTH(signals_do_not_end_a_call)
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

/* ---- order and many threads --------------------------------------------- */

LOCAL(casts_and_calls_arrive_in_the_order_they_were_sent)
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

BOTH(a_cast_waits_for_room_and_closing_loses_none)
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

LOCAL(many_callers_get_their_own_replies_in_any_order)
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

LOCAL(callers_that_leave_hand_over_to_those_who_wait)
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
LOCAL(a_writer_gets_on_while_another_thread_reads)
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

/* ---- the supervisor's answers ------------------------------------------- */

struct answering {
    int listener;
    const char *answer;
};

static void *answer_once(void *context)
{
    struct answering *answering = context;
    int spd = fake_accept(answering->listener);
    struct fake_request request = fake_hear(spd);

    fake_answer(spd, request.id, answering->answer);
    free(request.body);
    fake_wait_closed(spd);
    close(spd);
    return NULL;
}

/* Runs an operation against a supervisor that gives this answer. */
static enum sp_error with_answer(const struct fake *fake, const char *answer,
                                 enum sp_error (*operation)(struct sp_client *))
{
    struct answering answering = {fake_listen(fake, FAKE_CONTROL, 8), answer};
    struct sp_client *client = fake_client(fake);
    enum sp_error error;
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, answer_once, &answering), 0);
    error = operation(client);
    sp_client_close(client);
    pthread_join(thread, NULL);
    close(answering.listener);
    return error;
}

static enum sp_error ask_info(struct sp_client *client)
{
    struct sp_session_info *info;
    enum sp_error error = sp_info(client, "x", &info, NULL);

    if (error == SP_OK)
        sp_info_free(info);
    return error;
}

static enum sp_error ask_list(struct sp_client *client)
{
    struct sp_session_list *list;
    enum sp_error error = sp_list(client, &list, NULL);

    if (error != SP_OK)
        return error;
    cr_expect_eq(sp_list_count(list), 2);
    cr_expect_str_eq(sp_info_id(sp_list_at(list, 0)), "a");
    cr_expect_str_eq(sp_info_id(sp_list_at(list, 1)), "b");
    cr_expect_eq(sp_info_restarts(sp_list_at(list, 1)), 3);
    sp_list_free(list);
    return error;
}

static enum sp_error ask_modules(struct sp_client *client)
{
    struct sp_module_list *modules;
    enum sp_error error = sp_modules(client, &modules, NULL);

    if (error != SP_OK)
        return error;
    cr_expect_eq(sp_modules_count(modules), 1);
    cr_expect_str_eq(sp_modules_name(modules, 0), "kv");
    cr_expect(sp_modules_is_default(modules, 0));
    sp_modules_free(modules);
    return error;
}

static enum sp_error ask_ping(struct sp_client *client)
{
    return sp_ping(client, NULL);
}

#define SESSION(id, restarts)                                                  \
    "{\"id\":\"" id "\",\"module\":\"kv\",\"state\":\"running\",\"pid\":7,"    \
    "\"restarts\":" restarts ",\"age_ms\":5,\"last_end\":\"\",\"new\":[1]}"

BOTH(answers_that_make_no_sense)
{
    static const char *const answers[] = {
        "",
        "garbage",
        "[]",
        "{}",
        "{\"ok\":1}",
        "{\"ok\":false}",
        "{\"ok\":false,\"error\":0,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":777,\"text\":\"x\"}",
        "{\"ok\":true,\"ok\":true}",
        "{\"ok\":true}",
        "{\"ok\":true,\"session\":7,\"sessions\":7,\"modules\":{}}",
        "{\"ok\":true,\"session\":{},\"sessions\":[{}],\"modules\":[{}]}",
        "{\"ok\":true,\"session\":" SESSION("../x", "0") "}",
        "{\"ok\":true,\"session\":" SESSION("x", "-1") "}",
        "{\"ok\":true,\"session\":" SESSION("x", "\"0\"") "}",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        cr_expect_eq(with_answer(fake, answers[i], ask_info), SP_EPROTO,
                     "info: %s", answers[i]);
        cr_expect_eq(with_answer(fake, answers[i], ask_list), SP_EPROTO,
                     "list: %s", answers[i]);
        cr_expect_eq(with_answer(fake, answers[i], ask_modules), SP_EPROTO,
                     "modules: %s", answers[i]);
        cr_expect_eq(with_answer(fake, answers[i], ask_ping), SP_EPROTO,
                     "ping: %s", answers[i]);
    }
}

BOTH(answers_with_new_keys_are_understood)
{
    cr_expect_eq(with_answer(fake,
                             "{\"ok\":true,\"more\":{},\"session\":" SESSION(
                                 "x", "0") "}",
                             ask_info),
                 SP_OK);
    cr_expect_eq(with_answer(fake,
                             "{\"ok\":true,\"sessions\":[" SESSION(
                                 "b", "3") "," SESSION("a", "0") "]}",
                             ask_list),
                 SP_OK);
    cr_expect_eq(with_answer(fake,
                             "{\"ok\":true,\"modules\":[{\"name\":\"kv\","
                             "\"path\":\"/kv.so\",\"default\":true,"
                             "\"sessions\":2,\"new\":null}]}",
                             ask_modules),
                 SP_OK);
}

static void *hear_and_close(void *context)
{
    int *listener = context;
    int spd = fake_accept(*listener);

    free(fake_hear(spd).body);
    close(*listener);
    close(spd);
    return NULL;
}

BOTH(a_supervisor_that_ends_while_it_is_asked_is_none)
{
    int listener = fake_listen(fake, FAKE_CONTROL, 8);
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, hear_and_close, &listener), 0);
    cr_expect_eq(sp_ping(fake->client, NULL), SP_ENOSUP);
    pthread_join(thread, NULL);
}
