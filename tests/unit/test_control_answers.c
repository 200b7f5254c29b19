/* SPDX-License-Identifier: MIT */
/* wire/control: answers. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/leaks.h"
#include "wire/control.h"

TestSuite(control_answers, .fini = leaks_check);

static enum sp_error decode_answer(const char *json, json_t **out_answer,
                                   char text[256])
{
    strcpy(text, "(untouched)");
    return control_answer_decode(json, strlen(json), out_answer, text, 256);
}

Test(control_answers, an_answer_of_yes_is_the_object)
{
    json_t *answer;
    char text[256];

    cr_assert_eq(
        decode_answer("{\"ok\":true,\"pid\":4711,\"new\":[1]}", &answer, text),
        SP_OK);
    cr_expect_eq(json_integer_value(json_object_get(answer, "pid")), 4711);
    json_decref(answer);
}

Test(control_answers, an_answer_of_no_tells_its_error_and_text)
{
    json_t *answer;
    char text[256];

    cr_assert_eq(decode_answer("{\"ok\":false,\"error\":4,\"name\":"
                               "\"SP_EALREADY\",\"text\":\"a\\nb\",\"pid\":7}",
                               &answer, text),
                 SP_EALREADY);
    cr_expect_str_eq(text, "a\\x0ab");
    cr_expect_eq(json_integer_value(json_object_get(answer, "pid")), 7);
    json_decref(answer);
}

Test(control_answers, an_answer_that_makes_no_sense_is_a_protocol_error)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "true",
        "{\"ok\":1}",
        "{\"ok\":\"true\"}",
        "{\"ok\":false}",
        "{\"ok\":false,\"error\":0,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":9999,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":-1,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":4294967297,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":\"1\",\"text\":\"x\"}",
        "{\"ok\":false,\"error\":1}",
        "{\"ok\":false,\"error\":1,\"text\":1}",
        "{\"ok\":true,\"ok\":true}",
        "{\"ok\":true}x",
        "{\"ok\":true",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json_t *answer = (json_t *)1;
        char text[256];

        cr_expect_eq(decode_answer(bad[i], &answer, text), SP_EPROTO, "%s",
                     bad[i]);
        cr_expect_null(answer);
        cr_expect_str_neq(text, "(untouched)");
    }
}

/* What nests too deep is not parsed; brackets in strings are none. */
Test(control_answers, nests_no_deeper_than_allowed)
{
    char json[4096] = "{\"ok\":true,\"text\":\"";
    json_t *answer;
    char text[256];
    size_t used = strlen(json);

    memset(json + used, '[', 1000);
    strcpy(json + used + 1000, "\",\"x\":");
    used = strlen(json);
    for (int depth = 14; depth < 17; depth++) {
        memset(json + used, '[', (size_t)depth);
        memset(json + used + depth, ']', (size_t)depth);
        strcpy(json + used + 2 * depth, "}");
        cr_expect_eq(decode_answer(json, &answer, text),
                     depth < CONTROL_TOLD_DEPTH_MAX ? SP_OK : SP_EPROTO,
                     "depth %d", depth);
        json_decref(answer);
    }
    cr_expect_null(control_told("[[", 2));
}

Test(control_answers, every_error_survives_the_round_trip)
{
    static const enum sp_error errors[] = {
#define ROW(name, number, exit, from_session, text) name,
        SP_ERROR_TABLE(ROW)
#undef ROW
    };

    for (size_t i = 1; i < sizeof errors / sizeof errors[0]; i++) {
        json_t *object = control_answer_error(errors[i], NULL), *answer;
        char *json = json_dumps(object, JSON_COMPACT), text[256];

        cr_assert_eq(decode_answer(json, &answer, text), errors[i]);
        cr_expect_str_eq(text, sp_strerror(errors[i]));
        cr_expect_str_eq(json_string_value(json_object_get(answer, "name")),
                         sp_error_name(errors[i]));
        json_decref(answer);
        json_decref(object);
        free(json);
    }
}

Test(control_answers, the_text_of_a_stranger_is_made_printable_for_an_answer)
{
    char text[4096];
    json_t *object;
    const char *told;

    object = control_answer_error(SP_EINIT, "\xff\033[2J\xc3\xa4");
    told = json_string_value(json_object_get(object, "text"));
    cr_expect_str_eq(told, "\\xff\\x1b[2J\xc3\xa4");
    json_decref(object);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    object = control_answer_error(SP_EINIT, text);
    told = json_string_value(json_object_get(object, "text"));
    cr_expect_eq(strlen(told), SP_TEXT_MAX);
    json_decref(object);
}

Test(control_answers, an_answer_of_ok_starts_as_just_that)
{
    json_t *object = control_answer_ok();

    cr_expect_eq(json_object_size(object), 1);
    cr_expect(json_is_true(json_object_get(object, "ok")));
    json_decref(object);
}
