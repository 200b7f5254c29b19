/* SPDX-License-Identifier: MIT */
/* base/text: strangers' bytes made printable, and cuts between characters. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"

static void assert_printable(const char *bytes, size_t len, const char *wanted)
{
    char out[256];
    size_t written = text_printable(out, sizeof out, bytes, len);

    cr_expect_str_eq(out, wanted);
    cr_expect_eq(written, strlen(wanted));
}
#define PRINTABLE(bytes, wanted)                                               \
    assert_printable((bytes), sizeof(bytes) - 1, (wanted))

Test(text, printable_text_is_left_alone)
{
    PRINTABLE("", "");
    PRINTABLE("no such key: n", "no such key: n");
    PRINTABLE("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
    PRINTABLE("\xe2\x82\xac", "\xe2\x82\xac");
    PRINTABLE("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
    PRINTABLE("back\\slash", "back\\slash");
}

Test(text, control_characters_become_escapes)
{
    PRINTABLE("a\nb", "a\\x0ab");
    PRINTABLE("\0", "\\x00");
    PRINTABLE("\033[2J", "\\x1b[2J");
    PRINTABLE("\x7f", "\\x7f");
    PRINTABLE("\xc2\x9b", "\\xc2\\x9b"); /* CSI, a C1 control */
    PRINTABLE("\xc2\xa0", "\xc2\xa0");   /* the first after C1 */
}

Test(text, what_is_not_utf8_becomes_escapes)
{
    PRINTABLE("\xff", "\\xff");
    PRINTABLE("\x80", "\\x80");
    PRINTABLE("\xc0\xaf", "\\xc0\\xaf");                 /* overlong */
    PRINTABLE("\xe0\x80\xaf", "\\xe0\\x80\\xaf");        /* overlong */
    PRINTABLE("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"); /* overlong */
    PRINTABLE("\xed\xa0\x80", "\\xed\\xa0\\x80");        /* surrogate */
    PRINTABLE("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* > U+10FFFF */
    PRINTABLE("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
}

Test(text, a_character_cut_off_by_the_end_becomes_escapes)
{
    PRINTABLE("a\xc3", "a\\xc3");
    PRINTABLE("\xe2\x82", "\\xe2\\x82");
    PRINTABLE("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
    PRINTABLE("\xe2\x82z", "\\xe2\\x82z");
}

/* Every pair of bytes: the result is printable by its own rule. */
Test(text, printing_twice_changes_nothing)
{
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            char in[2] = {(char)a, (char)b}, once[16], twice[16];
            size_t len = text_printable(once, sizeof once, in, 2);

            text_printable(twice, sizeof twice, once, len);
            cr_assert_str_eq(once, twice, "bytes %02x %02x", a, b);
        }
}

Test(text, output_is_cut_between_characters_at_every_size)
{
    static const char in[] = "a\xc3\xa4\n\xe2\x82\xac\xff";
    static const char whole[] = "a\xc3\xa4\\x0a\xe2\x82\xac\\xff";
    /* where a cut may be, in bytes of the whole */
    static const size_t cuts[] = {0, 1, 3, 7, 10, 14};

    for (size_t size = 1; size <= sizeof whole; size++) {
        char out[32];
        size_t wanted = 0;

        memset(out, '#', sizeof out);
        for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
            if (cuts[i] < size)
                wanted = cuts[i];
        cr_expect_eq(text_printable(out, size, in, sizeof in - 1), wanted);
        cr_expect_eq(out[wanted], '\0');
        cr_expect_arr_eq(out, whole, wanted);
        cr_expect_eq(out[size], '#', "wrote behind a buffer of %zu", size);
    }
}

Test(text, cut_keeps_what_fits)
{
    cr_expect_eq(text_cut("abc", 3, 3), 3);
    cr_expect_eq(text_cut("abc", 3, 100), 3);
    cr_expect_eq(text_cut("abc", 3, 2), 2);
    cr_expect_eq(text_cut("abc", 3, 0), 0);
    cr_expect_eq(text_cut("", 0, 0), 0);
}

Test(text, cut_never_ends_inside_a_character)
{
    static const char text[] = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t wanted[] = {0, 0, 2, 2, 2, 5, 5, 5, 5, 9, 10};

    for (size_t limit = 0; limit <= 10; limit++)
        cr_expect_eq(text_cut(text, 10, limit), wanted[limit], "limit %zu",
                     limit);
}
