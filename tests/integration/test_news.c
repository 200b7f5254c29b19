/* SPDX-License-Identifier: MIT */
/* Lifecycle events: exactly one for each thing that happens, to those who ask,
 * to those who wait and to those who subscribe. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(news, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

Test(news, of_a_life_are_one_event_for_each_step)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    news_expect(harness, "a", "start ready crash restart ready");
    ask_ok(harness, "{\"op\":\"restart\",\"id\":\"a\"}");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    news_expect(harness, "a",
                "start ready crash restart ready restart ready stop");
    harness_stop(harness);
}

Test(news, of_a_session_that_is_given_up_end_with_that)
{
    struct harness *harness = harness_start(PROBE "max_restarts = 1\n");

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "crash");
    news_expect(harness, "a", "start ready crash restart ready");
    session_end_by(harness, "a", "crash");
    news_expect(harness, "a", "start ready crash restart ready crash give_up");
    harness_stop(harness);
}

Test(news, of_a_session_that_ends_itself_is_a_stop)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    session_end_by(harness, "a", "stop");
    news_expect(harness, "a", "start ready stop");
    news_expect_end(harness, "a", "stop", "asked", "");
    harness_stop(harness);
}

Test(news, of_a_start_that_init_refuses_is_a_refusal_with_its_error)
{
    struct harness *harness = harness_start(PROBE);
    json_t *event;

    ask_refused(harness, "a", "probe", "fail no\nway", SP_EINIT, "no");
    news_expect(harness, "a", "start refusal");
    event = news_latest(harness, "a", "refusal");
    cr_expect_str_eq(json_string_value(json_object_get(event, "error")),
                     "SP_EINIT");
    cr_expect_str_eq(json_string_value(json_object_get(event, "text")),
                     "no\\x0away");
    json_decref(event);
    harness_stop(harness);
}

Test(news, of_a_start_that_a_limit_refuses_is_a_refusal_alone)
{
    struct harness *harness =
        harness_start("[supervisor]\nmax_sessions = 1\n" PROBE);

    ask_started(harness, "a", "probe", NULL);
    ask_refused(harness, "b", "probe", NULL, SP_ELIMIT, "max_sessions");
    ask_refused(harness, "c", "nothing", NULL, SP_EMODULE, "nothing");
    news_expect(harness, "b", "refusal");
    news_expect(harness, "c", "refusal");
    harness_stop(harness);
}

Test(news, of_sessions_that_never_were_are_none)
{
    struct harness *harness = harness_start(PROBE);
    static const char *const ops[] = {"stop", "info", "restart", "pause",
                                      "resume", "touch"};
    struct answer answer;
    char json[64];

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"a\"}", ops[i]);
        answer = ask(harness, json);
        cr_expect_eq(answer.error, SP_ENOENT, "%s", ops[i]);
        answer_fini(&answer);
    }
    news_expect(harness, "a", "");
    harness_stop(harness);
}

Test(news, of_a_double_start_is_none)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    cr_expect_eq(ask_start(harness, "a", "probe", NULL), SP_EALREADY);
    news_expect(harness, "a", "start ready");
    harness_stop(harness);
}

Test(news, carry_no_payload)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;
    char *all;

    ask_started(harness, "a", "probe", "slow 1 topsecret-argument");
    session_expect(harness, "a", "echo topsecret-call", "topsecret-call");
    session_end_by(harness, "a", "crash topsecret-request");
    news_expect(harness, "a", "start ready crash restart ready");
    answer = ask(harness, "{\"op\":\"events\"}");
    all = json_dumps(answer.object, 0);
    cr_expect_null(strstr(all, "topsecret"), "%s", all);
    free(all);
    answer_fini(&answer);
    harness_stop(harness);
}

Test(news, name_who_asked_for_a_stop)
{
    struct harness *harness = harness_start(PROBE);
    const json_t *end;
    json_t *event;

    ask_started(harness, "a", "probe", NULL);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    event = news_latest(harness, "a", "stop");
    end = json_object_get(event, "end");
    cr_expect_eq(json_integer_value(json_object_get(end, "by_pid")), getpid());
    cr_expect_eq(json_integer_value(json_object_get(end, "by_uid")), getuid());
    json_decref(event);
    harness_stop(harness);
}

/* ---- those who wait ---- */

Test(news, are_waited_for)
{
    struct harness *harness = harness_start(PROBE);
    static const char json[] =
        "{\"op\":\"events\",\"id\":\"b\",\"timeout_ms\":60000}";
    char path[RUNDIR_PATH_SIZE];
    struct raw_message reply;
    struct raw_peer peer;

    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, json, strlen(json));
    ask_started(harness, "a", "probe", NULL); /* of no interest to it */
    cr_expect(raw_peer_silent(&peer, 0));
    ask_started(harness, "b", "probe", NULL);
    raw_peer_recv_reply(&peer, 1, &reply);
    cr_expect_not_null(strstr((char *)reply.bytes, "\"event\":\"start\""));
    cr_expect_null(strstr((char *)reply.bytes, "\"id\":\"a\""));
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    harness_stop(harness);
}

Test(news, that_do_not_come_are_answered_with_none)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer =
        ask(harness, "{\"op\":\"events\",\"timeout_ms\":10}");

    cr_expect_eq(answer.error, SP_OK);
    cr_expect_eq(json_array_size(json_object_get(answer.object, "events")), 0);
    answer_fini(&answer);
    harness_stop(harness);
}

/* ---- those who subscribe, with nng's own socket ---- */

struct subscriber {
    nng_socket socket;
};

static void choose(const struct subscriber *subscriber, const char *prefix)
{
    cr_assert_eq(nng_socket_set(subscriber->socket, NNG_OPT_SUB_SUBSCRIBE,
                                prefix, strlen(prefix)),
                 0);
}

static struct subscriber subscribe(const struct harness *harness,
                                   const char *prefix)
{
    struct subscriber subscriber;
    char path[RUNDIR_PATH_SIZE];
    char url[RUNDIR_PATH_SIZE + 8];

    harness_control_path(harness, path);
    snprintf(url, sizeof url, "ipc://%s", path);
    cr_assert_eq(nng_sub0_open(&subscriber.socket), 0);
    choose(&subscriber, prefix);
    choose(&subscriber, "{\"id\":\"last\",");
    cr_assert_eq(nng_socket_set_ms(subscriber.socket, NNG_OPT_RECVTIMEO,
                                   WAIT_MS),
                 0);
    cr_assert_eq(nng_dial(subscriber.socket, url, NULL, 0), 0);
    return subscriber;
}

/* An event of this kind and session must be next. */
static void expect_next(const struct subscriber *subscriber, const char *id,
                        const char *kind)
{
    char wanted[128];
    char *bytes;
    size_t size;
    json_t *event;

    cr_assert_eq(
        nng_recv(subscriber->socket, &bytes, &size, NNG_FLAG_ALLOC), 0,
        "no %s of %s", kind, id);
    snprintf(wanted, sizeof wanted, "{\"id\":\"%s\",\"event\":\"%s\",", id,
             kind);
    cr_expect_eq(strncmp(bytes, wanted, strlen(wanted)), 0, "%.*s, not %s",
                 (int)size, bytes, wanted);
    event = json_loadb(bytes, size, 0, NULL);
    cr_expect(json_is_object(event), "%.*s", (int)size, bytes);
    json_decref(event);
    nng_free(bytes, size);
}

/* After this nothing more comes to either: nng 1.5 may wait for ever in its
 * close for a message that arrives just then. */
static void expect_last(const struct harness *harness,
                        const struct subscriber subscribers[], size_t count)
{
    ask_started(harness, "last", "kv", NULL);
    for (size_t i = 0; i < count; i++) {
        expect_next(&subscribers[i], "last", "start");
        expect_next(&subscribers[i], "last", "ready");
    }
}

Test(news, reach_nng_s_own_subscriber_in_their_order)
{
    struct harness *harness = harness_start(PROBE);
    struct subscriber all = subscribe(harness, "");

    ask_started(harness, "a", "probe", NULL);
    expect_next(&all, "a", "start");
    expect_next(&all, "a", "ready");
    session_end_by(harness, "a", "crash");
    expect_next(&all, "a", "crash");
    expect_next(&all, "a", "restart");
    expect_next(&all, "a", "ready");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    expect_next(&all, "a", "stop");
    expect_last(harness, &all, 1);
    nng_close(all.socket);
    nng_fini();
    harness_stop(harness);
}

Test(news, of_one_session_or_kind_can_be_chosen_by_a_prefix)
{
    struct harness *harness = harness_start(PROBE);
    struct subscriber two[] = {
        subscribe(harness, "{\"id\":\"b\","),
        subscribe(harness, "{\"id\":\"a\",\"event\":\"crash\"")};

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    expect_next(&two[0], "b", "start");
    expect_next(&two[0], "b", "ready");
    session_end_by(harness, "a", "crash");
    expect_next(&two[1], "a", "crash");
    ask_until_restarted(harness, "a", 1);
    expect_last(harness, two, 2);
    nng_close(two[0].socket);
    nng_close(two[1].socket);
    nng_fini();
    harness_stop(harness);
}
