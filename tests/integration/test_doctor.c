/* SPDX-License-Identifier: MIT */
/* What this machine has to confine sessions with: the operation `doctor`,
 * spd --doctor, sp-worker --probe, and spctl doctor over both. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/harness.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/program.h"
#include "support/raw_peer.h"
#include "support/unprivileged.h"
#include "support/wait.h"
#include "wire/primitive.h"

TestSuite(doctor, .fini = leaks_check);

/* The object of this name in an array of the answer. */
static const json_t *row(const json_t *answer, const char *array,
                         const char *name)
{
    const json_t *found;
    size_t i;

    json_array_foreach(json_object_get(answer, array), i, found) {
        if (strcmp(json_string_value(json_object_get(found, "name")), name) ==
            0)
            return found;
    }
    cr_assert_fail("no %s in %s", name, array);
    return NULL;
}

static const char *text_of(const json_t *answer, const char *name,
                           const char *key)
{
    return json_string_value(
        json_object_get(row(answer, "primitives", name), key));
}

static bool is_kept(const json_t *answer, const char *tier)
{
    return json_is_true(json_object_get(row(answer, "tiers", tier), "kept"));
}

/* ---- spd's answer ---- */

Test(doctor, knows_each_primitive_and_each_tier)
{
    struct harness *harness = harness_start(NULL);
    struct answer answer = ask(harness, "{\"op\": \"doctor\"}");

    cr_assert_eq(answer.error, SP_OK, "%s", answer.text);
    cr_expect_eq(json_array_size(json_object_get(answer.object, "primitives")),
                 PRIMITIVES);
    cr_expect_eq(json_array_size(json_object_get(answer.object, "tiers")),
                 SANDBOX_TIERS);
    for (int i = 0; i < PRIMITIVES; i++)
        cr_expect_str_neq(
            text_of(answer.object, primitive_name((enum primitive)i), "state"),
            "unknown", "%s: %s", primitive_name((enum primitive)i),
            text_of(answer.object, primitive_name((enum primitive)i),
                    "detail"));
    cr_expect(is_kept(answer.object, "none"));
#ifdef SP_TEST_SANDBOX
    cr_expect_not(is_kept(answer.object, "default"));
#else
    cr_expect(is_kept(answer.object, "default"));
#endif
    answer_fini(&answer);
    harness_stop(harness);
}

Test(doctor, says_what_may_survive_in_default)
{
    struct harness *harness = harness_start(NULL);
    struct answer answer = ask(harness, "{\"op\": \"doctor\"}");

    cr_expect_str_eq(text_of(answer.object, "total-death", "state"), "absent");
    cr_expect_not_null(strstr(text_of(answer.object, "total-death", "follows"),
                              "may survive if spd is killed"));
    answer_fini(&answer);
    harness_stop(harness);
}

Test(doctor, answers_all_who_ask_at_once)
{
    enum { ASKERS = 5 };
    static const char request[] = "{\"op\": \"doctor\"}";
    struct harness *harness = harness_start(NULL);
    struct raw_peer peers[ASKERS];
    char path[RUNDIR_PATH_SIZE];

    harness_control_path(harness, path);
    for (int i = 0; i < ASKERS; i++) {
        raw_peer_open(&peers[i], path, WIRE_REQ);
        raw_peer_send_request(&peers[i], 1, request, strlen(request));
    }
    ask_started(harness, "a", NULL, NULL); /* nobody is held up by it */
    for (int i = 0; i < ASKERS; i++) {
        struct raw_message reply;

        raw_peer_recv_reply(&peers[i], 1, &reply);
        cr_expect_not_null(strstr((char *)reply.bytes, "\"primitives\""));
        raw_message_fini(&reply);
        raw_peer_close(&peers[i]);
    }
    harness_stop(harness);
}

Test(doctor, names_what_is_missing_where_there_is_no_user_namespace)
{
    static const char *const without[] = {
        "unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c",
        "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"", "sh",
        NULL};
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    struct harness *harness;
    struct answer answer;

    leftovers_directory(dir);
    unprivileged_own_programs(dir);
    harness = harness_start_under(NULL, without);
    answer = ask(harness, "{\"op\": \"doctor\"}");
    cr_assert_eq(answer.error, SP_OK, "%s", answer.text);
    cr_expect_str_eq(text_of(answer.object, "user-namespace", "state"),
                     "absent");
    cr_expect_not_null(
        strstr(text_of(answer.object, "user-namespace", "follows"),
               "user.max_user_namespaces"));
    cr_expect_str_eq(text_of(answer.object, "landlock", "state"), "present");
    cr_expect_not(is_kept(answer.object, "strict"));
    cr_expect(is_kept(answer.object, "none"));
    answer_fini(&answer);
    harness_stop(harness);
    leftovers_remove(dir);
}

Test(doctor, counts_the_descriptors_that_spd_may_have)
{
    static const char *const few[] = {"prlimit", "--nofile=512", NULL};
    struct harness *harness = harness_start_under(NULL, few);
    struct answer answer = ask(harness, "{\"op\": \"doctor\"}");

    cr_expect_str_eq(text_of(answer.object, "descriptors", "state"), "absent");
    answer_fini(&answer);
    harness_stop(harness);
}

/* ---- a worker that does not do as it should ---- */

/* A supervisor whose sp-worker is this script, in a directory of the test's. */
static struct harness *start_with_worker(const char *script, char *dir)
{
    char path[64], config[128];
    FILE *file;

    leftovers_directory(dir);
    snprintf(path, sizeof path, "%s/worker", dir);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(chmod(path, 0755), 0);
    snprintf(config, sizeof config, "[supervisor]\nworker = %s\n", path);
    return harness_start(config);
}

static void expect_error(const char *script, const char *text)
{
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    struct harness *harness = start_with_worker(script, dir);
    struct answer answer = ask(harness, "{\"op\": \"doctor\"}");

    cr_expect_eq(answer.error, SP_ESYSTEM);
    cr_expect_not_null(strstr(answer.text, text), "%s", answer.text);
    answer_fini(&answer);
    harness_stop(harness);
    leftovers_remove(dir);
}

Test(doctor, believes_no_nonsense)
{
    expect_error("echo landlock perhaps", "nonsense");
}

Test(doctor, says_how_the_trial_ended)
{
    expect_error("exit 7", "exit status 7");
    expect_error("kill -SEGV $$", "signal 11");
}

/* A second after the longest init_timeout a child that spd does not know is
 * killed; the trial has ten. */
Test(doctor, tries_in_a_child_that_spd_knows_until_it_is_late)
{
    static const char request[] = "{\"op\": \"doctor\"}";
    char dir[LEFTOVERS_DIRECTORY_SIZE], path[RUNDIR_PATH_SIZE], config[512];
    struct harness *harness = start_with_worker("exec tail -f /dev/null", dir);
    struct raw_message answer;
    struct raw_peer peer;

    snprintf(config, sizeof config,
             "[supervisor]\nworker = %s/worker\n"
             "[module kv]\ninit_timeout = 100ms\n"
             "[module echo]\ninit_timeout = 100ms\n"
             "[module counter]\ninit_timeout = 100ms\n",
             dir);
    harness_configure(harness, config);
    ask_ok(harness, "{\"op\": \"reload\"}");
    ask_ok(harness, "{\"op\": \"reload\"}"); /* the old modules are gone */
    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, request, strlen(request));
    /* each template that ends has spd look at all of its children */
    for (int i = 0; i < 30; i++)
        cr_expect_neq(ask_start(harness, "a", "kv", NULL), SP_OK);
    raw_peer_recv_reply(&peer, 1, &answer);
    cr_expect_not_null(strstr((char *)answer.bytes, "not ready in time"), "%s",
                       (char *)answer.bytes);
    raw_message_fini(&answer);
    raw_peer_close(&peer);
    cr_expect_eq(ask_counter(harness, "strangers"), 0);
    harness_stop(harness);
    leftovers_remove(dir);
}

Test(doctor, holds_up_nobody_and_ends_with_spd)
{
    static const char request[] = "{\"op\": \"doctor\"}";
    char dir[LEFTOVERS_DIRECTORY_SIZE], path[RUNDIR_PATH_SIZE];
    struct harness *harness = start_with_worker("exec tail -f /dev/null", dir);
    struct raw_peer peer;

    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, request, strlen(request));
    ask_ok(harness, "{\"op\": \"ping\"}");
    kill(harness_spd(harness), SIGTERM);
    harness_expect_end(harness, 0);
    raw_peer_close(&peer);
    harness_stop(harness);
    leftovers_remove(dir);
}

/* ---- the programs ---- */

static void expect_80_columns(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        cr_expect_leq(len, 80, "%.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static int expected_status(void)
{
#ifdef SP_TEST_SANDBOX
    return 9; /* a build with sanitizers */
#else
    return 0;
#endif
}

Test(doctor, is_a_table_of_80_columns_in_spctl)
{
    struct harness *harness = harness_start(NULL);
    struct program spctl;
    int status = PROGRAM_RUN(&spctl, harness_spctl_program(), "--runtime-dir",
                             harness_runtime_dir(harness), "doctor");

    cr_expect_eq(status, expected_status(), "%d: %s", status,
                 program_err(&spctl));
    cr_expect_str_eq(program_err(&spctl), "");
    expect_80_columns(program_out(&spctl));
    cr_expect_not_null(strstr(program_out(&spctl), "\nnone: can be kept\n"));
    for (int i = 0; i < PRIMITIVES; i++)
        cr_expect_not_null(strstr(program_out(&spctl),
                                  primitive_name((enum primitive)i)));
    program_fini(&spctl);
    harness_stop(harness);
}

Test(doctor, is_json_for_programs)
{
    struct harness *harness = harness_start(NULL);
    struct program spctl;
    json_t *object;

    PROGRAM_RUN(&spctl, harness_spctl_program(), "--runtime-dir",
                harness_runtime_dir(harness), "doctor", "--json");
    object = json_loads(program_out(&spctl), 0, NULL);
    cr_expect_str_eq(text_of(object, "landlock", "needed_by"), "default");
    cr_expect(is_kept(object, "none"));
    json_decref(object);
    program_fini(&spctl);
    harness_stop(harness);
}

Test(doctor, needs_no_supervisor)
{
    struct program spctl;
    int status = PROGRAM_RUN(&spctl, harness_spctl_program(), "--runtime-dir",
                             "/tmp/nobody-is-here", "doctor");

    cr_expect_eq(status, expected_status(), "%d: %s", status,
                 program_err(&spctl));
    cr_expect_not_null(
        strstr(program_err(&spctl), "no supervisor answers"));
    cr_expect_not_null(strstr(program_out(&spctl), "\nnone: can be kept\n"));
    expect_80_columns(program_out(&spctl));
    program_fini(&spctl);
}
