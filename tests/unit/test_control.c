/* SPDX-License-Identifier: MIT */
/* wire/control: requests and answers on the control socket. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/control.h"
#include "support/leaks.h"

TestSuite(control, .fini = leaks_check);

/* ---- requests ---- */

static enum sp_error decode(const char *json, size_t size,
                            struct control_request *out, char text[256])
{
    /* alone in memory: a read behind the bytes shows */
    char *copy = malloc(size + (size == 0));
    enum sp_error error;

    cr_assert_not_null(copy);
    memcpy(copy, json, size);
    strcpy(text, "(untouched)");
    error = control_request_decode(copy, size, out, text, 256);
    free(copy);
    return error;
}

static void assert_refused(const char *json, size_t size, enum sp_error wanted,
                           const char *culprit)
{
    struct control_request request;
    char text[256];
    enum sp_error error = decode(json, size, &request, text);

    if (error == SP_OK)
        control_request_fini(&request);
    cr_expect_eq(error, wanted, "%.200s: %s: %s", json, sp_error_name(error),
                 text);
    cr_expect_not_null(strstr(text, culprit), "'%s' names no '%s'", text,
                       culprit);
}
#define REFUSED(json, error, culprit)                                          \
    assert_refused((json), strlen(json), (error), (culprit))

static struct control_request accepted(const char *json)
{
    struct control_request request;
    char text[256];
    enum sp_error error = decode(json, strlen(json), &request, text);

    cr_assert_eq(error, SP_OK, "%s: %s", json, text);
    return request;
}

Test(control, every_operation_is_decoded)
{
    static const struct {
        const char *json;
        enum control_op op;
    } rows[] = {
        {"{\"op\":\"ping\"}", CONTROL_PING},
        {"{\"op\":\"start\",\"id\":\"a\"}", CONTROL_START},
        {"{\"op\":\"stop\",\"id\":\"a\"}", CONTROL_STOP},
        {"{\"op\":\"info\",\"id\":\"a\"}", CONTROL_INFO},
        {"{\"op\":\"list\"}", CONTROL_LIST},
        {"{\"op\":\"modules\"}", CONTROL_MODULES},
    };

    cr_assert_eq(sizeof rows / sizeof rows[0], CONTROL_OPS);
    for (size_t i = 0; i < CONTROL_OPS; i++) {
        struct control_request request = accepted(rows[i].json);

        cr_expect_eq(request.op, rows[i].op);
        control_request_fini(&request);
    }
}

Test(control, a_start_has_all_its_keys)
{
    struct control_request request =
        accepted(" { \"arg\" : \"7\" , \"module\":\"counter\",\"id\":\"alice\","
                 "\"op\":\"start\"}\n");

    cr_expect_eq(request.op, CONTROL_START);
    cr_expect_str_eq(request.id, "alice");
    cr_expect_str_eq(request.module, "counter");
    cr_expect_eq(request.arg_size, 1);
    cr_expect_arr_eq(request.arg, "7", 1);
    cr_expect_eq(request.keys,
                 CONTROL_KEY_ID | CONTROL_KEY_MODULE | CONTROL_KEY_ARG);
    control_request_fini(&request);
}

Test(control, a_key_that_was_not_given_leaves_its_field_empty)
{
    struct control_request request = accepted("{\"op\":\"start\",\"id\":\"a\"}");

    cr_expect_str_eq(request.module, "");
    cr_expect_null(request.arg);
    cr_expect_eq(request.arg_size, 0);
    cr_expect_eq(request.pid, 0);
    cr_expect_eq(request.keys, CONTROL_KEY_ID);
    control_request_fini(&request);
}

Test(control, arg_is_the_text_itself)
{
    struct control_request request = accepted(
        "{\"op\":\"start\",\"id\":\"a\",\"arg\":\"gr\\u00fc\\u00df \\n\\\"\"}");

    cr_expect_eq(request.arg_size, 9);
    cr_expect_arr_eq(request.arg, "gr\xc3\xbc\xc3\x9f \n\"", 9);
    control_request_fini(&request);
}

Test(control, arg_base64_carries_any_bytes)
{
    struct control_request request = accepted(
        "{\"op\":\"start\",\"id\":\"a\",\"arg_base64\":\"AP8KAA==\"}");

    cr_expect_eq(request.arg_size, 4);
    cr_expect_arr_eq(request.arg, "\0\xff\n\0", 4);
    control_request_fini(&request);
}

Test(control, an_empty_arg_is_given_and_empty)
{
    static const char *const forms[] = {
        "{\"op\":\"start\",\"id\":\"a\",\"arg\":\"\"}",
        "{\"op\":\"start\",\"id\":\"a\",\"arg_base64\":\"\"}",
    };

    for (size_t i = 0; i < 2; i++) {
        struct control_request request = accepted(forms[i]);

        cr_expect_eq(request.arg_size, 0);
        cr_expect_neq(request.keys, CONTROL_KEY_ID);
        control_request_fini(&request);
    }
}

Test(control, both_forms_of_the_argument_together_are_refused)
{
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"arg\":\"x\",\"arg_base64\":"
            "\"AA==\"}",
            SP_EINVAL, "arg_base64");
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"arg\":\"\",\"arg_base64\":\"\"}",
            SP_EINVAL, "arg_base64");
}

Test(control, a_stop_wants_exactly_one_of_id_and_pid)
{
    struct control_request request = accepted("{\"op\":\"stop\",\"pid\":4711}");

    cr_expect_eq(request.pid, 4711);
    cr_expect_eq(request.keys, CONTROL_KEY_PID);
    control_request_fini(&request);
    REFUSED("{\"op\":\"stop\"}", SP_EINVAL, "\"id\" and \"pid\"");
    REFUSED("{\"op\":\"stop\",\"id\":\"a\",\"pid\":4711}", SP_EINVAL,
            "\"id\" and \"pid\"");
}

Test(control, a_missing_id_is_refused)
{
    REFUSED("{\"op\":\"start\"}", SP_EINVAL, "\"id\"");
    REFUSED("{\"op\":\"info\"}", SP_EINVAL, "\"id\"");
}

Test(control, an_unknown_key_is_refused_by_name)
{
    REFUSED("{\"op\":\"ping\",\"colour\":1}", SP_EINVAL, "colour");
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"Module\":\"m\"}", SP_EINVAL,
            "Module");
}

Test(control, a_key_of_another_operation_is_refused_by_name)
{
    REFUSED("{\"op\":\"list\",\"id\":\"a\"}", SP_EINVAL, "'id'");
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"pid\":4711}", SP_EINVAL, "'pid'");
    REFUSED("{\"op\":\"info\",\"id\":\"a\",\"arg\":\"x\"}", SP_EINVAL, "'arg'");
}

Test(control, a_key_given_twice_is_refused)
{
    REFUSED("{\"op\":\"info\",\"id\":\"a\",\"id\":\"a\"}", SP_EINVAL,
            "duplicate");
    REFUSED("{\"op\":\"info\",\"op\":\"info\",\"id\":\"a\"}", SP_EINVAL,
            "duplicate");
}

Test(control, the_operation_is_there_a_string_and_known)
{
    REFUSED("{}", SP_EINVAL, "\"op\"");
    REFUSED("{\"id\":\"a\"}", SP_EINVAL, "\"op\"");
    REFUSED("{\"op\":1}", SP_EINVAL, "\"op\"");
    REFUSED("{\"op\":\"reboot\"}", SP_EINVAL, "reboot");
    REFUSED("{\"op\":\"PING\"}", SP_EINVAL, "PING");
    REFUSED("{\"op\":\"\"}", SP_EINVAL, "\"op\"");
}

Test(control, values_of_the_wrong_type_are_refused_by_key)
{
    static const char *const values[] = {"1", "1.5", "null", "true", "[]",
                                         "{}"};
    static const char *const keys[] = {"id", "module", "arg", "arg_base64"};

    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 4; j++) {
            char json[128];

            snprintf(json, sizeof json, "{\"op\":\"start\",%s\"%s\":%s}",
                     j == 0 ? "" : "\"id\":\"a\",", keys[j], values[i]);
            REFUSED(json, SP_EINVAL, j == 3 ? "arg" : keys[j]);
        }
}

Test(control, a_pid_is_a_whole_number_above_1)
{
    static const char *const bad[] = {"0",  "1",    "-1",  "1.5", "\"4711\"",
                                      "-4711", "true", "null", "2147483648",
                                      "9007199254740993", "4711.0"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char json[64];

        snprintf(json, sizeof json, "{\"op\":\"stop\",\"pid\":%s}", bad[i]);
        REFUSED(json, SP_EINVAL, "\"pid\"");
    }
}

Test(control, an_invalid_id_is_refused_as_such_on_every_operation)
{
    static const char *const ops[] = {"start", "stop", "info"};
    static const char *const ids[] = {"", "../x", "abc\\n", "a b", "a/b",
                                      "\\u00e4", "."};

    for (size_t i = 0; i < 3; i++) {
        char json[256], id[66];

        for (size_t j = 0; j < sizeof ids / sizeof ids[0]; j++) {
            snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"}",
                     ops[i], ids[j]);
            REFUSED(json, SP_EBADID, "invalid session ID");
        }
        memset(id, 'x', 65);
        id[65] = '\0';
        snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"}", ops[i],
                 id);
        REFUSED(json, SP_EBADID, "invalid session ID");
        id[64] = '\0';
        snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"}", ops[i],
                 id);
        struct control_request request = accepted(json);

        cr_expect_str_eq(request.id, id);
        control_request_fini(&request);
    }
}

Test(control, a_name_that_no_module_can_have_is_an_unknown_module)
{
    char json[256], name[66];

    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"module\":\"\"}", SP_EMODULE,
            "unknown module");
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"module\":\"../../evil\"}",
            SP_EMODULE, "../../evil");
    memset(name, 'm', 65);
    name[65] = '\0';
    snprintf(json, sizeof json,
             "{\"op\":\"start\",\"id\":\"a\",\"module\":\"%s\"}", name);
    REFUSED(json, SP_EMODULE, "unknown module");
}

Test(control, a_nul_anywhere_is_refused)
{
    static const char inside[] = "{\"op\":\"info\",\"id\":\"a\0b\"}";
    static const char behind[] = "{\"op\":\"ping\"}\0";

    assert_refused(inside, sizeof inside - 1, SP_EINVAL, "not JSON");
    assert_refused(behind, sizeof behind - 1, SP_EINVAL, "not JSON");
    REFUSED("{\"op\":\"info\",\"id\":\"a\\u0000b\"}", SP_EINVAL, "not JSON");
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"arg\":\"\\u0000\"}", SP_EINVAL,
            "not JSON");
    REFUSED("{\"op\":\"ping\",\"\\u0000\":1}", SP_EINVAL, "not JSON");
}

Test(control, what_is_not_one_json_object_is_refused)
{
    static const char *const bad[] = {
        "", " ", "{", "}", "[", "ping", "{\"op\":\"ping\"", "{\"op\":\"ping\"}}",
        "{\"op\":\"ping\"}{}", "{'op':'ping'}", "{\"op\":\"ping\",}",
        "{\"op\":\"\xff\"}", "{\"op\":\"ping\"} x", "\"ping\"", "1", "[]",
        "null", "[{\"op\":\"ping\"}]",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        REFUSED(bad[i], SP_EINVAL, "request");
}

Test(control, depth_4_is_looked_at_and_depth_5_is_refused_unread)
{
    REFUSED("{\"op\":[[[1]]]}", SP_EINVAL, "\"op\"");
    REFUSED("{\"op\":[[[[1]]]]}", SP_EINVAL, "deeper");
    REFUSED("{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}", SP_EINVAL, "deeper");
    REFUSED("]]]][[[[[", SP_EINVAL, "not JSON");
}

Test(control, brackets_in_strings_are_not_depth)
{
    struct control_request request =
        accepted("{\"op\":\"start\",\"id\":\"a\",\"arg\":\"[[[[[{{{\\\"[[[\"}");

    cr_expect_eq(request.arg_size, 12);
    control_request_fini(&request);
}

/* A start of exactly `size` bytes. */
static char *request_of_size(size_t size)
{
    static const char head[] = "{\"op\":\"start\",\"id\":\"a\",\"arg\":\"";
    char *json = malloc(size + 1);

    cr_assert_not_null(json);
    memset(json, 'x', size);
    memcpy(json, head, sizeof head - 1);
    memcpy(json + size - 2, "\"}", 3);
    return json;
}

Test(control, a_request_of_1_mib_is_taken_and_one_byte_more_is_not)
{
    char *json = request_of_size(CONTROL_REQUEST_MAX);
    struct control_request request = accepted(json);

    cr_expect_gt(request.arg_size, CONTROL_REQUEST_MAX - 64);
    control_request_fini(&request);
    free(json);
    json = request_of_size(CONTROL_REQUEST_MAX + 1);
    assert_refused(json, CONTROL_REQUEST_MAX + 1, SP_EMSGSIZE, "1048577");
    free(json);
}

Test(control, a_request_cut_anywhere_is_refused)
{
    static const char whole[] = "{\"op\":\"start\",\"id\":\"a\",\"arg\":\"\\n\"}";

    for (size_t size = 0; size < sizeof whole - 1; size++)
        assert_refused(whole, size, SP_EINVAL, "");
}

Test(control, the_text_of_a_refusal_is_printable_and_fits)
{
    static const char escape[] = "{\"op\":\"a\\u001b[2J\"}";
    struct control_request request;
    char text[256];

    decode(escape, strlen(escape), &request, text);
    cr_expect_not_null(strstr(text, "\\x1b[2J"));
    for (size_t size = 1; size < 40; size++) {
        memset(text, '#', sizeof text);
        control_request_decode("{\"op\":\"reboot\"}", 15, &request, text, size);
        cr_expect_lt(strlen(text), size);
        cr_expect_eq(text[size], '#');
    }
}

Test(control, what_it_wrote_is_untouched_on_failure)
{
    struct control_request request, before;
    char text[256];

    memset(&request, 0x5a, sizeof request);
    before = request;
    decode("{\"op\":\"info\"}", 13, &request, text);
    cr_assert_arr_eq((uint8_t *)&request, (uint8_t *)&before, sizeof request);
}

/* ---- round trip ---- */

static void assert_round_trip(const struct control_request *request)
{
    struct control_request back;
    char text[256];
    size_t size = 0;
    char *json = control_request_encode(request, &size);
    enum sp_error error;

    cr_assert_not_null(json);
    cr_assert_eq(size, strlen(json));
    error = decode(json, size, &back, text);
    cr_assert_eq(error, SP_OK, "%s: %s", json, text);
    cr_expect_eq(back.op, request->op);
    cr_expect_str_eq(back.id, request->id);
    cr_expect_str_eq(back.module, request->module);
    cr_expect_eq(back.pid, request->pid);
    cr_expect_eq(back.arg_size, request->arg_size);
    cr_expect(request->arg_size == 0 ||
              memcmp(back.arg, request->arg, request->arg_size) == 0);
    control_request_fini(&back);
    free(json);
}

Test(control, every_operation_survives_the_round_trip)
{
    static const struct {
        unsigned one_of, optional;
    } rows[] = {
#define ROW(op, NAME, one_of, optional) {(one_of), (optional)},
        CONTROL_OP_TABLE(ROW)
#undef ROW
    };
    uint8_t arg[256];

    for (size_t i = 0; i < sizeof arg; i++)
        arg[i] = (uint8_t)i;
    for (size_t op = 0; op < CONTROL_OPS; op++)
        for (unsigned keys = 0; keys < 16; keys++) {
            unsigned one = keys & rows[op].one_of;
            struct control_request request = {.op = (enum control_op)op,
                                              .keys = keys};

            if ((keys & ~(rows[op].one_of | rows[op].optional)) ||
                (rows[op].one_of && (one == 0 || (one & (one - 1)))))
                continue;
            if (keys & CONTROL_KEY_ID)
                strcpy(request.id, "alice");
            if (keys & CONTROL_KEY_PID)
                request.pid = 4711;
            if (keys & CONTROL_KEY_MODULE)
                strcpy(request.module, "counter");
            for (size_t size = 0; size <= sizeof arg; size++) {
                if (keys & CONTROL_KEY_ARG) {
                    request.arg = arg;
                    request.arg_size = size;
                }
                assert_round_trip(&request);
                if (!(keys & CONTROL_KEY_ARG))
                    break;
            }
        }
}

/* ---- answers ---- */

static enum sp_error decode_answer(const char *json, json_t **out_answer,
                                   char text[256])
{
    strcpy(text, "(untouched)");
    return control_answer_decode(json, strlen(json), out_answer, text, 256);
}

Test(control, an_answer_of_yes_is_the_object)
{
    json_t *answer;
    char text[256];

    cr_assert_eq(decode_answer("{\"ok\":true,\"pid\":4711,\"new\":[1]}",
                               &answer, text),
                 SP_OK);
    cr_expect_eq(json_integer_value(json_object_get(answer, "pid")), 4711);
    json_decref(answer);
}

Test(control, an_answer_of_no_tells_its_error_and_text)
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

Test(control, an_answer_that_makes_no_sense_is_a_protocol_error)
{
    static const char *const bad[] = {
        "", "{}", "[]", "null", "true", "{\"ok\":1}", "{\"ok\":\"true\"}",
        "{\"ok\":false}", "{\"ok\":false,\"error\":0,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":21,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":-1,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":4294967297,\"text\":\"x\"}",
        "{\"ok\":false,\"error\":\"1\",\"text\":\"x\"}",
        "{\"ok\":false,\"error\":1}", "{\"ok\":false,\"error\":1,\"text\":1}",
        "{\"ok\":true,\"ok\":true}", "{\"ok\":true}x", "{\"ok\":true",
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

Test(control, every_error_survives_the_round_trip)
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
        cr_expect_str_eq(
            json_string_value(json_object_get(answer, "name")),
            sp_error_name(errors[i]));
        json_decref(answer);
        json_decref(object);
        free(json);
    }
}

Test(control, the_text_of_a_stranger_is_made_printable_for_an_answer)
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

Test(control, an_answer_of_ok_starts_as_just_that)
{
    json_t *object = control_answer_ok();

    cr_expect_eq(json_object_size(object), 1);
    cr_expect(json_is_true(json_object_get(object, "ok")));
    json_decref(object);
}
