/* SPDX-License-Identifier: MIT */
/* Who may start, and how many: one process an ID, the cap exact under races,
 * the checks in the order that the protocol promises; a thousand at once. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/asking.h"
#include "support/balance.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"
#include "wire/base64.h"
#include "wire/control.h"

TestSuite(admission, .fini = leaks_check);

#define PROBE HARNESS_FREE_CONFIG

/* ---- many at once ---- */

enum { CLIENTS = 100 };

struct starts {
    struct raw_peer peers[CLIENTS];
    int ok, already, limit, other;
    pid_t pid; /* of one that got it */
};

/* Sends `count` starts, each on a connection of its own, before it reads the
 * first answer.  All are for this ID; NULL: for s0, s1, ... */
static void start_at_once(const struct harness *harness, struct starts *starts,
                          int count, const char *same_id, const char *arg)
{
    char path[RUNDIR_PATH_SIZE];

    *starts = (struct starts){0};
    harness_control_path(harness, path);
    for (int i = 0; i < count; i++)
        raw_peer_open(&starts->peers[i], path, WIRE_REQ);
    for (int i = 0; i < count; i++) {
        char id[32], json[256];

        snprintf(id, sizeof id, "s%d", i);
        snprintf(json, sizeof json,
                 "{\"op\":\"start\",\"id\":\"%s\",\"module\":\"probe\","
                 "\"arg\":\"%s\"}",
                 same_id ? same_id : id, arg);
        raw_peer_send_request(&starts->peers[i], 1, json, strlen(json));
    }
    for (int i = 0; i < count; i++) {
        struct raw_message reply;
        enum sp_error error;
        json_t *answer;
        char text[256];

        raw_peer_recv_reply(&starts->peers[i], 1, &reply);
        error = control_answer_decode(reply.bytes, reply.size, &answer, text,
                                      sizeof text);
        starts->ok += error == SP_OK;
        starts->already += error == SP_EALREADY;
        starts->limit += error == SP_ELIMIT;
        starts->other +=
            error != SP_OK && error != SP_EALREADY && error != SP_ELIMIT;
        if (error == SP_OK || error == SP_EALREADY) {
            pid_t pid =
                (pid_t)json_integer_value(json_object_get(answer, "pid"));

            cr_expect_gt(pid, 1);
            cr_expect(!same_id || starts->pid == 0 || starts->pid == pid);
            starts->pid = pid;
        }
        json_decref(answer);
        raw_message_fini(&reply);
        raw_peer_close(&starts->peers[i]);
    }
}

Test(admission, a_hundred_starts_of_one_id_at_once_make_one_process)
{
    static const char *const args[] = {"", "slow 100"};
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);

    for (int i = 0; i < 6; i++) {
        struct starts starts;
        char *pid;

        start_at_once(harness, &starts, CLIENTS, "alice", args[i % 2]);
        cr_expect_eq(starts.ok, 1);
        cr_expect_eq(starts.already, CLIENTS - 1);
        pid = session_call(harness, "alice", "pid");
        cr_expect_eq(atoi(pid), starts.pid);
        free(pid);
        cr_expect_eq(ask_count(harness), 1);
        balance_check(harness, &balance);
        cr_assert_eq(ask_stop(harness, "alice"), SP_OK);
    }
    harness_stop(harness);
}

Test(admission, a_hundred_starts_whose_init_fails_all_fail)
{
    struct harness *harness = harness_start(PROBE);
    struct starts starts;

    start_at_once(harness, &starts, CLIENTS, "alice", "fail no");
    cr_expect_eq(starts.ok, 0);
    cr_expect_eq(starts.already, 0);
    cr_expect_eq(starts.other, CLIENTS);
    cr_expect_eq(ask_count(harness), 0);
    ask_started(harness, "alice", "probe", NULL);
    harness_stop(harness);
}

Test(admission, of_n_plus_one_starts_at_a_cap_of_n_exactly_n_succeed)
{
    static const char *const args[] = {"", "slow 50"};
    struct harness *harness =
        harness_start("[supervisor]\nmax_sessions = 20\n" PROBE);

    for (int i = 0; i < 6; i++) {
        struct starts starts;

        start_at_once(harness, &starts, i < 4 ? 21 : CLIENTS, NULL,
                      args[i % 2]);
        cr_expect_eq(starts.ok, 20);
        cr_expect_eq(starts.limit, i < 4 ? 1 : CLIENTS - 20);
        for (int n = 0; n < CLIENTS; n++) {
            char id[16];

            snprintf(id, sizeof id, "s%d", n);
            ask_stop(harness, id);
        }
        cr_expect_eq(ask_count(harness), 0);
    }
    harness_stop(harness);
}

Test(admission, a_failed_init_gives_its_place_back)
{
    struct harness *harness =
        harness_start("[supervisor]\nmax_sessions = 1\n" PROBE);

    ask_started(harness, "b", "probe", NULL); /* it works: no throttle */
    cr_assert_eq(ask_stop(harness, "b"), SP_OK);
    for (int i = 0; i < 10; i++)
        ask_refused(harness, "a", "probe", "fail no", SP_EINIT, "no");
    ask_started(harness, "b", "probe", NULL);
    ask_refused(harness, "c", "probe", NULL, SP_ELIMIT, "max_sessions");
    cr_assert_eq(ask_stop(harness, "b"), SP_OK);
    ask_started(harness, "c", "probe", NULL);
    harness_stop(harness);
}

/* ---- the order of the checks ---- */

Test(admission, a_double_start_is_told_so_even_at_the_cap)
{
    struct harness *harness =
        harness_start("[supervisor]\nmax_sessions = 1\n" PROBE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct answer answer =
        ask(harness, "{\"op\":\"start\",\"id\":\"a\",\"module\":\"probe\"}");

    cr_expect_eq(answer.error, SP_EALREADY);
    cr_expect_eq(answer.pid, pid);
    answer_fini(&answer);
    /* and that comes before the module is looked at */
    cr_expect_eq(ask_start(harness, "a", "nonesuch", NULL), SP_EALREADY);
    /* but the module before the limits */
    cr_expect_eq(ask_start(harness, "b", "nonesuch", NULL), SP_EMODULE);
    cr_expect_eq(ask_start(harness, "b", "probe", NULL), SP_ELIMIT);
    harness_stop(harness);
}

Test(admission, a_double_start_leaves_the_session_as_it_is)
{
    struct harness *harness = harness_start(NULL);

    ask_started(harness, "a", "counter", "7");
    session_expect(harness, "a", "incr", "8");
    cr_expect_eq(ask_start(harness, "a", "counter", "1"), SP_EALREADY);
    cr_expect_eq(ask_start(harness, "a", "kv", NULL), SP_EALREADY);
    session_expect(harness, "a", "get", "8");
    harness_stop(harness);
}

Test(admission, an_invalid_id_is_refused_on_every_verb)
{
    static const char *const ops[] = {"start", "stop", "info"};
    static const char *const ids[] = {"", "abc\\n", "../x", "a b", "\\u00e4",
                                      "a/b", "."};
    struct harness *harness = harness_start(NULL);

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof ids / sizeof ids[0]; j++) {
            struct answer answer;
            char json[128];

            snprintf(json, sizeof json, "{\"op\":\"%s\",\"id\":\"%s\"}",
                     ops[i], ids[j]);
            answer = ask(harness, json);
            cr_expect_eq(answer.error, SP_EBADID, "%s", json);
            answer_fini(&answer);
        }
    cr_expect_eq(ask_count(harness), 0);
    harness_stop(harness);
}

Test(admission, the_longest_id_is_a_session_like_any_other)
{
    struct harness *harness = harness_start(NULL);
    char id[66];

    memset(id, 'x', 65);
    id[65] = '\0';
    cr_expect_eq(ask_start(harness, id, NULL, NULL), SP_EBADID);
    id[64] = '\0';
    ask_started(harness, id, "echo", NULL);
    session_expect(harness, id, "hello", "hello");
    cr_expect_eq(ask_stop(harness, id), SP_OK);
    harness_stop(harness);
}

Test(admission, what_is_no_request_is_refused_and_harms_nothing)
{
    static const char *const bad[] = {"", "{", "null", "{\"op\":\"dance\"}",
                                      "{\"op\":\"ping\",\"id\":\"a\"}",
                                      "{\"op\":[[[[[]]]]]}"};
    struct harness *harness = harness_start(NULL);
    struct answer answer;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        answer = ask(harness, bad[i]);
        cr_expect_eq(answer.error, SP_EINVAL, "%s", bad[i]);
        answer_fini(&answer);
    }
    answer = ask(harness, "{\"op\":\"ping\"}");
    cr_expect_eq(answer.error, SP_OK);
    cr_expect_eq(answer.pid, harness_spd(harness));
    answer_fini(&answer);
    harness_stop(harness);
}

/* ---- arguments ---- */

/* Starts an echo of one's own argument: counter tells it back. */
static enum sp_error start_with(const struct harness *harness, size_t size)
{
    uint8_t *arg = malloc(size + 1);
    char *text = malloc(BASE64_SIZE(size)), *json = NULL;
    struct answer answer;

    for (size_t i = 0; i < size; i++)
        arg[i] = (uint8_t)i;
    base64_encode(text, arg, size);
    cr_assert_gt(asprintf(&json,
                          "{\"op\":\"start\",\"id\":\"a\",\"module\":"
                          "\"probe\",\"arg_base64\":\"%s\"}",
                          text),
                 0);
    answer = ask(harness, json);
    answer_fini(&answer);
    free(json);
    free(text);
    free(arg);
    return answer.error;
}

Test(admission, an_argument_may_have_64_kib_of_any_bytes)
{
    struct harness *harness = harness_start(PROBE);

    cr_expect_eq(start_with(harness, 64 * 1024), SP_OK);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    cr_expect_eq(start_with(harness, 64 * 1024 + 1), SP_EMSGSIZE);
    cr_expect_eq(ask_count(harness), 0);
    harness_stop(harness);
}

Test(admission, the_largest_argument_that_can_be_configured_works)
{
    struct harness *harness =
        harness_start("[supervisor]\nmax_arg = 128K\n" PROBE);

    cr_expect_eq(start_with(harness, 128 * 1024), SP_OK);
    harness_stop(harness);
}

/* ---- modules ---- */

Test(admission, an_unknown_module_is_refused_by_name)
{
    struct harness *harness = harness_start(NULL);

    ask_refused(harness, "a", "nonesuch", NULL, SP_EMODULE, "nonesuch");
    harness_stop(harness);
}

Test(admission, a_module_whose_constructor_starts_a_thread_is_refused_by_name)
{
    struct harness *harness = harness_start(
        "[module threaded]\npath = " SP_TEST_THREADED "\nsandbox = none\n"
        PROBE);

    for (int i = 0; i < 3; i++)
        ask_refused(harness, "a", "threaded", NULL, SP_ELOAD, "threaded");
    ask_started(harness, "a", "probe", NULL); /* others are not touched */
    harness_stop(harness);
}

Test(admission, a_file_that_is_no_module_is_refused_by_name)
{
    struct harness *harness = harness_start(
        "[module nonsense]\npath = /etc/passwd\n" PROBE);

    for (int i = 0; i < 3; i++)
        ask_refused(harness, "a", "nonsense", NULL, SP_ELOAD, "nonsense");
    ask_started(harness, "a", "probe", NULL);
    harness_stop(harness);
}

/* ---- a thousand ---- */

enum { THOUSAND = 1000 };

Test(admission, a_thousand_sessions_live_at_once_and_each_answers)
{
    struct harness *harness = harness_start(PROBE);
    pid_t *pids = calloc(THOUSAND, sizeof *pids);
    char id[16];

    for (int i = 0; i < THOUSAND; i++) {
        snprintf(id, sizeof id, "s%d", i);
        pids[i] = ask_started(harness, id, "probe", NULL);
    }
    cr_expect_eq(ask_count(harness), THOUSAND);
    for (int i = 0; i < THOUSAND; i++) {
        char *pid;

        snprintf(id, sizeof id, "s%d", i);
        pid = session_call(harness, id, "pid");
        cr_expect_eq(atoi(pid), pids[i]);
        free(pid);
    }
    for (int i = 0; i < THOUSAND; i += 2)
        cr_assert_eq(kill(pids[i], SIGKILL), 0); /* half of them at once */
    for (int i = 0; i < THOUSAND; i++) {
        snprintf(id, sizeof id, "s%d", i);
        session_expect(harness, id, "echo x", "x");
    }
    cr_expect_eq(ask_count(harness), THOUSAND);
    free(pids);
    harness_stop(harness);
}
