/* SPDX-License-Identifier: MIT */
/* wire/framing: messages on a pipe, one after the other. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/leaks.h"
#include "wire/framing.h"

TestSuite(framing, .fini = leaks_check);

static enum framing_found find(enum framing framing, const char *bytes,
                               size_t size, size_t max,
                               struct framing_message *message)
{
    size_t looked = 0;

    return framing_find(framing, (const uint8_t *)bytes, size, max, &looked,
                        message);
}

Test(framing, has_a_word_for_each)
{
    enum framing framing;

    cr_assert(framing_parse("line", &framing));
    cr_expect_eq(framing, FRAMING_LINE);
    cr_assert(framing_parse("length", &framing));
    cr_expect_eq(framing, FRAMING_LENGTH);
    cr_expect_not(framing_parse("", &framing));
    cr_expect_not(framing_parse("lines", &framing));
}

Test(framing, of_lines_cannot_hold_a_newline)
{
    cr_expect(framing_holds(FRAMING_LINE, "a\0b", 3));
    cr_expect(framing_holds(FRAMING_LINE, NULL, 0));
    cr_expect_not(framing_holds(FRAMING_LINE, "a\nb", 3));
    cr_expect(framing_holds(FRAMING_LENGTH, "a\nb", 3));
}

static size_t wrap(enum framing framing, const char *bytes, size_t size,
                   char *out)
{
    struct framing_ends ends = framing_ends(framing, size);

    memcpy(out, ends.head, ends.head_size);
    memcpy(out + ends.head_size, bytes, size);
    memcpy(out + ends.head_size + size, ends.tail, ends.tail_size);
    return ends.head_size + size + ends.tail_size;
}

/* What is written is found, from the first byte on, and nothing before it is
 * whole. */
Test(framing, finds_what_was_written)
{
    static const char bytes[] = "abc\0\xff" "def";

    for (int framing = 0; framing < FRAMINGS; framing++)
        for (size_t size = 0; size < sizeof bytes; size++) {
            struct framing_message message;
            char wrapped[64];
            size_t all = wrap((enum framing)framing, bytes, size, wrapped);

            for (size_t part = 0; part < all; part++)
                cr_expect_eq(find((enum framing)framing, wrapped, part, 100,
                                  &message),
                             FRAMING_PARTIAL);
            wrapped[all] = 'x';
            cr_assert_eq(find((enum framing)framing, wrapped, all + 1, 100,
                              &message),
                         FRAMING_WHOLE);
            cr_expect_eq(message.size, size);
            cr_expect_eq(memcmp(wrapped + message.start, bytes, size), 0);
            cr_expect_eq(message.next, all);
        }
}

Test(framing, has_a_length_of_four_bytes_in_network_order)
{
    struct framing_ends ends = framing_ends(FRAMING_LENGTH, 0x01020304);

    cr_assert_eq(ends.head_size, 4);
    cr_expect_arr_eq(ends.head, "\1\2\3\4", 4);
    cr_expect_eq(ends.tail_size, 0);
}

/* As soon as that can be known, and not before. */
Test(framing, tells_what_is_too_long)
{
    struct framing_message message;

    cr_expect_eq(find(FRAMING_LINE, "1234\n", 5, 4, &message), FRAMING_WHOLE);
    cr_expect_eq(find(FRAMING_LINE, "1234", 4, 4, &message), FRAMING_PARTIAL);
    cr_expect_eq(find(FRAMING_LINE, "12345", 5, 4, &message),
                 FRAMING_TOO_LONG);
    cr_expect_eq(find(FRAMING_LINE, "12345\n", 6, 4, &message),
                 FRAMING_TOO_LONG);
    cr_expect_eq(find(FRAMING_LENGTH, "\0\0\0\4", 4, 4, &message),
                 FRAMING_PARTIAL);
    cr_expect_eq(find(FRAMING_LENGTH, "\0\0\0\5", 4, 4, &message),
                 FRAMING_TOO_LONG);
    cr_expect_eq(find(FRAMING_LENGTH, "\xff\xff\xff\xff", 4, 4, &message),
                 FRAMING_TOO_LONG);
}

/* A line that comes in pieces: each byte is looked at once. */
Test(framing, remembers_where_it_has_looked)
{
    struct framing_message message;
    uint8_t bytes[] = "abcdef\n";
    size_t looked = 0;

    cr_expect_eq(framing_find(FRAMING_LINE, bytes, 3, 100, &looked, &message),
                 FRAMING_PARTIAL);
    cr_expect_eq(looked, 3);
    bytes[1] = '\n'; /* it is not looked at again */
    cr_expect_eq(framing_find(FRAMING_LINE, bytes, 6, 100, &looked, &message),
                 FRAMING_PARTIAL);
    cr_assert_eq(framing_find(FRAMING_LINE, bytes, 7, 100, &looked, &message),
                 FRAMING_WHOLE);
    cr_expect_eq(message.size, 6);
}
