/* SPDX-License-Identifier: MIT */
/* sp_plug_answer(): the visitor's session answers, or a new one; what goes
 * wrong has its status; log-in. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>

#include "answer_scene.h"
#include "support/harness.h"

static void start(void)
{
    answers_start(HARNESS_PROBE_CONFIG);
}

TestSuite(answer, .init = start, .fini = answers_stop, .timeout = 120);

static size_t count_sessions(void)
{
    struct sp_session_list *list;
    size_t count;

    cr_assert_eq(sp_list(answers.client, &list, NULL), SP_OK);
    count = sp_list_count(list);
    sp_list_free(list);
    return count;
}

static bool is_only_session(void *context)
{
    (void)context;
    return count_sessions() == 1;
}

#define expect_reply(reply, status_, body_)                                    \
    do {                                                                       \
        cr_expect_eq((reply).status, (status_), "%d, not %d: %s",              \
                     (reply).status, (status_), (reply).body);                 \
        cr_expect_str_eq((reply).body, (body_));                               \
    } while (0)

static void terminate(const char *cookie)
{
    char id[SP_ID_MAX + 1];

    cookie_id(cookie, id);
    cr_assert_eq(sp_terminate(answers.client, id, NULL), SP_OK);
}

/* ---- whose -------------------------------------------------------------- */

Test(answer, comes_from_the_same_session_each_time)
{
    struct reply first = reply_to("pid", ""), second;

    cr_expect_eq(first.status, 200);
    cr_expect(*first.cookie);
    second = reply_to("pid", first.cookie);
    expect_reply(second, 200, first.body);
    cr_expect_str_eq(second.cookie, "");
    cr_expect_eq(count_sessions(), 1);
}

Test(answer, comes_from_a_session_of_his_own_for_who_has_a_forged_cookie)
{
    struct reply ann = reply_to("pid", ""), eve;
    char forged[256];

    strcpy(forged, ann.cookie);
    forged[strlen(forged) - 1] ^= 1;
    eve = reply_to("pid", forged);
    cr_expect_eq(eve.status, 200);
    cr_expect_str_neq(eve.body, ann.body);
    cr_expect_str_neq(eve.cookie, ann.cookie);
}

Test(answer, comes_from_a_new_session_when_the_old_one_has_ended)
{
    struct reply first = reply_to("pid", ""), second;

    terminate(first.cookie);
    second = reply_to("pid", first.cookie);
    cr_expect_eq(second.status, 200);
    cr_expect_str_neq(second.body, first.body);
    cr_expect(*second.cookie);
    cr_expect_str_neq(second.cookie, first.cookie);
    cr_expect_eq(count_sessions(), 1);
}

Test(answer, comes_from_the_first_session_of_several_that_is_there)
{
    struct reply dead = reply_to("pid", ""), live = reply_to("pid", ""), reply;
    char both[600];

    terminate(dead.cookie);
    snprintf(both, sizeof both, "%s; %s", dead.cookie, live.cookie);
    reply = reply_to("pid", both);
    expect_reply(reply, 200, live.body);
    cr_expect_str_eq(reply.cookie, "");
}

Test(answer, starts_no_session_when_it_is_not_to)
{
    struct reply reply;

    answers.asking.flags = SP_PLUG_ONLY_KNOWN;
    reply = reply_to("pid", "");
    expect_reply(reply, 404, "no such session\n");
    cr_expect_str_eq(reply.cookie, "");
    cr_expect_eq(count_sessions(), 0);
}

Test(answer, starts_sessions_with_the_argument)
{
    struct reply reply;

    answers.asking.arg = "fail because it rains";
    reply = reply_to("pid", "");
    expect_reply(reply, 502, "the session could not start\n");
    cr_expect_str_eq(reply.cookie, "");
}

/* ---- what --------------------------------------------------------------- */

Test(answer, is_plain_text_that_is_not_kept_unless_the_server_says_otherwise)
{
    struct reply reply = reply_to("echo <script>", "");

    expect_reply(reply, 200, "<script>");
    cr_expect_str_eq(reply.type, "text/plain; charset=utf-8");
    cr_expect_str_eq(reply.cache, "no-store");
    answers.asking.content_type = "text/html";
    reply = reply_to("echo <b>", reply.cookie);
    expect_reply(reply, 200, "<b>");
    cr_expect_str_eq(reply.type, "text/html");
    reply = reply_to("error <b>", reply.cookie);
    cr_expect_eq(reply.status, 422);
    cr_expect_str_eq(reply.type, "text/plain; charset=utf-8");
}

Test(answer, to_head_has_no_body)
{
    struct reply reply;

    answers.asking.message = "echo four";
    reply_head(&reply, "");
    reply_await(&reply);
    expect_reply(reply, 200, "");
    cr_expect_str_eq(reply.length, "4");
}

Test(answer, of_a_session_that_refuses_is_its_own_text)
{
    struct reply reply = reply_to("error no such key", "");

    cr_expect_eq(reply.status, 422);
    cr_expect(strstr(reply.body, "no such key"), "%s", reply.body);
    cr_expect(*reply.cookie, "the session is there");
    reply = reply_to("gibberish", reply.cookie);
    expect_reply(reply, 400, "the session does not know this request\n");
}

/* What the program was told, and whether it says that it has answered. */
static struct sp_plug_outcome told;
static bool answers_itself;

static bool note_outcome(struct evhttp_request *request,
                         const struct sp_plug_outcome *outcome, void *context)
{
    cr_expect_eq(context, &answers);
    told = *outcome;
    told.id = strdup(outcome->id);
    if (answers_itself)
        evhttp_send_reply(request, 299, NULL, NULL);
    return answers_itself;
}

Test(answer, can_be_written_by_the_program)
{
    struct reply reply;
    char id[SP_ID_MAX + 1];

    answers.asking.answered = note_outcome;
    reply = reply_to("echo as usual", "");
    expect_reply(reply, 200, "as usual");
    cr_expect_eq(told.visit, SP_VISIT_NEW);
    cr_expect_eq(told.status, 200);
    free((char *)told.id);
    answers_itself = true;
    cookie_id(reply.cookie, id);
    reply = reply_to("error no", reply.cookie);
    expect_reply(reply, 299, "");
    cr_expect_eq(told.error, SP_EREPLY);
    cr_expect_eq(told.status, 422);
    cr_expect_eq(told.visit, SP_VISIT_KNOWN);
    cr_expect_str_eq(told.id, id);
    free((char *)told.id);
}

static bool note_former(struct evhttp_request *request,
                        const struct sp_plug_outcome *outcome, void *context)
{
    (void)context;
    evhttp_add_header(evhttp_request_get_output_headers(request),
                      "Content-Type", outcome->former);
    return false;
}

Test(answer, tells_the_program_which_session_has_ended)
{
    struct reply first, second;
    char id[SP_ID_MAX + 1];

    answers.asking.answered = note_former;
    first = reply_to("pid", "");
    cr_expect_str_eq(first.type, "");
    cookie_id(first.cookie, id);
    terminate(first.cookie);
    second = reply_to("pid", first.cookie);
    cr_expect_str_eq(second.type, id);
}

/* ---- log-in ------------------------------------------------------------- */

Test(answer, at_log_in_comes_from_a_new_session_and_ends_the_old_one)
{
    struct reply before = reply_to("pid", ""), after, late;

    answers.asking.flags = SP_PLUG_NEW_ID;
    after = reply_to("pid", before.cookie);
    cr_expect_eq(after.status, 200);
    cr_expect_str_neq(after.body, before.body);
    cr_expect_str_neq(after.cookie, before.cookie);
    answers_turn_until(is_only_session, NULL);
    answers.asking.flags = SP_PLUG_ONLY_KNOWN;
    late = reply_to("pid", before.cookie);
    cr_expect_eq(late.status, 404);
    late = reply_to("pid", after.cookie);
    expect_reply(late, 200, after.body);
}

Test(answer, at_log_in_leaves_the_old_session_when_told)
{
    struct reply before = reply_to("pid", ""), late;

    answers.asking.flags = SP_PLUG_NEW_ID | SP_PLUG_KEEP_OLD;
    cr_expect_eq(reply_to("pid", before.cookie).status, 200);
    answers.asking.flags = SP_PLUG_ONLY_KNOWN;
    late = reply_to("pid", before.cookie);
    expect_reply(late, 200, before.body);
    cr_expect_eq(count_sessions(), 2);
}

Test(answer, at_a_log_in_that_fails_leaves_the_visitor_what_he_had)
{
    struct reply before = reply_to("pid", ""), failed, late;

    answers.asking.flags = SP_PLUG_NEW_ID;
    failed = reply_to("error wrong password", before.cookie);
    cr_expect_eq(failed.status, 422);
    cr_expect_str_eq(failed.cookie, "");
    answers_turn_until(is_only_session, NULL);
    answers.asking.flags = SP_PLUG_ONLY_KNOWN;
    late = reply_to("pid", before.cookie);
    expect_reply(late, 200, before.body);
}

/* ---- wrong use ---------------------------------------------------------- */

Test(answer, is_refused_to_what_makes_no_sense)
{
    struct evhttp_request *request = evhttp_request_new(NULL, NULL);
    struct sp_plug_ask ask = {0};

    cr_expect_eq(sp_plug_answer(answers.plug, answers.async, request, &ask),
                 SP_EINVAL, "it came by no connection");
    cr_expect_eq(sp_plug_answer(NULL, answers.async, request, &ask), SP_EINVAL);
    cr_expect_eq(sp_plug_answer(answers.plug, answers.async, request, NULL),
                 SP_EINVAL);
    evhttp_request_free(request);
    cr_expect_eq(sp_plug_status((enum sp_error)12345), 500);
}
