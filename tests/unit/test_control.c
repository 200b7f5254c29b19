/* SPDX-License-Identifier: MIT */
/* wire/control: requests on the control socket. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_request.h"
#include "support/leaks.h"
#include "wire/control.h"

TestSuite(control, .fini = leaks_check);

Test(control, every_operation_is_decoded)
{
    static const struct {
        const char *json;
        enum control_op op;
    } rows[] = {
        {"{\"op\":\"ping\"}", CONTROL_PING},
        {"{\"op\":\"start\",\"id\":\"a\"}", CONTROL_START},
        {"{\"op\":\"stop\",\"id\":\"a\"}", CONTROL_STOP},
        {"{\"op\":\"restart\",\"id\":\"a\"}", CONTROL_RESTART},
        {"{\"op\":\"pause\",\"id\":\"a\"}", CONTROL_PAUSE},
        {"{\"op\":\"resume\",\"id\":\"a\"}", CONTROL_RESUME},
        {"{\"op\":\"signal\",\"id\":\"a\",\"signal\":\"HUP\"}", CONTROL_SIGNAL},
        {"{\"op\":\"touch\",\"id\":\"a\"}", CONTROL_TOUCH},
        {"{\"op\":\"wait\",\"id\":\"a\"}", CONTROL_WAIT},
        {"{\"op\":\"cause\",\"id\":\"a\"}", CONTROL_CAUSE},
        {"{\"op\":\"info\",\"id\":\"a\"}", CONTROL_INFO},
        {"{\"op\":\"list\"}", CONTROL_LIST},
        {"{\"op\":\"modules\"}", CONTROL_MODULES},
        {"{\"op\":\"events\"}", CONTROL_EVENTS},
        {"{\"op\":\"stats\"}", CONTROL_STATS},
        {"{\"op\":\"doctor\"}", CONTROL_DOCTOR},
        {"{\"op\":\"reload\"}", CONTROL_RELOAD},
    };

    cr_assert_eq(sizeof rows / sizeof rows[0], CONTROL_OPS);
    for (size_t i = 0; i < CONTROL_OPS; i++) {
        struct control_request request = request_accepted(rows[i].json);

        cr_expect_eq(request.op, rows[i].op);
        control_request_fini(&request);
    }
}

Test(control, a_start_has_all_its_keys)
{
    struct control_request request = request_accepted(
        " { \"arg\" : \"7\" , \"module\":\"counter\",\"id\":\"alice\","
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
    struct control_request request =
        request_accepted("{\"op\":\"start\",\"id\":\"a\"}");

    cr_expect_str_eq(request.module, "");
    cr_expect_null(request.arg);
    cr_expect_eq(request.arg_size, 0);
    cr_expect_eq(request.pid, 0);
    cr_expect_eq(request.keys, CONTROL_KEY_ID);
    control_request_fini(&request);
}

Test(control, arg_is_the_text_itself)
{
    struct control_request request = request_accepted(
        "{\"op\":\"start\",\"id\":\"a\",\"arg\":\"gr\\u00fc\\u00df \\n\\\"\"}");

    cr_expect_eq(request.arg_size, 9);
    cr_expect_arr_eq(request.arg, "gr\xc3\xbc\xc3\x9f \n\"", 9);
    control_request_fini(&request);
}

Test(control, arg_base64_carries_any_bytes)
{
    struct control_request request = request_accepted(
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
        struct control_request request = request_accepted(forms[i]);

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
    struct control_request request =
        request_accepted("{\"op\":\"stop\",\"pid\":4711}");

    cr_expect_eq(request.pid, 4711);
    cr_expect_eq(request.keys, CONTROL_KEY_PID);
    control_request_fini(&request);
    REFUSED("{\"op\":\"stop\"}", SP_EINVAL, "\"id\" and \"pid\"");
    REFUSED("{\"op\":\"stop\",\"id\":\"a\",\"pid\":4711}", SP_EINVAL,
            "\"id\" and \"pid\"");
}

Test(control, a_missing_id_is_refused)
{
    static const char *const ops[] = {"start", "restart", "pause", "resume",
                                      "touch", "wait",    "cause", "info"};

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        char json[64];

        snprintf(json, sizeof json, "{\"op\":\"%s\"}", ops[i]);
        REFUSED(json, SP_EINVAL, "\"id\"");
    }
    REFUSED("{\"op\":\"signal\",\"signal\":\"HUP\"}", SP_EINVAL, "\"id\"");
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
    REFUSED("{\"op\":\"info\",\"id\":\"a\",\"detailed\":true}", SP_EINVAL,
            "'detailed'");
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"drain\":true}", SP_EINVAL,
            "'drain'");
    REFUSED("{\"op\":\"stop\",\"id\":\"a\",\"signal\":\"HUP\"}", SP_EINVAL,
            "'signal'");
    REFUSED("{\"op\":\"restart\",\"id\":\"a\",\"timeout_ms\":1}", SP_EINVAL,
            "'timeout_ms'");
    REFUSED("{\"op\":\"cause\",\"id\":\"a\",\"after\":1}", SP_EINVAL,
            "'after'");
    REFUSED("{\"op\":\"events\",\"since_ms\":1}", SP_EINVAL, "'since_ms'");
    REFUSED("{\"op\":\"reload\",\"for\":\"ready\"}", SP_EINVAL, "'for'");
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
    static const char *const values[] = {"1",    "1.5", "null",
                                         "true", "[]",  "{}"};
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
    static const char *const bad[] = {
        "0",     "1",    "-1",   "1.5",        "\"4711\"",
        "-4711", "true", "null", "2147483648", "9007199254740993",
        "4711.0"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char json[64];

        snprintf(json, sizeof json, "{\"op\":\"stop\",\"pid\":%s}", bad[i]);
        REFUSED(json, SP_EINVAL, "\"pid\"");
    }
}

Test(control, an_invalid_id_is_refused_as_such_on_every_operation)
{
    static const char *const ops[] = {"start",  "stop",   "restart", "pause",
                                      "resume", "signal", "touch",   "wait",
                                      "cause",  "info",   "events"};
    static const char *const ids[] = {"",    "../x",    "abc\\n", "a b",
                                      "a/b", "\\u00e4", "."};

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        const char *more =
            strcmp(ops[i], "signal") == 0 ? ",\"signal\":\"HUP\"" : "";
        char json[256], id[66];

        for (size_t j = 0; j < sizeof ids / sizeof ids[0]; j++) {
            snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"%s}",
                     ops[i], ids[j], more);
            REFUSED(json, SP_EBADID, "invalid session ID");
        }
        memset(id, 'x', 65);
        id[65] = '\0';
        snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"%s}", ops[i],
                 id, more);
        REFUSED(json, SP_EBADID, "invalid session ID");
        id[64] = '\0';
        snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"%s}", ops[i],
                 id, more);
        struct control_request request = request_accepted(json);

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

    request_refused(inside, sizeof inside - 1, SP_EINVAL, "not JSON");
    request_refused(behind, sizeof behind - 1, SP_EINVAL, "not JSON");
    REFUSED("{\"op\":\"info\",\"id\":\"a\\u0000b\"}", SP_EINVAL, "not JSON");
    REFUSED("{\"op\":\"start\",\"id\":\"a\",\"arg\":\"\\u0000\"}", SP_EINVAL,
            "not JSON");
    REFUSED("{\"op\":\"ping\",\"\\u0000\":1}", SP_EINVAL, "not JSON");
}

Test(control, what_is_not_one_json_object_is_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "ping",
        "{\"op\":\"ping\"",
        "{\"op\":\"ping\"}}",
        "{\"op\":\"ping\"}{}",
        "{'op':'ping'}",
        "{\"op\":\"ping\",}",
        "{\"op\":\"\xff\"}",
        "{\"op\":\"ping\"} x",
        "\"ping\"",
        "1",
        "[]",
        "null",
        "[{\"op\":\"ping\"}]",
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
    struct control_request request = request_accepted(
        "{\"op\":\"start\",\"id\":\"a\",\"arg\":\"[[[[[{{{\\\"[[[\"}");

    cr_expect_eq(request.arg_size, 12);
    control_request_fini(&request);
}

/* ---- bounds ---- */

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
    struct control_request request = request_accepted(json);

    cr_expect_gt(request.arg_size, CONTROL_REQUEST_MAX - 64);
    control_request_fini(&request);
    free(json);
    json = request_of_size(CONTROL_REQUEST_MAX + 1);
    request_refused(json, CONTROL_REQUEST_MAX + 1, SP_EMSGSIZE, "1048577");
    free(json);
}

Test(control, a_request_cut_anywhere_is_refused)
{
    static const char whole[] =
        "{\"op\":\"start\",\"id\":\"a\",\"arg\":\"\\n\"}";

    for (size_t size = 0; size < sizeof whole - 1; size++)
        request_refused(whole, size, SP_EINVAL, "");
}

Test(control, the_text_of_a_refusal_is_printable_and_fits)
{
    static const char escape[] = "{\"op\":\"a\\u001b[2J\"}";
    struct control_request request;
    char text[256];

    request_decode(escape, strlen(escape), &request, text);
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
    request_decode("{\"op\":\"info\"}", 13, &request, text);
    cr_assert_arr_eq((uint8_t *)&request, (uint8_t *)&before, sizeof request);
}
