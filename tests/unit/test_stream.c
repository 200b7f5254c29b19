/* SPDX-License-Identifier: MIT */
/* client/stream: what a PUB peer says, in whatever pieces, becomes items. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "client/stream.h"
#include "wire/published.h"
#include "wire/sp.h"

#define MAX 100 /* bytes of the largest message that is wanted */

static struct stream stream;
static uint8_t said[4096];
static size_t said_size;

static void fini(void)
{
    stream_fini(&stream);
}

TestSuite(stream, .fini = fini);

/* ---- the peer ---- */

static void say(const void *bytes, size_t size)
{
    cr_assert_leq(said_size + size, sizeof said);
    memcpy(said + said_size, bytes, size);
    said_size += size;
}

static void say_hello(enum wire_protocol protocol)
{
    uint8_t hello[WIRE_HANDSHAKE_SIZE];

    wire_handshake_put(hello, protocol);
    say(hello, sizeof hello);
}

static void say_frame(const void *message, size_t size)
{
    uint8_t head[WIRE_FRAME_HEADER_SIZE];

    wire_frame_put(head, size);
    say(head, sizeof head);
    say(message, size);
}

static void say_text(const char *text)
{
    say_frame(text, strlen(text));
}

static void say_notice(uint64_t lost)
{
    uint8_t notice[WIRE_NOTICE_MAX];

    say_frame(notice, wire_notice_put(notice, lost));
}

/* ---- what is heard ---- */

/* "begun", "lost N", "bad", or the message, each with ";" behind it. */
static void note(char *heard, const struct stream_item *item)
{
    char *end = heard + strlen(heard);

    switch (item->kind) {
    case STREAM_NOTHING:
        break;
    case STREAM_BEGUN:
        sprintf(end, "begun;");
        break;
    case STREAM_MESSAGE:
        sprintf(end, "%.*s;", (int)item->size, (const char *)item->data);
        break;
    case STREAM_LOST:
        sprintf(end, "lost %u;", (unsigned)item->lost);
        break;
    case STREAM_BAD:
        sprintf(end, "bad;");
        break;
    }
}

static void hear(const uint8_t *bytes, size_t size, char *heard)
{
    struct stream_item item;
    size_t room;
    uint8_t *at = stream_room(&stream, &room);

    cr_assert(at && room >= size);
    memcpy(at, bytes, size);
    stream_commit(&stream, size);
    while ((item = stream_next(&stream, MAX)).kind != STREAM_NOTHING) {
        note(heard, &item);
        if (item.kind == STREAM_BAD)
            break;
    }
}

/* What was said is heard so, in pieces of any size. */
static void expect(const char *wanted)
{
    for (size_t piece = 1; piece <= said_size; piece++) {
        char heard[256] = "";

        for (size_t at = 0; at < said_size && !stream.bad; at += piece)
            hear(said + at, at + piece < said_size ? piece : said_size - at,
                 heard);
        cr_expect_str_eq(heard, wanted, "in pieces of %zu: %s", piece, heard);
        stream_fini(&stream);
    }
    said_size = 0;
}

/* ---- tests ---- */

Test(stream, begins_with_the_answer_to_the_subscription)
{
    say_hello(WIRE_PUB);
    say_text("before");
    say_frame("\0SP!before", 10);
    say_notice(7);
    say_notice(0);
    say_text("a");
    say_text("");
    say_frame("\0SP=b", 5);
    say_notice(3);
    say_text("c");
    expect("begun;a;;b;lost 3;c;");
}

Test(stream, a_message_over_the_limit_is_one_that_is_lost)
{
    char large[MAX + WIRE_TAG_SIZE + 1];

    memset(large, 'x', sizeof large);
    say_hello(WIRE_PUB);
    say_frame(large, sizeof large);
    say_notice(0);
    say_text("a");
    say_frame(large, sizeof large);
    say_frame(large, sizeof large);
    say_text("b");
    expect("begun;a;lost 1;lost 1;b;");
}

Test(stream, what_is_no_stream_of_ours_is_bad)
{
    say_hello(WIRE_REP);
    expect("bad;");
    say("GET / HTTP", 10);
    expect("bad;");
    say_hello(WIRE_PUB);
    say("\2", 1);
    expect("bad;");
    say_hello(WIRE_PUB);
    say_notice(0);
    say_notice(0);
    say_text("never");
    expect("begun;bad;");
    say_hello(WIRE_PUB);
    say_notice(0);
    say_frame("\0SP!1 a", 7);
    expect("begun;bad;");
}

Test(stream, the_length_that_is_announced_costs_no_memory)
{
    uint8_t head[WIRE_FRAME_HEADER_SIZE];
    char heard[64] = "";
    size_t before;

    say_hello(WIRE_PUB);
    say_notice(0);
    hear(said, said_size, heard);
    before = stream.in.capacity;
    wire_frame_put(head, UINT64_MAX);
    hear(head, sizeof head, heard);
    for (int i = 0; i < 100; i++)
        hear(said, sizeof said, heard);
    cr_expect_str_eq(heard, "begun;lost 1;");
    cr_expect_leq(stream.in.capacity, 2 * before);
    stream_relax(&stream);
    cr_expect_eq(stream.in.capacity, 0);
}
