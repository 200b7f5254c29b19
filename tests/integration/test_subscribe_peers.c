/* SPDX-License-Identifier: MIT */
/* Subscriptions to sessions and an spd that the test plays: garbage, peers that
 * close, and those that answer late.  Over the local channel, since nng's SUB
 * never says what is wanted and is never told what was lost; but for the last.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "async_scene.h"
#include "client_fake.h"
#include "support/leaks.h"
#include "support/wait.h"
#include "wire/sp.h"

static struct fake fake;
static struct sp_async *async;

static void setup(void)
{
    fake_open(&fake, "local");
    cr_assert_eq(sp_async_new(fake.client, &async), SP_OK);
}

static void teardown(void)
{
    sp_async_free(async);
    fake_close(&fake);
    leaks_check();
}

TestSuite(subscribe_peers, .init = setup, .fini = teardown, .timeout = 120);

/* Kinds of news as letters: Begun, Message, Event, Lost, Gap, Over. */
struct ear {
    char kinds[32];
    enum sp_error error;
    unsigned long long lost;
};

static void note(struct sp_async *self, const struct sp_news *news,
                 void *context)
{
    static const char letters[] = "BMELGO";
    struct ear *ear = context;

    (void)self;
    cr_assert_lt(strlen(ear->kinds) + 1, sizeof ear->kinds);
    ear->kinds[strlen(ear->kinds)] = letters[sp_news_kind(news)];
    ear->error = sp_news_error(news);
    ear->lost += sp_news_lost(news);
}

static void await(const struct ear *ear, const char *kinds)
{
    while (strcmp(ear->kinds, kinds) != 0)
        async_turn(async);
}

static void say_frame(int peer, const void *message, size_t size)
{
    uint8_t head[WIRE_FRAME_HEADER_SIZE];

    wire_frame_put(head, size);
    fake_say(peer, head, sizeof head);
    fake_say(peer, message, size);
}

static void say_text(int peer, const char *text)
{
    say_frame(peer, text, strlen(text));
}

/* Turns until there is a connection; returns it when it has said that it wants
 * what begins with "a". */
static int accept_subscriber(int listener)
{
    static const char wanted[] = "\0SP+a";
    struct fake_request heard;
    int peer;

    while (!wait_readable(listener, 0))
        async_turn(async);
    peer = fake_accept(listener);
    heard = fake_hear_push(peer);
    cr_expect_eq(heard.size, sizeof wanted - 1);
    cr_expect_arr_eq(heard.body, wanted, sizeof wanted - 1);
    free(heard.body);
    return peer;
}

static int subscribe(struct ear *ear)
{
    int listener = fake_listen(&fake, "x", 8);

    cr_assert_eq(sp_async_subscribe(async, "x", "a", 1, note, ear, NULL),
                 SP_OK);
    return listener;
}

Test(subscribe_peers, nothing_is_told_before_the_subscription_is_answered)
{
    struct ear ear = {.kinds = ""};
    int listener = subscribe(&ear);
    int peer = accept_subscriber(listener);

    say_text(peer, "bare");
    async_turn(async);
    cr_expect_str_eq(ear.kinds, "");
    say_frame(peer, "\0SP-0", 5);
    say_text(peer, "abc");
    say_frame(peer, "\0SP-4711", 8);
    await(&ear, "BML");
    cr_expect_eq(ear.lost, 4711u);
    close(peer);
    close(listener);
}

Test(subscribe_peers, garbage_ends_the_subscription)
{
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {{"\0SP-", 4}, {"\0SP!1 x", 7}, {"\0SP-0", 5}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ear ear = {.kinds = ""};
        int listener = subscribe(&ear);
        int peer = accept_subscriber(listener);

        say_frame(peer, "\0SP-0", 5);
        say_frame(peer, rows[i].bytes, rows[i].size);
        say_text(peer, "never");
        await(&ear, "BO");
        cr_expect_eq(ear.error, SP_EPROTO);
        fake_wait_closed(peer);
        close(peer);
        close(listener);
    }
}

Test(subscribe_peers, a_peer_that_speaks_another_language_ends_it)
{
    struct ear ear = {.kinds = ""};
    int listener = subscribe(&ear);
    int peer;

    while (!wait_readable(listener, 0))
        async_turn(async);
    peer = fake_accept_raw(listener);
    fake_say(peer, "HTTP/1.1 400", 12);
    await(&ear, "O");
    cr_expect_eq(ear.error, SP_EPROTO);
    close(peer);
    close(listener);
}

Test(subscribe_peers, a_peer_that_closes_is_tried_again)
{
    struct ear ear = {.kinds = ""};
    int listener = subscribe(&ear);
    int peer;

    for (int i = 0; i < 5; i++) {
        while (!wait_readable(listener, 0))
            async_turn(async);
        close(fake_accept_raw(listener));
    }
    peer = accept_subscriber(listener);
    say_frame(peer, "\0SP-0", 5);
    await(&ear, "B");
    say_text(peer, "half");
    fake_say(peer, "\1\0\0\0\0\0\0\0\5abc", 12);
    close(peer);
    peer = accept_subscriber(listener);
    say_frame(peer, "\0SP-0", 5);
    await(&ear, "BMG");
    cr_expect_eq(ear.lost, 0u);
    close(peer);
    close(listener);
}

Test(subscribe_peers, an_event_that_makes_no_sense_ends_the_subscription)
{
    struct ear ear = {.kinds = ""};
    int listener = fake_listen(&fake, FAKE_CONTROL, 8);
    struct fake_request heard;
    int peer;

    cr_assert_eq(sp_async_subscribe_events(async, "x", note, &ear, NULL),
                 SP_OK);
    while (!wait_readable(listener, 0))
        async_turn(async);
    peer = fake_accept(listener);
    heard = fake_hear_push(peer);
    cr_expect_str_eq((char *)heard.body + 4, "{\"id\":\"x\",");
    free(heard.body);
    say_frame(peer, "\0SP-0", 5);
    say_text(peer, "{\"id\":\"x\",\"event\":\"stop\",\"seq\":7,"
                   "\"time_ms\":1}");
    await(&ear, "BE");
    say_text(peer, "{\"id\":\"x\",\"event\":7}");
    await(&ear, "BEO");
    cr_expect_eq(ear.error, SP_EPROTO);
    close(peer);
    close(listener);
}

/* ---- over nng ---- */

static void reopen_over_nng(void)
{
    sp_async_free(async);
    fake_close(&fake);
    async_prepare("nng");
    fake_open(&fake, "nng");
    cr_assert_eq(sp_async_new(fake.client, &async), SP_OK);
}

/* Passes over those that say nothing. */
static int accept_sub(int listener)
{
    uint8_t hello[WIRE_HANDSHAKE_SIZE];
    int peer = fake_accept_raw(listener);

    while (recv(peer, hello, sizeof hello, MSG_WAITALL) !=
           (ssize_t)sizeof hello) {
        close(peer);
        peer = fake_accept_raw(listener);
    }
    wire_handshake_put(hello, WIRE_PUB);
    fake_say(peer, hello, sizeof hello);
    return peer;
}

static void say_event(int peer, const char *id, int seq)
{
    char text[128];

    snprintf(text, sizeof text,
             "{\"id\":\"%s\",\"event\":\"stop\",\"seq\":%d,\"time_ms\":1}", id,
             seq);
    say_text(peer, text);
}

/* By their numbers: of all it is known how many, of one session it is not. */
Test(subscribe_peers, events_that_are_missing_over_nng_are_told)
{
    struct ear all = {.kinds = ""}, one = {.kinds = ""};
    int listener, peers[2];

    reopen_over_nng();
    listener = fake_listen(&fake, FAKE_CONTROL, 8);
    cr_assert_eq(sp_async_subscribe_events(async, NULL, note, &all, NULL),
                 SP_OK);
    cr_assert_eq(sp_async_subscribe_events(async, "x", note, &one, NULL),
                 SP_OK);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    for (int i = 0; i < 2; i++)
        peers[i] = accept_sub(listener);
    for (int i = 0; i < 2; i++) {
        say_event(peers[i], "x", 5);
        say_event(peers[i], "y", 6);
        say_event(peers[i], "x", 9);
    }
    await(&all, "BEELE");
    cr_expect_eq(all.lost, 2u);
    await(&one, "BEGE");
    cr_expect_eq(one.lost, 0u);
    say_event(peers[0], "y", 10);
    say_event(peers[1], "y", 10);
    await(&all, "BEELEE");
    cr_expect_str_eq(one.kinds, "BEGE");
    for (int i = 0; i < 2; i++)
        close(peers[i]);
    close(listener);
}
