/* SPDX-License-Identifier: MIT */
/* sp_plug_stream() on bad days: sessions that end, clients that go away, stand
 * still or do not read, limits, a server that ends. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/http.h>

#include "stream_scene.h"
#include "support/harness.h"

static unsigned openings, closings;

static void on_opened(struct sp_stream *stream, void *context)
{
    (void)stream;
    (void)context;
    openings++;
}

static void on_closed(struct sp_stream *stream, void *context)
{
    (void)stream;
    (void)context;
    closings++;
}

#define WATCH(...)                                                             \
    (struct sp_plug_watch)                                                     \
    {                                                                          \
        .opened = on_opened, .closed = on_closed, __VA_ARGS__                  \
    }

static struct sp_plug_watch watch;

static void start(void)
{
    answers_start(HARNESS_PROBE_CONFIG "max_restarts = 0\n");
    watch = WATCH();
    answers.asking.watch = &watch;
}

TestSuite(plug_stream_ends, .init = start, .fini = answers_stop,
          .timeout = 120);

static bool are_closed(void *count)
{
    return closings == *(unsigned *)count;
}

static void await_closed(unsigned count)
{
    answers_turn_until(are_closed, &count);
    cr_expect_eq(openings, count);
}

static bool are_opened(void *count)
{
    return openings == *(unsigned *)count;
}

static struct reply visitor(struct window *window)
{
    struct reply reply = reply_to("pid", "");
    unsigned count = openings + 1;

    window_open(window, reply.cookie, "");
    window_await(window, "event: begun\n");
    answers_turn_until(are_opened, &count);
    return reply;
}

static void terminate(const char *cookie)
{
    char id[SP_ID_MAX + 1];

    cookie_id(cookie, id);
    cr_assert_eq(sp_terminate(answers.client, id, NULL), SP_OK);
}

/* ---- the session -------------------------------------------------------- */

#define OVER                                                                   \
    "event: over\ndata: {\"error\":\"SP_ENOENT\",\"text\":\"no such session\"}"

Test(plug_stream_ends, with_the_session)
{
    struct window window;
    struct reply ann = visitor(&window);

    terminate(ann.cookie);
    window_await_end(&window);
    cr_expect(strstr(window.bytes, OVER), "%s", window.bytes);
    cr_expect(strstr(window.bytes, "\r\n0\r\n\r\n"), "a whole response");
    window_close(&window);
    await_closed(1);
}

Test(plug_stream_ends, with_the_cause_and_then_that_it_is_over)
{
    struct window window;
    struct reply ann;
    const char *cause, *over;

    watch.flags = SP_PLUG_LIFE;
    ann = visitor(&window);
    reply_to("crash", ann.cookie);
    window_await_end(&window);
    cause = strstr(window.bytes, "event: give_up\n");
    over = strstr(window.bytes, OVER);
    cr_expect(cause && over && cause < over, "%s", window.bytes);
    cr_expect(strstr(window.bytes, "killed by SIGSEGV"), "%s", window.bytes);
    window_close(&window);
    await_closed(1);
}

Test(plug_stream_ends, for_all_windows_and_leaves_others_open)
{
    struct window of_ann[3], of_bob;
    struct reply ann = visitor(&of_ann[0]), bob = visitor(&of_bob);

    for (int i = 1; i < 3; i++) {
        window_open(&of_ann[i], ann.cookie, "");
        window_await(&of_ann[i], "event: begun\n");
    }
    terminate(ann.cookie);
    for (int i = 0; i < 3; i++) {
        window_await_end(&of_ann[i]);
        window_close(&of_ann[i]);
    }
    session_do(bob.cookie, "emit still here");
    window_await(&of_bob, "data: still here\n\n");
    window_close(&of_bob);
    await_closed(4);
}

Test(plug_stream_ends, without_a_supervisor_as_well)
{
    struct window window;

    watch.flags = SP_PLUG_LIFE;
    visitor(&window);
    harness_kill_spd(answers.harness);
    window_await_end(&window);
    cr_expect(strstr(window.bytes, "event: over\n"), "%s", window.bytes);
    window_close(&window);
    await_closed(1);
    harness_start_spd(answers.harness);
    visitor(&window);
    window_close(&window);
    await_closed(2);
}

/* ---- before it has begun ------------------------------------------------ */

static void pause_session(const char *cookie,
                          enum sp_error (*act)(struct sp_client *client,
                                               const char *id,
                                               struct sp_result *result))
{
    char id[SP_ID_MAX + 1];

    cookie_id(cookie, id);
    cr_assert_eq(act(answers.client, id, NULL), SP_OK);
}

Test(plug_stream_ends, with_504_when_it_does_not_begin)
{
    struct reply ann = reply_to("pid", "");
    struct window window;

    watch.timeout_ms = 100;
    pause_session(ann.cookie, sp_pause);
    window_open(&window, ann.cookie, "");
    window_await(&window, "HTTP/1.1 504 ");
    window_close(&window);
    pause_session(ann.cookie, sp_resume);
    watch.timeout_ms = 0;
    window_open(&window, ann.cookie, "");
    window_await(&window, "event: begun\n");
    window_close(&window);
    await_closed(1);
}

static bool is_received(void *count)
{
    return answers.received >= *(unsigned *)count;
}

Test(plug_stream_ends, when_the_client_hangs_up_before_it_has_begun)
{
    struct reply ann = reply_to("pid", "");
    struct window window;
    unsigned count = answers.received + 1;

    pause_session(ann.cookie, sp_pause);
    window_open(&window, ann.cookie, "");
    answers_turn_until(is_received, &count);
    window_close(&window);
    pause_session(ann.cookie, sp_resume);
    visitor(&window);
    window_close(&window);
    await_closed(1);
}

Test(plug_stream_ends, with_503_at_the_limit_of_subscriptions)
{
    struct window window, refused;
    struct reply ann = visitor(&window), bob = reply_to("pid", "");

    cr_assert_eq(sp_async_set_limit(answers.async, SP_ASYNC_SUBSCRIPTIONS, 1),
                 SP_OK);
    window_open(&refused, bob.cookie, "");
    window_await(&refused, "HTTP/1.1 503 ");
    window_await(&refused, "Retry-After: 1\r\n");
    window_close(&refused);
    session_do(ann.cookie, "emit on");
    window_await(&window, "data: on\n\n");
    window_close(&window);
    await_closed(1);
}

/* ---- the client --------------------------------------------------------- */

Test(plug_stream_ends, when_the_client_hangs_up)
{
    struct window window;

    visitor(&window);
    window_close(&window);
    await_closed(1);
}

Test(plug_stream_ends, when_the_client_ends_its_sending)
{
    struct window window;

    visitor(&window);
    cr_assert_eq(shutdown(window.fd, SHUT_WR), 0);
    window_await_end(&window);
    window_close(&window);
    await_closed(1);
}

Test(plug_stream_ends, when_the_connection_is_reset)
{
    struct linger linger = {.l_onoff = 1};
    struct window window;

    visitor(&window);
    cr_assert_eq(setsockopt(window.fd, SOL_SOCKET, SO_LINGER, &linger,
                            sizeof linger),
                 0);
    window_close(&window);
    await_closed(1);
}

Test(plug_stream_ends, not_while_there_is_nothing_to_send)
{
    struct window window;

    watch.keepalive_ms = 10;
    evhttp_set_timeout(answers.http, 1);
    visitor(&window);
    window_await(&window, ":\n\n\r\n3\r\n:\n\n\r\n3\r\n:\n\n");
    cr_expect_not(window.over);
    window_close(&window);
    await_closed(1);
}

/* ---- a client that does not read ---------------------------------------- */

#define LARGE 60000
static char large[LARGE];
static struct sp_stream *opened;

static void note_opened(struct sp_stream *stream, void *context)
{
    on_opened(stream, context);
    opened = stream;
}

static enum sp_error send_large(void)
{
    memset(large, 'x', sizeof large);
    return sp_stream_send(opened, NULL, large, sizeof large);
}

Test(plug_stream_ends, not_with_a_client_that_reads_late_and_tells_what_it_lost)
{
    struct window window;
    unsigned taken = 0;

    watch.opened = note_opened;
    visitor(&window);
    window_look_away(&window);
    while (send_large() == SP_OK)
        taken++;
    cr_expect_eq(taken, SP_PLUG_STREAM_BYTES / LARGE);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(send_large(), SP_EAGAIN);
    cr_expect_eq(sp_stream_send(opened, "small", "x", 1), SP_EAGAIN,
                 "what comes later does not come before");
    window_look(&window);
    window_await(&window, "event: lost\ndata: 10\n\n");
    cr_expect_eq(sp_stream_send(opened, "small", "x", 1), SP_OK);
    window_await(&window, "event: small\n");
    cr_expect_eq(window_count(&window, "data: xxx"), taken);
    window_close(&window);
    await_closed(1);
}

static bool is_dropped(void *context)
{
    (void)context;
    if (closings == 0)
        send_large();
    return closings > 0;
}

Test(plug_stream_ends, with_a_client_that_takes_nothing_and_holds_up_nobody)
{
    struct window of_ann, of_bob;
    struct reply bob;

    watch.opened = note_opened;
    bob = visitor(&of_bob);
    watch.keepalive_ms = 50;
    visitor(&of_ann);
    window_look_away(&of_ann);
    answers_turn_until(is_dropped, NULL);
    session_do(bob.cookie, "emit on");
    window_await(&of_bob, "data: on\n\n");
    window_close(&of_bob);
    window_close(&of_ann);
    await_closed(2);
}

static const char *ann_cookie;

/* Emits again and again, since that can be among what is lost. */
static bool goes_on(void *context)
{
    session_do(ann_cookie, "emit on");
    return window_count(context, "data: on\n\n") > 0;
}

Test(plug_stream_ends, not_with_what_the_server_itself_was_too_late_for)
{
    char *emission = malloc(5 + LARGE + 1);
    struct window window;
    struct reply ann = visitor(&window);

    cr_assert(emission);
    memcpy(emission, "emit ", 5);
    memset(emission + 5, 'y', LARGE);
    emission[5 + LARGE] = '\0';
    for (int i = 0; i < 200; i++)
        session_do(ann.cookie, emission);
    window_await(&window, "event: lost\n");
    ann_cookie = ann.cookie;
    answers_turn_until(goes_on, &window);
    window_close(&window);
    free(emission);
    await_closed(1);
}

Test(plug_stream_ends, not_with_a_client_that_sends_and_sends)
{
    struct window window;
    struct reply ann = visitor(&window);

    memset(large, 'z', sizeof large);
    while (send(window.fd, large, sizeof large, MSG_DONTWAIT | MSG_NOSIGNAL) >
           0)
        continue;
    session_do(ann.cookie, "emit on");
    window_await(&window, "data: on\n\n");
    cr_expect_not(window.over);
    window_close(&window);
    await_closed(1);
}

/* ---- the server --------------------------------------------------------- */

Test(plug_stream_ends, when_the_server_is_freed)
{
    struct window open, waiting;
    struct reply ann = visitor(&open), bob = reply_to("pid", "");
    unsigned count = answers.received + 1;

    pause_session(bob.cookie, sp_pause);
    window_open(&waiting, bob.cookie, "");
    answers_turn_until(is_received, &count);
    evhttp_free(answers.http);
    answers.http = NULL;
    window_await_end(&open);
    window_await_end(&waiting);
    await_closed(1);
    pause_session(bob.cookie, sp_resume);
    session_do(ann.cookie, "emit into the void");
    window_close(&open);
    window_close(&waiting);
}
