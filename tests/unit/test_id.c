/* SPDX-License-Identifier: MIT */
/* The grammar of session IDs: 1 to 64 of [A-Za-z0-9_-], checked in full. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include <sp/id.h>

static bool valid(const char *id)
{
    return sp_id_valid(id, strlen(id));
}

Test(id, ordinary_ids_are_valid)
{
    cr_expect(valid("a"));
    cr_expect(valid("alice"));
    cr_expect(valid("-"));
    cr_expect(valid("_"));
    cr_expect(valid("--help"));
    cr_expect(valid("0123456789"));
    cr_expect(valid("2f1c9d0e-6a57-4b7e-9a43-2a5e3d9f0b11"));
}

Test(id, length_is_1_to_64)
{
    char id[66];

    memset(id, 'x', sizeof id);
    cr_expect_not(sp_id_valid(id, 0));
    cr_expect_not(sp_id_valid(NULL, 0));
    for (size_t len = 1; len <= 64; len++)
        cr_expect(sp_id_valid(id, len));
    cr_expect_not(sp_id_valid(id, 65));
    cr_expect_not(sp_id_valid(id, 66));
}

Test(id, exactly_64_characters_are_allowed)
{
    for (int c = 0; c < 256; c++) {
        char id = (char)c;
        bool allowed = c < 128 && (isalnum(c) || c == '_' || c == '-');

        cr_expect_eq(sp_id_valid(&id, 1), allowed, "byte %d", c);
    }
}

Test(id, a_wrong_byte_counts_at_every_place)
{
    for (size_t at = 0; at < 64; at++) {
        char id[64];

        memset(id, 'x', sizeof id);
        id[at] = '.';
        cr_expect_not(sp_id_valid(id, sizeof id), "at %zu", at);
    }
}

Test(id, what_people_try_is_refused)
{
    cr_expect_not(valid("abc\n"));
    cr_expect_not(valid("\nabc"));
    cr_expect_not(valid("../x"));
    cr_expect_not(valid("."));
    cr_expect_not(valid("a/b"));
    cr_expect_not(valid("a b"));
    cr_expect_not(valid(" a"));
    cr_expect_not(valid("a\t"));
    cr_expect_not(valid("\xc3\xa4rger"));
    cr_expect_not(valid("\xef\xbc\xa1")); /* a full-width A */
    cr_expect_not(valid("%41"));
}

Test(id, a_nul_inside_or_at_the_end_is_refused)
{
    cr_expect_not(sp_id_valid("abc", 4));
    cr_expect_not(sp_id_valid("a\0c", 3));
    cr_expect_not(sp_id_valid("\0", 1));
}
