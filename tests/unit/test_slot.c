/* SPDX-License-Identifier: MIT */
/* wire/slot: what spd makes of a page that a session can fill with anything. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/leaks.h"
#include "wire/slot.h"

TestSuite(slot, .fini = leaks_check);

#define NOW 1000000

static struct slot_view look(const struct slot *slot)
{
    struct slot_view view;

    memset(&view, 0x55, sizeof view);
    slot_read(slot, NOW, &view);
    return view;
}

/* ---- reading ---- */

Test(slot, that_nobody_has_written_says_nothing)
{
    static struct slot slot;
    struct slot_view view = look(&slot);

    cr_expect_eq(view.doing, SLOT_NOTHING);
    cr_expect_eq(view.request.id, 0);
    cr_expect_eq(view.calls + view.casts + view.log_drops, 0);
    cr_expect_eq(view.waiting + view.subscribers, 0);
    cr_expect_eq(view.active_ms, 0);
    cr_expect_not(view.goodbye);
    cr_expect_str_eq(view.reason, "");
}

Test(slot, numbers_are_read_as_they_are)
{
    static struct slot slot;
    struct slot_view view;

    slot.session.calls = UINT64_MAX;
    slot.session.casts = 2;
    slot.session.log_drops = 3;
    slot.session.waiting = 4;
    slot.session.subscribers = 5;
    view = look(&slot);
    cr_expect_eq(view.calls, UINT64_MAX);
    cr_expect_eq(view.casts, 2);
    cr_expect_eq(view.log_drops, 3);
    cr_expect_eq(view.waiting, 4);
    cr_expect_eq(view.subscribers, 5);
}

Test(slot, doing_what_there_is_no_word_for_is_doing_nothing)
{
    static const uint32_t unknown[] = {SLOT_DOINGS, SLOT_DOINGS + 1, 1u << 31,
                                       UINT32_MAX};
    static struct slot slot;

    for (uint32_t doing = 0; doing < SLOT_DOINGS; doing++) {
        slot.session.doing = doing;
        cr_expect_eq(look(&slot).doing, doing);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        slot.session.doing = unknown[i];
        cr_expect_eq(look(&slot).doing, SLOT_NOTHING);
    }
}

Test(slot, a_time_that_has_not_been_is_0)
{
    static const int64_t never[] = {0, -1, INT64_MIN, NOW + 1, INT64_MAX};
    static struct slot slot;

    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        slot.session.doing_since_ms = slot.session.active_ms = never[i];
        cr_expect_eq(look(&slot).doing_since_ms, 0);
        cr_expect_eq(look(&slot).active_ms, 0);
    }
    slot.session.doing_since_ms = NOW;
    slot.session.active_ms = 1;
    cr_expect_eq(look(&slot).doing_since_ms, NOW);
    cr_expect_eq(look(&slot).active_ms, 1);
}

Test(slot, a_request_is_told_only_during_a_call_or_cast)
{
    static struct slot slot;

    slot.session.request_id = 0x80000007;
    slot.session.request_hash = 42;
    for (uint32_t doing = 0; doing <= SLOT_DOINGS; doing++) {
        bool is = doing == SLOT_CALL || doing == SLOT_CAST;
        struct slot_view view;

        slot.session.doing = doing;
        view = look(&slot);
        cr_expect_eq(view.request.id, is ? 0x80000007 : 0);
        cr_expect_eq(view.request.hash, is ? 42 : 0);
    }
}

Test(slot, a_goodbye_has_one_of_the_ends)
{
    static struct slot slot;

    for (uint32_t goodbye = 1; goodbye <= SP_END_LAST + 1; goodbye++) {
        slot.session.goodbye = goodbye;
        cr_expect(look(&slot).goodbye);
        cr_expect_eq(look(&slot).end, goodbye - 1);
    }
    slot.session.goodbye = SP_END_LAST + 2;
    cr_expect_not(look(&slot).goodbye);
    slot.session.goodbye = UINT32_MAX - 1;
    cr_expect_not(look(&slot).goodbye);
}

Test(slot, last_words_are_a_reason_and_no_goodbye)
{
    static struct slot slot;

    strcpy(slot.session.reason, "shot");
    slot.session.goodbye = SLOT_LAST_WORDS;
    cr_expect_not(look(&slot).goodbye);
    cr_expect_str_eq(look(&slot).reason, "shot");
}

Test(slot, a_reason_is_not_read_without_a_goodbye)
{
    static struct slot slot;

    strcpy(slot.session.reason, "over");
    cr_expect_str_eq(look(&slot).reason, "");
    slot.session.goodbye = 1;
    cr_expect_str_eq(look(&slot).reason, "over");
}

Test(slot, a_reason_is_printable_and_terminated)
{
    static struct slot slot;
    struct slot_view view;

    slot.session.goodbye = 1;
    strcpy(slot.session.reason, "a\033[2J\xff");
    cr_expect_str_eq(look(&slot).reason, "a\\x1b[2J\\xff");
    memset(slot.session.reason, 'x', sizeof slot.session.reason);
    cr_expect_eq(strlen(look(&slot).reason), SLOT_TEXT_SIZE - 1);
    memset(slot.session.reason, '\n', sizeof slot.session.reason);
    view = look(&slot);
    cr_expect_lt(strlen(view.reason), SLOT_TEXT_SIZE);
    cr_expect_eq(strspn(view.reason, "\\x0a"), strlen(view.reason));
}

/* Pages of random bytes, of which some words are small: no view of them is
 * outside of what the header promises. */
Test(slot, of_any_bytes_is_a_legal_view)
{
    static union {
        struct slot slot;
        uint32_t words[SLOT_SIZE / 4];
    } page;
    uint32_t random = 1;

    for (int round = 0; round < 20000; round++) {
        struct slot_view view;

        for (size_t i = 0; i < sizeof page.slot.session / 4; i++) {
            random = random * 1664525u + 1013904223u;
            page.words[i] = random >> 30 ? random : random >> 25;
        }
        view = look(&page.slot);
        cr_assert_lt(view.doing, SLOT_DOINGS);
        cr_assert_leq(view.doing_since_ms, NOW);
        cr_assert_geq(view.doing_since_ms, 0);
        cr_assert_leq(view.active_ms, NOW);
        cr_assert_geq(view.active_ms, 0);
        cr_assert(!view.goodbye || view.end <= SP_END_LAST);
        cr_assert_not_null(memchr(view.reason, '\0', SLOT_TEXT_SIZE));
        for (const char *at = view.reason; *at; at++)
            cr_assert_geq((unsigned char)*at, ' ');
    }
}

Test(slot, everything_that_is_done_has_words)
{
    cr_expect_str_eq(slot_doing_words(SLOT_NOTHING), "");
    for (int doing = 1; doing < SLOT_DOINGS; doing++)
        cr_expect_neq(slot_doing_words((enum slot_doing)doing)[0], '\0');
    cr_expect_str_eq(slot_doing_words((enum slot_doing)SLOT_DOINGS), "");
}

/* ---- orders ---- */

Test(slot, an_order_is_command_end_and_text)
{
    static struct slot slot;

    slot_order(&slot, SLOT_DRAIN, SP_END_EXPIRED, "idle for 60 s");
    cr_expect_eq(slot.supervisor.command, SLOT_DRAIN);
    cr_expect_eq(slot.supervisor.end, SP_END_EXPIRED);
    cr_expect_str_eq(slot.supervisor.text, "idle for 60 s");
    slot_order(&slot, SLOT_STOP, SP_END_STOP, "");
    cr_expect_eq(slot.supervisor.command, SLOT_STOP);
    cr_expect_str_eq(slot.supervisor.text, "");
}

Test(slot, an_orders_text_is_cut_and_terminated)
{
    static struct slot slot;
    char text[2 * SLOT_TEXT_SIZE];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memset(&slot, 0xff, sizeof slot);
    slot_order(&slot, SLOT_STOP, SP_END_STOP, text);
    cr_expect_eq(strlen(slot.supervisor.text), SLOT_TEXT_SIZE - 1);
    cr_expect_eq((unsigned char)slot.rest[0], 0xff);
}

Test(slot, an_order_leaves_the_sessions_half_alone)
{
    static struct slot slot, before;

    memset(&slot, 0xaa, sizeof slot);
    memcpy(&before, &slot, sizeof slot);
    slot_order(&slot, SLOT_STOP, SP_END_STOP, "text");
    cr_expect_eq(memcmp(&slot, &before, 2048), 0);
}

/* ---- hash ---- */

Test(slot, the_hash_of_a_request_is_the_same_each_time)
{
    uint8_t body[1000];

    for (size_t size = 0; size <= sizeof body; size++) {
        uint64_t first;

        memset(body, (int)size, size);
        first = slot_request_hash("\x80\0\0\1", 4, body, size);
        cr_assert_eq(slot_request_hash("\x80\0\0\1", 4, body, size), first);
    }
}

Test(slot, the_hash_tells_headers_and_sizes_apart)
{
    static const uint8_t zeros[600];
    uint64_t hashes[601];

    cr_expect_neq(slot_request_hash("\x80\0\0\1", 4, "x", 1),
                  slot_request_hash("\x80\0\0\2", 4, "x", 1));
    cr_expect_neq(slot_request_hash("\0\0\0\0\x80\0\0\1", 8, "x", 1),
                  slot_request_hash("\x80\0\0\1", 4, "x", 1));
    cr_expect_neq(slot_request_hash("\0\0\0\1\x80\0\0\1", 8, "x", 1),
                  slot_request_hash("\0\0\0\2\x80\0\0\1", 8, "x", 1));
    for (size_t size = 0; size <= 600; size++) {
        hashes[size] = slot_request_hash("\x80\0\0\1", 4, zeros, size);
        for (size_t other = 0; other < size; other++)
            cr_assert_neq(hashes[size], hashes[other]);
    }
}

Test(slot, the_hash_sees_each_bit_of_the_first_and_last_256_bytes)
{
    static const size_t sizes[] = {1, 7, 8, 9, 255, 256, 257, 511, 512, 2000};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *body = calloc(1, sizes[i]);
        uint64_t plain = slot_request_hash("\x80\0\0\1", 4, body, sizes[i]);

        for (size_t bit = 0; bit < 8 * sizes[i]; bit++) {
            bool seen = bit / 8 < 256 || bit / 8 >= sizes[i] - 256;

            body[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (seen)
                cr_assert_neq(
                    slot_request_hash("\x80\0\0\1", 4, body, sizes[i]), plain,
                    "bit %zu of %zu bytes", bit, sizes[i]);
            body[bit / 8] = 0;
        }
        free(body);
    }
}

/* An allocation of exactly the size: the sanitizer sees a byte too many. */
Test(slot, the_hash_reads_nothing_but_the_request)
{
    for (size_t size = 0; size < 600; size++) {
        uint8_t *body = calloc(1, size + (size == 0));
        uint8_t *header = calloc(1, 4);

        slot_request_hash(header, 4, body + (size == 0), size);
        free(header);
        free(body);
    }
}
