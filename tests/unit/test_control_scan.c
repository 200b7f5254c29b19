/* SPDX-License-Identifier: MIT */
/* wire/control_scan: the plain form of a request, and that every other one is
 * left to jansson. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/leaks.h"
#include "wire/control_scan.h"

TestSuite(control_scan, .fini = leaks_check);

/* From memory that ends where the bytes do. */
static bool scan(const char *json, size_t size, struct control_plain *out_plain)
{
    char *copy = malloc(size + (size == 0));
    bool plain;

    cr_assert_not_null(copy);
    memcpy(copy, json, size);
    plain = control_scan(copy, size, out_plain);
    free(copy);
    return plain;
}

static void expect_text(const struct control_text *text, const char *wanted)
{
    cr_assert_not_null(text->bytes);
    cr_expect_eq(text->size, strlen(wanted));
    cr_expect_arr_eq(text->bytes, wanted, strlen(wanted));
}

Test(control_scan, a_start_is_taken_whole)
{
    static const char json[] = "{\"op\":\"start\",\"id\":\"a-1\",\"module\":"
                               "\"echo\",\"arg_base64\":\"aGk=\"}";
    struct control_plain plain;

    cr_assert(control_scan(json, sizeof json - 1, &plain));
    expect_text(&plain.op, "start");
    expect_text(&plain.id, "a-1");
    expect_text(&plain.module, "echo");
    expect_text(&plain.arg_base64, "aGk=");
}

Test(control_scan, keys_come_in_any_order_or_not_at_all)
{
    static const char json[] = "{\"id\":\"\",\"op\":\"stop\"}";
    struct control_plain plain;

    cr_assert(control_scan(json, sizeof json - 1, &plain));
    expect_text(&plain.op, "stop");
    expect_text(&plain.id, "");
    cr_expect_null(plain.module.bytes);
    cr_expect_null(plain.arg_base64.bytes);
}

Test(control_scan, every_other_form_is_left_to_jansson)
{
    static const char *const others[] = {
        "",
        "{",
        "{}",
        "[]",
        "\"op\"",
        " {\"op\":\"stop\"}",
        "{\"op\":\"stop\"} ",
        "{\"op\":\"stop\"}}",
        "{ \"op\":\"stop\"}",
        "{\"op\" :\"stop\"}",
        "{\"op\":\"stop\",}",
        "{\"op\":\"stop\" ,\"id\":\"a\"}",
        "{\"op\":\"stop\",\"op\":\"stop\"}",
        "{\"op\":\"stop\",\"id\":\"a\",\"id\":\"a\"}",
        "{\"op\":\"stop\",\"pid\":7}",
        "{\"op\":\"stop\",\"drain\":true}",
        "{\"op\":\"start\",\"arg\":\"7\"}",
        "{\"op\":\"stop\",\"i\":\"a\"}",
        "{\"op\":\"stop\",\"idd\":\"a\"}",
        "{\"op\":null}",
        "{\"op\":{\"op\":\"stop\"}}",
        "{\"op\":\"st\\u006fp\"}",
        "{\"op\":\"st\\\"op\"}",
        "{\"op\":\"st\177op\"}",
        "{\"op\":\"gr\303\274n\"}",
        "{\"op\":\"a\tb\"}",
        "{\"op\":stop}",
    };
    struct control_plain plain;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect(!scan(others[i], strlen(others[i]), &plain), "%s",
                  others[i]);
    cr_expect(!scan("{\"op\":\"a\0b\"}", 12, &plain));
}

Test(control_scan, what_ends_early_is_left_to_jansson)
{
    static const char json[] = "{\"op\":\"start\",\"id\":\"a\"}";
    struct control_plain plain;

    for (size_t size = 0; size < sizeof json - 1; size++)
        cr_expect(!scan(json, size, &plain), "%zu", size);
}
