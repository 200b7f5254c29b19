/* SPDX-License-Identifier: MIT */
/* sp_plug_answer() on bad days: time-outs, deaths, limits, clients that hang
 * up, a server that ends; and others go on meanwhile. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>

#include "answer_scene.h"
#include "support/harness.h"
#include "support/wait.h"

static void start(void)
{
    answers_start("[supervisor]\nmax_sessions = 3\n" HARNESS_PROBE_CONFIG
                  "init_timeout = 3600s\nstop_timeout = 100ms\n");
}

TestSuite(answer_ends, .init = start, .fini = answers_stop, .timeout = 120);

static bool is_received(void *count)
{
    return answers.received >= *(unsigned *)count;
}

/* Sends a request and returns when the server has it. */
static void ask(struct reply *reply, const char *message, const char *cookie)
{
    unsigned count = answers.received + 1;

    answers.asking.message = message;
    reply_ask(reply, cookie);
    answers_turn_until(is_received, &count);
}

static bool is_call_there(void *id)
{
    struct sp_session_info *info;
    unsigned waiting;

    cr_assert_eq(sp_info(answers.client, id, &info, NULL), SP_OK);
    waiting = sp_info_waiting(info);
    sp_info_free(info);
    return waiting > 0;
}

static bool is_nothing_outstanding(void *context)
{
    (void)context;
    return sp_async_outstanding(answers.async) == 0;
}

/* There are as many sessions, starting ones included. */
static bool is_count(void *count)
{
    struct sp_session_list *list;
    bool equal;

    cr_assert_eq(sp_list(answers.client, &list, NULL), SP_OK);
    equal = sp_list_count(list) == *(size_t *)count;
    sp_list_free(list);
    return equal;
}

static size_t none = 0, one = 1;

static pid_t pid_of(const struct reply *reply)
{
    pid_t pid = (pid_t)atol(reply->body);

    cr_assert(pid > 1, "%s", reply->body);
    return pid;
}

/* ---- statuses ----------------------------------------------------------- */

Test(answer_ends, with_504_when_the_session_does_not_answer)
{
    struct reply ann = reply_to("pid", ""), reply;

    answers.asking.timeout_ms = 100;
    reply = reply_to("never", ann.cookie);
    cr_expect_eq(reply.status, 504);
    cr_expect_str_eq(reply.body, "timed out\n");
    cr_expect_str_eq(reply.retry, "");
    answers.asking.timeout_ms = 0;
    cr_expect_eq(reply_to("pid", ann.cookie).status, 200);
}

Test(answer_ends, with_504_when_a_new_session_does_not_get_ready)
{
    struct reply reply;

    answers.asking.timeout_ms = 100;
    answers.asking.arg = "hang";
    reply = reply_to("pid", "");
    cr_expect_eq(reply.status, 504);
    cr_expect(*reply.cookie, "it may get ready yet");
}

Test(answer_ends, with_502_when_the_session_dies)
{
    struct reply ann = reply_to("pid", ""), reply;

    reply = reply_to("crash", ann.cookie);
    cr_expect_eq(reply.status, 502);
    cr_expect_str_eq(reply.body, "the session died\n", "and not of what");
    reply = reply_to("pid", ann.cookie);
    cr_expect_eq(reply.status, 200);
    cr_expect_str_neq(reply.body, ann.body);
}

Test(answer_ends, with_502_at_once_when_the_process_is_killed)
{
    struct reply ann = reply_to("pid", ""), reply;
    char id[SP_ID_MAX + 1];

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    cookie_id(ann.cookie, id);
    ask(&reply, "never", ann.cookie);
    answers_turn_until(is_call_there, id);
    cr_assert_eq(kill(pid_of(&ann), SIGKILL), 0);
    reply_await(&reply);
    cr_expect_eq(reply.status, 502);
}

static void expect_unavailable(const struct reply *reply)
{
    cr_expect_eq(reply->status, 503, "%d: %s", reply->status, reply->body);
    cr_expect_str_eq(reply->retry, "1");
    cr_expect_str_eq(reply->cookie, "");
}

Test(answer_ends, with_503_when_there_are_as_many_sessions_as_may_be)
{
    struct reply reply;

    for (int i = 0; i < 3; i++)
        cr_assert_eq(reply_to("pid", "").status, 200);
    reply = reply_to("pid", "");
    expect_unavailable(&reply);
    cr_expect_str_eq(reply.body, "refused by a limit\n");
}

Test(answer_ends, with_503_when_more_waits_than_memory_is_for)
{
    struct reply ann = reply_to("pid", ""), first, second;
    char *large = calloc(1, 3001);

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    memset(large, 'x', 3000);
    cr_assert_eq(sp_async_set_limit(answers.async, SP_ASYNC_SESSION_BYTES,
                                    4096),
                 SP_OK);
    memcpy(large, "never ", 6);
    ask(&first, large, ann.cookie);
    second = reply_to(large, ann.cookie);
    expect_unavailable(&second);
    reply_hang_up(&first);
    answers_turn_until(is_nothing_outstanding, NULL);
    free(large);
}

Test(answer_ends, with_503_without_a_supervisor)
{
    struct reply reply;

    harness_kill_spd(answers.harness);
    reply = reply_to("pid", "");
    expect_unavailable(&reply);
    harness_start_spd(answers.harness);
    cr_expect_eq(reply_to("pid", "").status, 200);
}

/* ---- others go on ------------------------------------------------------- */

Test(answer_ends, for_others_while_one_waits)
{
    struct reply ann = reply_to("pid", ""), bob = reply_to("pid", ""), waiting;

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    ask(&waiting, "never", ann.cookie);
    for (int i = 0; i < 50; i++)
        cr_assert_str_eq(reply_to("pid", bob.cookie).body, bob.body);
    cr_expect(!waiting.over);
    reply_hang_up(&waiting);
    answers_turn_until(is_nothing_outstanding, NULL);
}

/* ---- nobody is left ----------------------------------------------------- */

Test(answer_ends, when_the_client_hangs_up)
{
    struct reply ann = reply_to("pid", ""), waiting;

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    ask(&waiting, "never", ann.cookie);
    cr_expect_eq(sp_async_outstanding(answers.async), 1);
    reply_hang_up(&waiting);
    answers_turn_until(is_nothing_outstanding, NULL);
    cr_expect_str_eq(reply_to("pid", ann.cookie).body, ann.body);
}

/* Sends a visitor's request, and what else follows it. */
static int dial_and_ask(const char *cookie, const char *more)
{
    char request[600];
    int fd = answers_dial();
    int size = snprintf(request, sizeof request,
                        "GET / HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n%s",
                        cookie, more);
    unsigned count = answers.received + 1;

    answers.asking.message = "never";
    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    cr_assert_eq(send(fd, request, (size_t)size, MSG_NOSIGNAL), size);
    answers_turn_until(is_received, &count);
    cr_expect_eq(sp_async_outstanding(answers.async), 1);
    return fd;
}

Test(answer_ends, when_the_client_resets_the_connection)
{
    struct reply ann = reply_to("pid", "");

    answers_reset(dial_and_ask(ann.cookie, ""));
    answers_turn_until(is_nothing_outstanding, NULL);
    cr_expect_str_eq(reply_to("pid", ann.cookie).body, ann.body);
}

/* Of who has begun his next request already. */
#define NEXT_REQUEST "GET / HTTP/1.1\r\n"

Test(answer_ends, when_who_did_not_wait_his_turn_hangs_up)
{
    struct reply ann = reply_to("pid", "");

    close(dial_and_ask(ann.cookie, NEXT_REQUEST));
    answers_turn_until(is_nothing_outstanding, NULL);
}

Test(answer_ends, when_who_did_not_wait_his_turn_resets_the_connection)
{
    struct reply ann = reply_to("pid", "");

    answers_reset(dial_and_ask(ann.cookie, NEXT_REQUEST));
    answers_turn_until(is_nothing_outstanding, NULL);
}

/* What he sent is noticed first, and that he has gone later. */
Test(answer_ends, when_who_did_not_wait_his_turn_resets_the_connection_later)
{
    struct reply ann = reply_to("pid", ""), bob;
    int fd = dial_and_ask(ann.cookie, NEXT_REQUEST);

    for (int i = 0; i < 3; i++) {
        bob = reply_to("pid", "");
        cr_assert_eq(bob.status, i < 2 ? 200 : 503);
    }
    cr_expect_eq(sp_async_outstanding(answers.async), 1);
    answers_reset(fd);
    answers_turn_until(is_nothing_outstanding, NULL);
}

Test(answer_ends, with_the_session_that_nobody_got_to_know)
{
    struct reply waiting;

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    ask(&waiting, "never", "");
    answers_turn_until(is_count, &one);
    reply_hang_up(&waiting);
    answers_turn_until(is_count, &none);
    answers_turn_until(is_nothing_outstanding, NULL);
}

Test(answer_ends, with_the_session_that_was_not_ready_yet)
{
    struct reply waiting;

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    answers.asking.arg = "hang";
    ask(&waiting, "pid", "");
    answers_turn_until(is_count, &one);
    reply_hang_up(&waiting);
    answers_turn_until(is_count, &none);
    answers_turn_until(is_nothing_outstanding, NULL);
}

Test(answer_ends, when_the_server_is_freed)
{
    struct reply ann = reply_to("pid", ""), known, new;

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    ask(&known, "never", ann.cookie);
    ask(&new, "never", "");
    evhttp_free(answers.http);
    answers.http = NULL;
    reply_await(&known);
    reply_await(&new);
    cr_expect_eq(known.status, 0);
    answers_turn_until(is_nothing_outstanding, NULL);
}

/* ---- a client that does not wait its turn ------------------------------- */

struct bytes {
    int fd;
    const char *wanted;
    size_t size;
    char data[4096];
};

static bool is_read(void *context)
{
    struct bytes *bytes = context;
    ssize_t size = recv(bytes->fd, bytes->data + bytes->size,
                        sizeof bytes->data - 1 - bytes->size, MSG_DONTWAIT);

    if (size > 0)
        bytes->size += (size_t)size;
    bytes->data[bytes->size] = '\0';
    return strstr(bytes->data, bytes->wanted);
}

static void wake(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

Test(answer_ends, one_after_the_other_for_who_sends_all_at_once)
{
    struct reply ann = reply_to("pid", "");
    struct bytes bytes = {.fd = answers_dial()};
    struct event *readable = event_new(answers.base, bytes.fd,
                                       EV_READ | EV_PERSIST, wake, NULL);
    char request[600];
    int size = snprintf(request, sizeof request,
                        "GET / HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n",
                        ann.cookie);
    unsigned count = answers.received + 1;

    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
    event_add(readable, NULL);
    answers.asking.message = "later 50 first";
    cr_assert_eq(send(bytes.fd, request, (size_t)size, MSG_NOSIGNAL), size);
    answers_turn_until(is_received, &count);
    answers.asking.message = "echo second";
    cr_assert_eq(send(bytes.fd, request, (size_t)size, MSG_NOSIGNAL), size);
    bytes.wanted = "second";
    answers_turn_until(is_read, &bytes);
    cr_expect(strstr(bytes.data, "first"), "%s", bytes.data);
    event_free(readable);
    close(bytes.fd);
}
