/* SPDX-License-Identifier: MIT */
/* wire/control: the values of the keys of requests, and requests that
 * are encoded and decoded again. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_request.h"
#include "support/leaks.h"
#include "wire/control.h"

TestSuite(control_keys, .fini = leaks_check);

/* ---- the keys of managing and watching ---- */

Test(control_keys, a_key_that_was_not_given_has_its_default)
{
    struct control_request request =
        request_accepted("{\"op\":\"wait\",\"id\":\"a\"}");

    cr_expect_eq(request.wait, CONTROL_WAIT_READY);
    cr_expect_eq(request.timeout_ms, CONTROL_TIMEOUT_MAX_MS);
    control_request_fini(&request);
    request = request_accepted("{\"op\":\"stop\",\"id\":\"a\"}");
    cr_expect_not(request.drain);
    control_request_fini(&request);
    request = request_accepted("{\"op\":\"list\"}");
    cr_expect_not(request.detailed);
    control_request_fini(&request);
    request = request_accepted("{\"op\":\"events\"}");
    cr_expect_eq(request.after, 0);
    cr_expect_str_eq(request.id, "");
    control_request_fini(&request);
    request = request_accepted("{\"op\":\"cause\",\"id\":\"a\"}");
    cr_expect_eq(request.since_ms, 0);
    control_request_fini(&request);
}

Test(control_keys, a_flag_is_true_or_false)
{
    static const char *const bad[] = {"0", "1", "null", "\"true\"", "[]", "{}"};
    struct control_request request =
        request_accepted("{\"op\":\"stop\",\"pid\":7,\"drain\":true}");

    cr_expect(request.drain);
    control_request_fini(&request);
    request =
        request_accepted("{\"op\":\"stop\",\"id\":\"a\",\"drain\":false}");
    cr_expect_not(request.drain);
    control_request_fini(&request);
    request = request_accepted("{\"op\":\"list\",\"detailed\":true}");
    cr_expect(request.detailed);
    control_request_fini(&request);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char json[64];

        snprintf(json, sizeof json, "{\"op\":\"list\",\"detailed\":%s}",
                 bad[i]);
        REFUSED(json, SP_EINVAL, "\"detailed\"");
        snprintf(json, sizeof json,
                 "{\"op\":\"stop\",\"id\":\"a\",\"drain\":%s}", bad[i]);
        REFUSED(json, SP_EINVAL, "\"drain\"");
    }
}

static void expect_signal(const char *name, int number)
{
    struct control_request request;
    char json[64];

    snprintf(json, sizeof json,
             "{\"op\":\"signal\",\"id\":\"a\",\"signal\":\"%s\"}", name);
    request = request_accepted(json);
    cr_expect_eq(request.signal, number, "%s", name);
    control_request_fini(&request);
}

Test(control_keys, a_signal_is_a_name_with_or_without_sig)
{
    static const char *const bad[] = {
        "\"\"",        "\"SIG\"", "\"usr1\"", "\"SIGSIGHUP\"", "\"NONE\"",
        "\"SIGHUP \"", "\"10\"",  "1",        "null",          "true",
        "[\"HUP\"]",   "\"HU\"",  "\"HUPP\"",
    };

    expect_signal("USR1", SIGUSR1);
    expect_signal("SIGUSR1", SIGUSR1);
    expect_signal("KILL", SIGKILL);
    expect_signal("SIGSYS", SIGSYS);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char json[80];

        snprintf(json, sizeof json,
                 "{\"op\":\"signal\",\"id\":\"a\",\"signal\":%s}", bad[i]);
        REFUSED(json, SP_EINVAL, "\"signal\"");
    }
}

Test(control_keys, a_signal_has_to_be_given)
{
    REFUSED("{\"op\":\"signal\",\"id\":\"a\"}", SP_EINVAL,
            "\"signal\": not given");
}

Test(control_keys, every_wait_is_known_by_its_word)
{
    static const char *const words[] = {
#define WORD(NAME, name) name,
        CONTROL_WAIT_TABLE(WORD)
#undef WORD
    };
    static const char *const bad[] = {"\"\"",       "\"READY\"", "\"read\"",
                                      "\"ready \"", "1",         "null",
                                      "true",       "[]"};
    char json[80];

    for (size_t i = 0; i < CONTROL_WAITS; i++) {
        struct control_request request;

        snprintf(json, sizeof json,
                 "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"%s\"}", words[i]);
        request = request_accepted(json);
        cr_expect_eq(request.wait, i);
        control_request_fini(&request);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(json, sizeof json, "{\"op\":\"wait\",\"id\":\"a\",\"for\":%s}",
                 bad[i]);
        REFUSED(json, SP_EINVAL, "\"ready\" \"gone\" \"restarted\"");
    }
}

Test(control_keys, a_wait_may_name_the_process_of_its_beginning)
{
    struct control_request request = request_accepted(
        "{\"op\":\"wait\",\"id\":\"a\",\"for\":\"restarted\",\"pid\":4711}");

    cr_expect_eq(request.pid, 4711);
    cr_expect_eq(request.keys,
                 CONTROL_KEY_ID | CONTROL_KEY_FOR | CONTROL_KEY_PID);
    control_request_fini(&request);
    REFUSED("{\"op\":\"wait\",\"pid\":4711}", SP_EINVAL, "\"id\"");
    REFUSED("{\"op\":\"wait\",\"id\":\"a\",\"pid\":1}", SP_EINVAL, "\"pid\"");
}

static void expect_number(const char *head, const char *key, long long max,
                          const int64_t *field, struct control_request *request)
{
    static const char *const bad[] = {"-1",   "1.0",  "\"1\"",
                                      "null", "true", "[]",
                                      "1e3",  "-0.5", "9223372036854775808"};
    const long long good[] = {0, 1, max};
    char json[96];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(json, sizeof json, "{%s,\"%s\":%lld}", head, key, good[i]);
        *request = request_accepted(json);
        cr_expect_eq(*field, good[i], "%s", json);
        control_request_fini(request);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(json, sizeof json, "{%s,\"%s\":%s}", head, key, bad[i]);
        /* what no long long holds is no JSON to jansson */
        REFUSED(json, SP_EINVAL, i < 8 ? key : "not JSON");
    }
    if (max < INT64_MAX) {
        snprintf(json, sizeof json, "{%s,\"%s\":%lld}", head, key, max + 1);
        REFUSED(json, SP_EINVAL, key);
    }
}

Test(control_keys, a_time_or_number_is_whole_and_within_its_limits)
{
    struct control_request request = {0};

    expect_number("\"op\":\"wait\",\"id\":\"a\"", "timeout_ms", 60000,
                  &request.timeout_ms, &request);
    expect_number("\"op\":\"events\"", "timeout_ms", 60000, &request.timeout_ms,
                  &request);
    expect_number("\"op\":\"events\"", "after", INT64_MAX, &request.after,
                  &request);
    expect_number("\"op\":\"cause\",\"id\":\"a\"", "since_ms", INT64_MAX,
                  &request.since_ms, &request);
}

/* ---- round trip ---- */

static void assert_same(const struct control_request *one,
                        const struct control_request *other)
{
    cr_expect_eq(one->op, other->op);
    cr_expect_str_eq(one->id, other->id);
    cr_expect_str_eq(one->module, other->module);
    cr_expect_eq(one->pid, other->pid);
    cr_expect_eq(one->drain, other->drain);
    cr_expect_eq(one->detailed, other->detailed);
    cr_expect_eq(one->signal, other->signal);
    cr_expect_eq(one->wait, other->wait);
    cr_expect_eq(one->timeout_ms, other->timeout_ms);
    cr_expect_eq(one->since_ms, other->since_ms);
    cr_expect_eq(one->after, other->after);
    cr_expect_eq(one->arg_size, other->arg_size);
    cr_expect(one->arg_size == 0 ||
              memcmp(one->arg, other->arg, one->arg_size) == 0);
}

static void assert_round_trip(const struct control_request *request)
{
    struct control_request back;
    char text[256];
    size_t size = 0;
    char *json = control_request_encode(request, &size);
    enum sp_error error;

    cr_assert_not_null(json);
    cr_assert_eq(size, strlen(json));
    error = request_decode(json, size, &back, text);
    cr_assert_eq(error, SP_OK, "%s: %s", json, text);
    assert_same(&back, request);
    control_request_fini(&back);
    free(json);
}

/* Each key with a value that is not its default; the argument's is size bytes
 * of arg. */
static struct control_request request_with(enum control_op op, unsigned keys,
                                           uint8_t *arg, size_t size)
{
    struct control_request request = {
        .op = op, .keys = keys, .timeout_ms = CONTROL_TIMEOUT_MAX_MS};

    if (keys & CONTROL_KEY_ID)
        strcpy(request.id, "alice");
    if (keys & CONTROL_KEY_PID)
        request.pid = 4711;
    if (keys & CONTROL_KEY_MODULE)
        strcpy(request.module, "counter");
    if (keys & (CONTROL_KEY_ARG | CONTROL_KEY_ARG_BASE64)) {
        request.arg = arg;
        request.arg_size = size;
    }
    request.drain = keys & CONTROL_KEY_DRAIN;
    request.detailed = keys & CONTROL_KEY_DETAILED;
    if (keys & CONTROL_KEY_SIGNAL)
        request.signal = SIGUSR2;
    if (keys & CONTROL_KEY_FOR)
        request.wait = CONTROL_WAIT_RESTARTED;
    if (keys & CONTROL_KEY_TIMEOUT)
        request.timeout_ms = 1234;
    if (keys & CONTROL_KEY_SINCE)
        request.since_ms = INT64_MAX;
    if (keys & CONTROL_KEY_AFTER)
        request.after = INT64_MAX - 1;
    return request;
}

/* Whether an operation may be asked for with exactly these keys. */
static bool is_legal(enum control_op op, unsigned keys)
{
    static const struct {
        unsigned one_of, optional;
    } rows[] = {
#define ROW(op, NAME, one_of, optional) {(one_of), (optional)},
        CONTROL_OP_TABLE(ROW)
#undef ROW
    };
    unsigned one = keys & rows[op].one_of;
    unsigned args = keys & (CONTROL_KEY_ARG | CONTROL_KEY_ARG_BASE64);

    return !(keys & ~(rows[op].one_of | rows[op].optional)) &&
           (!rows[op].one_of || (one != 0 && !(one & (one - 1)))) &&
           (args == 0 || !(args & (args - 1))) &&
           (op != CONTROL_SIGNAL || (keys & CONTROL_KEY_SIGNAL));
}

Test(control_keys, every_operation_survives_the_round_trip)
{
    uint8_t arg[256];

    for (size_t i = 0; i < sizeof arg; i++)
        arg[i] = (uint8_t)i;
    for (unsigned op = 0; op < CONTROL_OPS; op++) {
        unsigned tried = 0;

        for (unsigned keys = 0; keys < CONTROL_KEY_AFTER << 1; keys++)
            if (is_legal((enum control_op)op, keys)) {
                struct control_request request =
                    request_with((enum control_op)op, keys, arg, sizeof arg);

                assert_round_trip(&request);
                tried++;
            }
        cr_expect_gt(tried, 0);
    }
}

Test(control_keys, an_argument_of_any_size_survives_the_round_trip)
{
    uint8_t arg[256];

    for (size_t i = 0; i < sizeof arg; i++)
        arg[i] = (uint8_t)(i * 7);
    for (size_t size = 0; size <= sizeof arg; size++) {
        struct control_request request = request_with(
            CONTROL_START, CONTROL_KEY_ID | CONTROL_KEY_ARG, arg, size);

        assert_round_trip(&request);
    }
}

Test(control_keys, every_signal_and_every_wait_survives_the_round_trip)
{
    for (int number = 1; number < NSIG; number++) {
        struct control_request request = request_with(
            CONTROL_SIGNAL, CONTROL_KEY_ID | CONTROL_KEY_SIGNAL, NULL, 0);

        request.signal = number;
        if (sigabbrev_np(number))
            assert_round_trip(&request);
    }
    for (unsigned wait = 0; wait < CONTROL_WAITS; wait++) {
        struct control_request request = request_with(
            CONTROL_WAIT, CONTROL_KEY_ID | CONTROL_KEY_FOR, NULL, 0);

        request.wait = (enum control_wait)wait;
        assert_round_trip(&request);
    }
}
