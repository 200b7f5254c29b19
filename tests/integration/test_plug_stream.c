/* SPDX-License-Identifier: MIT */
/* sp_plug_stream(): what a session emits, and what happens to it, reaches its
 * visitor's windows, and nobody else's. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/http.h>

#include "stream_scene.h"
#include "support/harness.h"

static const struct sp_plug_watch messages, life = {.flags = SP_PLUG_LIFE};

static void start(void)
{
    answers_start(HARNESS_PROBE_CONFIG);
    answers.asking.watch = &messages;
}

TestSuite(plug_stream, .init = start, .fini = answers_stop, .timeout = 120);

#define BEGUN "event: begun\ndata: {}\n\n"

/* A visitor, with a window that has begun. */
static struct reply visitor(struct window *window)
{
    struct reply reply = reply_to("pid", "");

    cr_assert_eq(reply.status, 200);
    window_open(window, reply.cookie, "");
    window_await(window, BEGUN);
    return reply;
}

static void expect(const struct window *window, const char *text)
{
    cr_expect(strstr(window->bytes, text), "no %s in: %s", text,
              window->bytes);
}

/* ---- what is sent ------------------------------------------------------- */

Test(plug_stream, brings_what_the_session_emits)
{
    struct window window;
    struct reply ann = visitor(&window);

    session_do(ann.cookie, "emit one");
    session_do(ann.cookie, "emit two\nlines");
    window_await(&window, "data: one\n\n");
    window_await(&window, "data: two\ndata: lines\n\n");
    cr_expect_not(window.over);
    window_close(&window);
}

Test(plug_stream, has_the_headers_of_one_that_nobody_keeps_or_holds_back)
{
    struct window window;

    visitor(&window);
    expect(&window, "HTTP/1.1 200 OK\r\n");
    expect(&window, "\r\nContent-Type: text/event-stream\r\n");
    expect(&window, "\r\nCache-Control: no-store\r\n");
    expect(&window, "\r\nX-Content-Type-Options: nosniff\r\n");
    expect(&window, "\r\nX-Accel-Buffering: no\r\n");
    expect(&window, "retry: 2000\nid: 1\n");
    cr_expect_null(strstr(window.bytes, "gap"));
    window_close(&window);
}

Test(plug_stream, brings_only_what_begins_with_the_prefix)
{
    static const struct sp_plug_watch of_news = {.prefix = "news",
                                                 .prefix_size = 4};
    struct window window;
    struct reply ann;

    answers.asking.watch = &of_news;
    ann = visitor(&window);
    session_do(ann.cookie, "emit gossip");
    session_do(ann.cookie, "emit news at ten");
    window_await(&window, "data: news at ten\n\n");
    cr_expect_null(strstr(window.bytes, "gossip"));
    window_close(&window);
}

Test(plug_stream, brings_what_is_no_text_as_base64)
{
    static const struct sp_plug_watch exact = {.flags = SP_PLUG_BASE64};
    struct window window;
    struct reply ann = visitor(&window);

    session_do(ann.cookie, "emit \xff");
    window_await(&window, "event: base64\ndata: /w==\n\n");
    window_close(&window);
    answers.asking.watch = &exact;
    window_open(&window, ann.cookie, "");
    window_await(&window, BEGUN);
    session_do(ann.cookie, "emit \r\n");
    window_await(&window, "event: base64\ndata: DQo=\n\n");
    window_close(&window);
}

Test(plug_stream, cannot_be_forged_by_what_a_session_says)
{
    struct window window;
    struct reply ann = visitor(&window);

    session_do(ann.cookie, "emit x\r\revent: over\r\rdata: y");
    window_await(&window, "data: data: y\n\n");
    cr_expect_null(strstr(window.bytes, "\nevent: over"));
    window_close(&window);
}

Test(plug_stream, tells_a_browser_that_was_here_of_the_gap)
{
    struct reply ann = reply_to("pid", "");
    struct window window;

    window_open(&window, ann.cookie, "Last-Event-ID: 1\r\n");
    window_await(&window, BEGUN "\r\n");
    window_await(&window, "event: gap\ndata: {}\n\n");
    window_close(&window);
}

Test(plug_stream, goes_on_in_the_process_after_a_crash_and_says_why)
{
    struct window window;
    struct reply ann;

    answers.asking.watch = &life;
    ann = visitor(&window);
    reply_to("crash", ann.cookie);
    window_await(&window, "event: crash\ndata: {\"time_ms\":");
    window_await(&window, "event: ready\n");
    window_await(&window, "event: gap\n");
    expect(&window, "\"text\":\"killed by SIGSEGV in a call");
    session_do(ann.cookie, "emit again");
    window_await(&window, "data: again\n\n");
    window_close(&window);
}

Test(plug_stream, tells_of_no_lives_that_were_not_asked_after)
{
    struct window window;
    struct reply ann = visitor(&window);

    reply_to("crash", ann.cookie);
    window_await(&window, "event: gap\n");
    session_do(ann.cookie, "emit again");
    window_await(&window, "data: again\n\n");
    cr_expect_null(strstr(window.bytes, "crash"));
    window_close(&window);
}

Test(plug_stream, to_head_has_headers_alone)
{
    struct reply ann = reply_to("pid", "");
    struct window window;

    window_open_by(&window, "HEAD /events HTTP/1.1", ann.cookie, "");
    window_await_end(&window);
    expect(&window, "Content-Type: text/event-stream\r\n");
    cr_expect_str_eq(strstr(window.bytes, "\r\n\r\n"), "\r\n\r\n");
    window_close(&window);
}

Test(plug_stream, goes_without_chunks_to_who_does_not_know_them)
{
    struct reply ann = reply_to("pid", "");
    struct window window;

    window_open_by(&window, "GET /events HTTP/1.0", ann.cookie, "");
    window_await(&window, BEGUN);
    session_do(ann.cookie, "emit old");
    window_await(&window, "data: old\n\n");
    cr_expect_null(strstr(window.bytes, "chunked"));
    window_close(&window);
}

/* ---- to whom ------------------------------------------------------------ */

Test(plug_stream, of_one_visitor_has_nothing_of_another)
{
    struct window of_ann, of_bob;
    struct reply ann, bob;

    answers.asking.watch = &life;
    ann = visitor(&of_ann);
    bob = visitor(&of_bob);
    reply_to("crash", ann.cookie);
    window_await(&of_ann, "event: crash\n");
    window_await(&of_ann, "event: gap\n");
    session_do(ann.cookie, "emit of ann");
    session_do(bob.cookie, "emit of bob");
    window_await(&of_ann, "data: of ann\n\n");
    window_await(&of_bob, "data: of bob\n\n");
    cr_expect_null(strstr(of_ann.bytes, "bob"));
    cr_expect_null(strstr(of_bob.bytes, "ann"));
    cr_expect_null(strstr(of_bob.bytes, "crash"));
    window_close(&of_ann);
    window_close(&of_bob);
}

static unsigned count_subscribers(const char *cookie)
{
    struct sp_session_info *info;
    char id[SP_ID_MAX + 1];
    unsigned count;

    cookie_id(cookie, id);
    cr_assert_eq(sp_info(answers.client, id, &info, NULL), SP_OK);
    count = sp_info_subscribers(info);
    sp_info_free(info);
    return count;
}

static bool is_unread(void *cookie)
{
    return count_subscribers(cookie) == 0;
}

Test(plug_stream, shares_one_subscription_with_the_others_of_its_session)
{
    struct window windows[SP_PLUG_STREAMS], one_more;
    struct reply ann = visitor(&windows[0]);

    for (int i = 1; i < SP_PLUG_STREAMS; i++) {
        window_open(&windows[i], ann.cookie, "");
        window_await(&windows[i], BEGUN);
    }
    cr_expect_eq(count_subscribers(ann.cookie), 1);
    session_do(ann.cookie, "emit to all");
    for (int i = 0; i < SP_PLUG_STREAMS; i++)
        window_await(&windows[i], "data: to all\n\n");
    window_open(&one_more, ann.cookie, "");
    window_await(&one_more, "HTTP/1.1 503 ");
    window_await(&one_more, "Retry-After: 1\r\n");
    window_close(&one_more);
    for (int i = 0; i < SP_PLUG_STREAMS; i++)
        window_close(&windows[i]);
    answers_turn_until(is_unread, ann.cookie);
}

Test(plug_stream, is_404_for_who_has_no_session)
{
    struct reply ann = reply_to("pid", "");
    struct window window;
    char id[SP_ID_MAX + 1];

    window_open(&window, "", "");
    window_await(&window, "HTTP/1.1 404 ");
    window_await(&window, "no such session\n");
    window_close(&window);
    cookie_id(ann.cookie, id);
    cr_assert_eq(sp_terminate(answers.client, id, NULL), SP_OK);
    window_open(&window, ann.cookie, "");
    window_await(&window, "HTTP/1.1 404 ");
    window_close(&window);
}

Test(plug_stream, is_of_the_first_session_of_several_that_is_there)
{
    struct reply dead = reply_to("pid", ""), live = reply_to("pid", "");
    struct window window;
    char id[SP_ID_MAX + 1], both[600];

    cookie_id(dead.cookie, id);
    cr_assert_eq(sp_terminate(answers.client, id, NULL), SP_OK);
    snprintf(both, sizeof both, "%s; %s", dead.cookie, live.cookie);
    window_open(&window, both, "");
    window_await(&window, BEGUN);
    session_do(live.cookie, "emit here");
    window_await(&window, "data: here\n\n");
    window_close(&window);
}

/* ---- the program's part ------------------------------------------------- */

static struct sp_stream *opened;
static unsigned openings, closings;

static void on_opened(struct sp_stream *stream, void *context)
{
    cr_expect_eq(context, &openings);
    cr_expect_eq(sp_stream_send(stream, "hello", "there", 5), SP_OK);
    opened = stream;
    openings++;
}

static void on_closed(struct sp_stream *stream, void *context)
{
    cr_expect_eq(context, &openings);
    cr_expect_eq(stream, opened);
    cr_expect_eq(sp_stream_send(stream, NULL, "x", 1), SP_EINVAL);
    closings++;
}

static bool is_closed(void *context)
{
    (void)context;
    return closings == 1;
}

static const struct sp_plug_watch told = {
    .opened = on_opened, .closed = on_closed, .context = &openings};

Test(plug_stream, takes_events_of_the_programs_own)
{
    struct reply ann = reply_to("pid", "");
    struct window window;
    char id[SP_ID_MAX + 1];

    answers.asking.watch = &told;
    window_open(&window, ann.cookie, "");
    window_await(&window, "event: hello\ndata: there\n\n");
    cookie_id(ann.cookie, id);
    cr_expect_str_eq(sp_stream_id(opened), id);
    cr_expect_eq(sp_stream_send(opened, NULL, "a\nb", 3), SP_OK);
    window_await(&window, "data: a\ndata: b\n\n");
    window_close(&window);
    answers_turn_until(is_closed, NULL);
    cr_expect_eq(openings, 1);
}

Test(plug_stream, refuses_events_that_are_none)
{
    struct reply ann = reply_to("pid", "");
    struct window window;

    answers.asking.watch = &told;
    window_open(&window, ann.cookie, "");
    window_await(&window, "event: hello\n");
    cr_expect_eq(sp_stream_send(NULL, NULL, "x", 1), SP_EINVAL);
    cr_expect_eq(sp_stream_send(opened, "a b", "x", 1), SP_EINVAL);
    cr_expect_eq(sp_stream_send(opened, NULL, NULL, 1), SP_EINVAL);
    cr_expect_eq(sp_stream_send(opened, NULL, "\xff", 1), SP_EINVAL);
    cr_expect_eq(sp_stream_send(opened, NULL, "x", SP_PLUG_STREAM_BYTES + 1),
                 SP_EMSGSIZE);
    window_close(&window);
    answers_turn_until(is_closed, NULL);
}

static void on_refused(struct evhttp_request *request, void *context)
{
    static const struct sp_plug_watch wrong[] = {
        {.flags = 4},       {.prefix_size = 1},  {.timeout_ms = -2},
        {.retry_ms = -1},   {.keepalive_ms = -1},
        {.prefix = "x", .prefix_size = SP_PREFIX_MAX + 1},
    };

    (void)context;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(sp_plug_stream(answers.plug, answers.async, request,
                                    &wrong[i]),
                     SP_EINVAL, "%zu", i);
    cr_expect_eq(sp_plug_stream(NULL, answers.async, request, &messages),
                 SP_EINVAL);
    cr_expect_eq(sp_plug_stream(answers.plug, NULL, request, &messages),
                 SP_EINVAL);
    cr_expect_eq(sp_plug_stream(answers.plug, answers.async, NULL, &messages),
                 SP_EINVAL);
    cr_expect_eq(sp_plug_stream(answers.plug, answers.async, request, NULL),
                 SP_EINVAL);
    evhttp_send_reply(request, 299, NULL, NULL);
}

Test(plug_stream, leaves_the_request_alone_when_it_is_asked_nonsense)
{
    struct window window;

    evhttp_set_cb(answers.http, "/wrong", on_refused, NULL);
    window_open_by(&window, "GET /wrong HTTP/1.1", "", "");
    window_await(&window, "HTTP/1.1 299 ");
    window_close(&window);
}
