/* SPDX-License-Identifier: MIT */
/* plug/cookie: what visitors send is found or passed over, byte by byte;
 * what is set is what browsers understand. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <sp/evhttp.h>
#include <sp/id.h>

#include "plug/cookie.h"
#include "plug/seal.h"
#include "support/leaks.h"

TestSuite(cookie, .fini = leaks_check);

#define NAME "sp_session"

/* All values of NAME in size bytes, each behind a '|'.  The bytes lie in memory
 * of exactly their size, so that a sanitizer sees a step beyond it. */
static char *values_of(const char *bytes, size_t size)
{
    char *header = malloc(size ? size : 1), *out = calloc(1, size + 64);
    struct cookie_scan scan = {header, size};
    struct cookie_value value;

    cr_assert(header && out);
    memcpy(header, bytes, size);
    while (cookie_scan_next(&scan, NAME, &value)) {
        strcat(out, "|");
        strncat(out, value.at, value.size);
    }
    cr_assert(!cookie_scan_next(&scan, NAME, &value), "the end is the end");
    free(header);
    return out;
}

static void expect(const char *header, const char *values)
{
    char *found = values_of(header, strlen(header));

    cr_expect_str_eq(found, values, "%s: found %s", header, found);
    free(found);
}

Test(cookie, finds_the_value_among_others)
{
    expect("sp_session=abc", "|abc");
    expect("a=1; sp_session=abc; b=2", "|abc");
    expect("a=1;sp_session=abc;b=2", "|abc");
    expect(";;; sp_session=abc ;", "|abc");
    expect("\t sp_session \t=\t abc \t", "|abc");
}

Test(cookie, gives_every_value_of_the_name_in_order)
{
    expect("sp_session=a; sp_session=b; x=y; sp_session=c", "|a|b|c");
    expect("sp_session=; sp_session=b", "||b");
}

Test(cookie, takes_only_the_whole_name_in_its_own_case)
{
    expect("xsp_session=a", "");
    expect("sp_sessionx=a", "");
    expect("sp_sessio=a", "");
    expect("SP_SESSION=a", "");
    expect("sp session=a", "");
    expect("sp_session", "");
    expect("=a", "");
    expect("x=sp_session=a", "");
    expect("", "");
}

Test(cookie, takes_quotes_off_only_in_pairs)
{
    expect("sp_session=\"abc\"", "|abc");
    expect("sp_session= \"abc\" ", "|abc");
    expect("sp_session=\"\"", "|");
    expect("sp_session=\"", "|\"");
    expect("sp_session=\"abc", "|\"abc");
    expect("sp_session=abc\"", "|abc\"");
    expect("sp_session=\"a;sp_session=b\"", "|\"a|b\"");
}

Test(cookie, keeps_what_follows_the_first_equals_sign)
{
    expect("sp_session=a=b=", "|a=b=");
    expect("sp_session==", "|=");
}

Test(cookie, passes_over_any_bytes)
{
    static const char bytes[] = "\0\xff=\xfe; sp_session=a\0b\x80; \x01";
    struct cookie_scan scan = {bytes, sizeof bytes - 1};
    struct cookie_value value;

    cr_assert(cookie_scan_next(&scan, NAME, &value));
    cr_assert_eq(value.size, 4);
    cr_assert_arr_eq(value.at, "a\0b\x80", 4);
    cr_assert(!cookie_scan_next(&scan, NAME, &value));
}

Test(cookie, reads_no_byte_behind_its_header)
{
    static const char header[] = "a=\"1\"; sp_session=\"abc\"; b";

    for (size_t size = 0; size < sizeof header; size++)
        free(values_of(header, size));
}

Test(cookie, finds_the_last_cookie_of_a_long_header)
{
    enum { PAIRS = 20000 };
    char *header = malloc(PAIRS * 5 + 64), *found;
    size_t size = 0;

    cr_assert(header);
    for (int i = 0; i < PAIRS; i++, size += 5)
        memcpy(header + size, "ab=c;", 5);
    strcpy(header + size, " sp_session=x");
    found = values_of(header, strlen(header));
    cr_assert_str_eq(found, "|x");
    free(found);
    free(header);
}

Test(cookie, ends_with_any_header)
{
    static const char alphabet[] = "sp_session=\"; \t\0x";
    char header[48];

    srand(1);
    for (int i = 0; i < 50000; i++) {
        size_t size = (size_t)rand() % sizeof header;

        for (size_t k = 0; k < size; k++)
            header[k] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
        free(values_of(header, size));
    }
}

Test(cookie, is_set_for_the_whole_site_and_for_no_script)
{
    char value[COOKIE_SET_MAX];

    cookie_set_format(value, "sp_session", "abc", false);
    cr_assert_str_eq(value, "sp_session=abc; Path=/; HttpOnly; SameSite=Lax");
    cookie_set_format(value, "sp_session", "abc", true);
    cr_assert_str_eq(value,
                     "sp_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
}

Test(cookie, of_the_longest_name_and_value_is_set_whole)
{
    char name[COOKIE_NAME_MAX + 1] = "", sealed[SEAL_MAX + 1] = "";
    char value[COOKIE_SET_MAX];

    memset(name, 'n', COOKIE_NAME_MAX);
    memset(sealed, 's', SEAL_MAX);
    cookie_set_format(value, name, sealed, true);
    cr_assert_str_eq(value + strlen(value) - 8, "; Secure");
    cr_assert_eq(strlen(value), COOKIE_NAME_MAX + SEAL_MAX +
                                    strlen("=; Path=/; HttpOnly; SameSite=Lax"
                                           "; Secure"));
}

Test(cookie, names_are_tokens_of_bounded_length)
{
    char longest[SP_PLUG_COOKIE_MAX + 2] = "";

    cr_expect(cookie_name_valid("sp_session"));
    cr_expect(cookie_name_valid("__Host-id"));
    cr_expect(cookie_name_valid("!#$%&'*+-.^_`|~09azAZ"));
    cr_expect(!cookie_name_valid(""));
    for (const char *c = " \t\r\n\x7f\x80\xff()<>@,;:\\\"/[]?={}"; *c; c++) {
        char name[] = {'a', *c, 'b', '\0'};

        cr_expect(!cookie_name_valid(name), "byte %d", *c);
    }
    memset(longest, 'a', SP_PLUG_COOKIE_MAX);
    cr_expect(cookie_name_valid(longest));
    longest[SP_PLUG_COOKIE_MAX] = 'a';
    cr_expect(!cookie_name_valid(longest));
}

Test(cookie, knows_the_names_that_want_tls)
{
    cr_expect(cookie_name_wants_secure("__Host-a"));
    cr_expect(cookie_name_wants_secure("__secure-a"));
    cr_expect(!cookie_name_wants_secure("__Host"));
    cr_expect(!cookie_name_wants_secure("Host-a"));
}
