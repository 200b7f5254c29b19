/* SPDX-License-Identifier: MIT */
/* sp_plug_answer() when nobody is left to answer: the program is told of each
 * request once, by `answered` or by `gone`. */
#define _GNU_SOURCE
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

/* What the program was told. */
static struct told {
    unsigned answered, gone;
    char id[SP_ID_MAX + 1]; /* of who is gone, as the next one */
    enum sp_progress progress;
} told;

static bool note_answer(struct evhttp_request *request,
                        const struct sp_plug_outcome *outcome, void *context)
{
    (void)request;
    (void)outcome;
    (void)context;
    told.answered++;
    return false;
}

static void note_gone(const char *id, enum sp_progress progress, void *context)
{
    cr_expect_eq(context, &answers);
    told.gone++;
    strcpy(told.id, id);
    told.progress = progress;
}

static void start(void)
{
    answers_start(HARNESS_PROBE_CONFIG
                  "init_timeout = 3600s\nstop_timeout = 100ms\n");
    answers.asking.answered = note_answer;
    answers.asking.gone = note_gone;
    answers.asking.timeout_ms = SP_TIMEOUT_INFINITE;
}

TestSuite(answer_gone, .init = start, .fini = answers_stop, .timeout = 120);

/* A visitor with a session; of whom nothing was told yet. */
static struct reply visitor(void)
{
    struct reply reply = reply_to("pid", "");

    cr_assert_eq(reply.status, 200);
    told = (struct told){0};
    return reply;
}

static bool is_received(void *count)
{
    return answers.received >= *(unsigned *)count;
}

/* Sends a visitor's request by a connection that is the caller's to close, and
 * returns when the server has it. */
static int ask(const char *message, const char *cookie)
{
    unsigned count = answers.received + 1;
    int fd = answers_dial(), size;
    char request[600];

    size = snprintf(request, sizeof request,
                    "GET / HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n", cookie);
    answers.asking.message = message;
    cr_assert_eq(send(fd, request, (size_t)size, MSG_NOSIGNAL), size);
    answers_turn_until(is_received, &count);
    return fd;
}

static unsigned waiting_in(const char *id)
{
    struct sp_session_info *info;
    unsigned waiting;

    cr_assert_eq(sp_info(answers.client, id, &info, NULL), SP_OK);
    waiting = sp_info_waiting(info);
    sp_info_free(info);
    return waiting;
}

static bool is_call_there(void *id)
{
    return waiting_in(id) > 0;
}

static bool is_call_over(void *id)
{
    return waiting_in(id) == 0;
}

static bool is_told(void *context)
{
    (void)context;
    return told.answered + told.gone > 0;
}

/* And of nothing else, while others go on. */
static void await_told(unsigned answered, unsigned gone)
{
    answers_turn_until(is_told, NULL);
    cr_expect_eq(told.answered, answered);
    cr_expect_eq(told.gone, gone);
    cr_expect_eq(sp_async_outstanding(answers.async), 0);
}

/* ---- the client --------------------------------------------------------- */

static void hang_up_while_the_session_works(void (*hang_up)(int fd))
{
    struct reply ann = visitor();
    char id[SP_ID_MAX + 1];
    int fd = ask("never", ann.cookie);

    cookie_id(ann.cookie, id);
    answers_turn_until(is_call_there, id);
    hang_up(fd);
    await_told(0, 1);
    cr_expect_str_eq(told.id, id);
    cr_expect_eq(told.progress, SP_PROGRESS_SENT);
}

static void hang_up_politely(int fd)
{
    close(fd);
}

Test(answer_gone, is_the_client_that_hangs_up)
{
    hang_up_while_the_session_works(hang_up_politely);
}

Test(answer_gone, is_the_client_that_resets_the_connection)
{
    hang_up_while_the_session_works(answers_reset);
}

static bool is_one_there(void *context)
{
    struct sp_session_list *list;
    size_t count;

    (void)context;
    cr_assert_eq(sp_list(answers.client, &list, NULL), SP_OK);
    count = sp_list_count(list);
    sp_list_free(list);
    return count == 1;
}

Test(answer_gone, is_the_client_that_hangs_up_before_his_session_is_there)
{
    int fd;

    answers.asking.arg = "hang";
    fd = ask("pid", "");
    answers_turn_until(is_one_there, NULL);
    close(fd);
    answers_turn_until(is_told, NULL);
    cr_expect_eq(told.gone, 1);
    cr_expect(*told.id);
    cr_expect_eq(told.progress, SP_PROGRESS_NOT_SENT);
}

/* Both are there when the loop turns, the reply and the end of the client, and
 * either may be the first that it sees. */
Test(answer_gone, is_told_or_the_answer_when_both_come_at_once)
{
    struct reply ann = visitor();
    char id[SP_ID_MAX + 1];
    int fd = ask("later 20 x", ann.cookie);

    cookie_id(ann.cookie, id);
    answers_turn_until(is_call_there, id);
    close(fd);
    cr_assert(wait_for(is_call_over, id, WAIT_MS));
    answers_turn_until(is_told, NULL);
    cr_expect_eq(told.answered + told.gone, 1);
    cr_expect_str_eq(reply_to("pid", ann.cookie).body, ann.body);
    cr_expect_eq(told.answered + told.gone, 2);
}

/* More than sockets hold. */
#define LARGE "zeros 12000000"

Test(answer_gone, is_not_told_of_who_hangs_up_while_his_answer_is_written)
{
    struct reply ann = visitor();
    int fd = ask(LARGE, ann.cookie);

    await_told(1, 0);
    answers_reset(fd);
    cr_expect_str_eq(reply_to("pid", ann.cookie).body, ann.body);
    cr_expect_eq(told.answered, 2);
    cr_expect_eq(told.gone, 0);
}

static struct evhttp_request *kept;

static bool keep(struct evhttp_request *request,
                 const struct sp_plug_outcome *outcome, void *context)
{
    kept = request;
    return note_answer(request, outcome, context), true;
}

Test(answer_gone, is_not_told_of_a_request_that_the_program_has_taken)
{
    struct reply ann = visitor();
    int fd;

    answers.asking.answered = keep;
    fd = ask("pid", ann.cookie);
    await_told(1, 0);
    close(fd);
    answers.asking.answered = note_answer;
    cr_expect_str_eq(reply_to("pid", ann.cookie).body, ann.body);
    evhttp_send_reply(kept, 200, NULL, NULL);
    cr_expect_str_eq(reply_to("pid", ann.cookie).body, ann.body);
    cr_expect_eq(told.answered, 3);
    cr_expect_eq(told.gone, 0);
}

static bool ask_again(struct evhttp_request *request,
                      const struct sp_plug_outcome *outcome, void *context)
{
    struct sp_plug_ask again = {
        .message = "never", .size = 5, .context = context, .gone = note_gone};

    cr_expect_eq(outcome->error, SP_OK);
    cr_expect_eq(sp_plug_answer(answers.plug, answers.async, request, &again),
                 SP_OK);
    return true;
}

Test(answer_gone, is_told_of_a_request_that_the_program_has_asked_with_again)
{
    struct reply ann = visitor();
    char id[SP_ID_MAX + 1];
    int fd;

    cookie_id(ann.cookie, id);
    answers.asking.answered = ask_again;
    fd = ask("pid", ann.cookie);
    answers_turn_until(is_call_there, id);
    close(fd);
    await_told(0, 1);
}

/* ---- the server --------------------------------------------------------- */

Test(answer_gone, are_all_when_the_server_is_freed)
{
    struct reply ann = visitor();
    int waiting[2];

    for (int i = 0; i < 2; i++)
        waiting[i] = ask("never", ann.cookie);
    evhttp_free(answers.http);
    answers.http = NULL;
    cr_expect_eq(told.gone, 2);
    cr_expect_eq(told.answered, 0);
    for (int i = 0; i < 2; i++)
        close(waiting[i]);
}

static void free_server(void)
{
    evhttp_free(answers.http);
    answers.http = NULL;
}

static void free_in_gone(const char *id, enum sp_progress progress,
                         void *context)
{
    note_gone(id, progress, context);
    if (told.gone == 1)
        free_server();
}

Test(answer_gone, may_be_a_reason_to_free_the_server)
{
    struct reply ann = visitor();
    int other, fd;

    answers.asking.gone = free_in_gone;
    other = ask("never", ann.cookie);
    fd = ask("never", ann.cookie);
    close(fd);
    await_told(0, 2);
    cr_expect_eq(answers.http, NULL);
    close(other);
}

static bool free_in_answered(struct evhttp_request *request,
                             const struct sp_plug_outcome *outcome,
                             void *context)
{
    note_answer(request, outcome, context);
    evhttp_send_reply(request, 200, NULL, NULL);
    free_server();
    return true;
}

Test(answer_gone, are_the_others_when_the_server_is_freed_over_an_answer)
{
    struct reply ann = visitor();
    int other, fd;

    answers.asking.answered = free_in_answered;
    other = ask("never", ann.cookie);
    fd = ask("pid", ann.cookie);
    await_told(1, 1);
    cr_expect_eq(answers.http, NULL);
    close(other);
    close(fd);
}
