/* SPDX-License-Identifier: MIT */
/* wire/published: subscriptions, and what their peers are told. */
#include <criterion/criterion.h>
#include <string.h>

#include "wire/published.h"

static struct wire_published told(const char *text, size_t len)
{
    return wire_published_get((const uint8_t *)text, len);
}

Test(published, a_subscription_is_read_as_it_was_written)
{
    uint8_t prefix[WIRE_PREFIX_MAX], out[WIRE_SUBSCRIPTION_MAX];

    memset(prefix, 7, sizeof prefix);
    for (size_t size = 0; size <= sizeof prefix; size++) {
        size_t len = wire_subscription_put(out, prefix, size);
        const uint8_t *found;
        size_t found_size;

        cr_assert(wire_subscription_get(out, len, &found, &found_size));
        cr_expect_eq((const void *)found, (const void *)(out + WIRE_TAG_SIZE));
        cr_expect_eq(found_size, size);
        cr_expect_arr_eq(found, prefix, size);
    }
}

Test(published, what_is_no_subscription_is_told_from_one)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{"", 0},       {"\0SP", 3},  {"\0SP-", 4},
                {"\0SP=+", 5}, {"+", 1},     {"XSP+abc", 7}};
    uint8_t large[WIRE_SUBSCRIPTION_MAX + 1] = {0, 'S', 'P', '+'};
    const uint8_t *prefix;
    size_t size;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_not(wire_subscription_get((const uint8_t *)rows[i].bytes,
                                            rows[i].len, &prefix, &size),
                      "row %zu", i);
    cr_expect_not(wire_subscription_get(large, sizeof large, &prefix, &size));
}

Test(published, a_notice_is_read_as_it_was_written)
{
    static const uint64_t numbers[] = {0, 1, 10, 4711, UINT64_MAX};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint8_t out[WIRE_NOTICE_MAX];
        size_t len = wire_notice_put(out, numbers[i]);
        struct wire_published published = wire_published_get(out, len);

        cr_expect_leq(len, sizeof out);
        cr_expect_eq(published.kind, WIRE_PUBLISHED_NOTICE);
        cr_expect_eq(published.lost, numbers[i]);
    }
}

Test(published, a_notice_without_a_good_number_is_bad)
{
    static const char *const bad[] = {
        "", "x", "-1", "+1", " 1", "1 ", "01", "00", "1.5",
        "18446744073709551616", "99999999999999999999999"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char message[64] = "\0SP-";
        size_t len = strlen(bad[i]);

        memcpy(message + WIRE_TAG_SIZE, bad[i], len);
        cr_expect_eq(told(message, WIRE_TAG_SIZE + len).kind,
                     WIRE_PUBLISHED_BAD, "%s", bad[i]);
    }
}

Test(published, a_message_is_as_it_is_or_literal)
{
    struct wire_published plain = told("news", 4);
    struct wire_published literal = told("\0SP=\0SP-3", 9);
    struct wire_published empty = told("", 0);

    cr_expect_eq(plain.kind, WIRE_PUBLISHED_MESSAGE);
    cr_expect_arr_eq(plain.data, "news", 4);
    cr_expect_eq(literal.kind, WIRE_PUBLISHED_MESSAGE);
    cr_expect_eq(literal.size, 5);
    cr_expect_arr_eq(literal.data, "\0SP-3", 5);
    cr_expect_eq(empty.kind, WIRE_PUBLISHED_MESSAGE);
    cr_expect_eq(empty.size, 0);
}

Test(published, other_tags_are_bad)
{
    for (int tag = 0; tag < 256; tag++) {
        char message[5] = {0, 'S', 'P', (char)tag, '1'};

        if (tag != '-' && tag != '=')
            cr_expect_eq(told(message, sizeof message).kind,
                         WIRE_PUBLISHED_BAD, "tag %d", tag);
    }
    cr_expect_eq(told("\0SP", 3).kind, WIRE_PUBLISHED_BAD);
}
