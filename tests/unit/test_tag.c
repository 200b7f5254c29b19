/* SPDX-License-Identifier: MIT */
/* wire/tag: the runtime's marks in bodies, and errors on the wire. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "wire/tag.h"

static struct wire_body body_of(const char *text, size_t len)
{
    return wire_body_get((const uint8_t *)text, len);
}

Test(tag, a_body_without_the_mark_is_plain_as_it_is)
{
    static const char *const bodies[] = {"", "a", "incr n", "SP!", "XSP!"};

    for (size_t i = 0; i < 5; i++) {
        struct wire_body body = body_of(bodies[i], strlen(bodies[i]));

        cr_expect_eq(body.kind, WIRE_BODY_PLAIN);
        cr_expect_eq((const void *)body.data, (const void *)bodies[i]);
        cr_expect_eq(body.size, strlen(bodies[i]));
    }
}

Test(tag, a_part_of_the_mark_is_plain)
{
    for (size_t len = 0; len < 3; len++) {
        struct wire_body body = body_of("\0SP", len);

        cr_expect_eq(body.kind, WIRE_BODY_PLAIN);
        cr_expect_eq(body.size, len);
    }
    cr_expect_eq(body_of("\0SQ!", 4).kind, WIRE_BODY_PLAIN);
    cr_expect_eq(body_of("\0Sp!", 4).kind, WIRE_BODY_PLAIN);
}

Test(tag, the_mark_alone_is_bad)
{
    cr_expect_eq(body_of("\0SP", 3).kind, WIRE_BODY_BAD);
    cr_expect_eq(body_of("\0SP=", 3).kind, WIRE_BODY_BAD); /* not its byte */
}

Test(tag, exactly_four_tags_are_known)
{
    for (int tag = 0; tag < 256; tag++) {
        uint8_t bytes[7] = {0, 'S', 'P', (uint8_t)tag, 'x', 'y', 'z'};
        struct wire_body body = wire_body_get(bytes, sizeof bytes);
        enum wire_body_kind wanted = tag == '!'   ? WIRE_BODY_ERROR
                                     : tag == '=' ? WIRE_BODY_PLAIN
                                     : tag == '>' ? WIRE_BODY_CAST
                                     : tag == '&' ? WIRE_BODY_CAST_ACKED
                                                  : WIRE_BODY_BAD;

        cr_expect_eq(body.kind, wanted, "tag %d", tag);
        if (wanted == WIRE_BODY_BAD)
            continue;
        cr_expect_eq(body.size, 3);
        cr_expect_arr_eq(body.data, "xyz", 3);
    }
}

Test(tag, a_literal_may_start_with_the_mark_itself)
{
    struct wire_body body = body_of("\0SP=\0SP!", 8);

    cr_assert_eq(body.kind, WIRE_BODY_PLAIN);
    cr_assert_eq(body.size, 4);
    cr_assert_arr_eq(body.data, "\0SP!", 4);
}

Test(tag, exactly_bodies_that_start_with_the_mark_need_the_literal_tag)
{
    cr_expect(wire_body_needs_literal((const uint8_t *)"\0SP", 3));
    cr_expect(wire_body_needs_literal((const uint8_t *)"\0SPx", 4));
    cr_expect_not(wire_body_needs_literal((const uint8_t *)"\0S", 2));
    cr_expect_not(wire_body_needs_literal((const uint8_t *)"SP", 2));
    cr_expect_not(wire_body_needs_literal((const uint8_t *)"", 0));
}

Test(tag, put_writes_the_mark_and_the_tag)
{
    uint8_t bytes[4];

    wire_tag_put(bytes, '>');
    cr_assert_arr_eq(bytes, "\0SP>", 4);
}

/* ---- errors ---- */

static const struct {
    enum sp_error error;
    bool from_session;
} errors[] = {
#define ROW(name, number, exit, from_session, text) {name, from_session},
    SP_ERROR_TABLE(ROW)
#undef ROW
};

Test(tag, an_error_has_the_bytes_of_the_protocol)
{
    uint8_t bytes[WIRE_ERROR_MAX];
    size_t size = wire_error_put(bytes, SP_EREPLY, "no such key: n", 14);

    cr_assert_eq(size, 4 + 2 + 14);
    cr_assert_arr_eq(bytes, "\0SP!7 no such key: n", size);
}

Test(tag, every_error_is_accepted_exactly_if_a_session_may_claim_it)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        uint8_t bytes[WIRE_ERROR_MAX];
        size_t size = wire_error_put(bytes, errors[i].error, "why", 3);
        struct wire_body body = wire_body_get(bytes, size);
        enum sp_error error = SP_OK;
        const char *text = NULL;
        size_t len = 0;

        cr_expect_eq(body.kind, WIRE_BODY_ERROR);
        if (!errors[i].from_session) {
            cr_expect_eq(
                wire_error_get(body.data, body.size, &error, &text, &len),
                SP_EPROTO);
            continue;
        }
        cr_expect_eq(wire_error_get(body.data, body.size, &error, &text, &len),
                     SP_OK);
        cr_expect_eq(error, errors[i].error);
        cr_expect_eq(len, 3);
        cr_expect_arr_eq(text, "why", 3);
    }
}

static enum sp_error get_error(const char *bytes, size_t len)
{
    enum sp_error error;
    const char *text;
    size_t text_len;

    return wire_error_get((const uint8_t *)bytes, len, &error, &text,
                          &text_len);
}

Test(tag, what_is_not_number_space_text_is_a_protocol_error)
{
    static const char *const bad[] = {
        "",       "7",       " 7 x", "x",           "7x",   "-7 x",
        "+7 x",   "99999 x", "22 x", "4294967303 x", "0x7 x", "7\tx",
        "7.0 x",  " ",       "\xd9\xa7 x",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(get_error(bad[i], strlen(bad[i])), SP_EPROTO, "'%s'",
                     bad[i]);
    cr_expect_eq(get_error("7 ", 2), SP_OK);
    cr_expect_eq(get_error("7  x", 4), SP_OK);
}

Test(tag, a_text_of_1024_bytes_is_accepted_and_one_more_is_not)
{
    char bytes[2 + SP_TEXT_MAX + 1];

    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "7 ", 2);
    cr_expect_eq(get_error(bytes, 2 + SP_TEXT_MAX), SP_OK);
    cr_expect_eq(get_error(bytes, 2 + SP_TEXT_MAX + 1), SP_EPROTO);
}

Test(tag, a_long_text_is_cut_between_characters)
{
    uint8_t bytes[WIRE_ERROR_MAX];
    char text[2 * SP_TEXT_MAX];
    size_t size;

    memset(text, 'x', sizeof text);
    size = wire_error_put(bytes, SP_EREPLY, text, sizeof text);
    cr_expect_eq(size, 4 + 2 + SP_TEXT_MAX);
    memcpy(text + SP_TEXT_MAX - 1, "\xe2\x82\xac", 3);
    size = wire_error_put(bytes, SP_EREPLY, text, sizeof text);
    cr_expect_eq(size, 4 + 2 + SP_TEXT_MAX - 1);
}

Test(tag, the_largest_error_fits_its_room)
{
    uint8_t bytes[WIRE_ERROR_MAX];
    char text[SP_TEXT_MAX];

    memset(text, 'x', sizeof text);
    cr_expect_eq(wire_error_put(bytes, (enum sp_error)UINT32_MAX, text,
                                sizeof text),
                 WIRE_ERROR_MAX);
}

Test(tag, an_error_without_text_is_whole)
{
    uint8_t bytes[WIRE_ERROR_MAX];
    size_t size = wire_error_put(bytes, SP_EREQUEST, "", 0);

    cr_assert_eq(size, 6);
    cr_assert_arr_eq(bytes, "\0SP!8 ", 6);
    cr_assert_eq(get_error((const char *)bytes + 4, 2), SP_OK);
}
