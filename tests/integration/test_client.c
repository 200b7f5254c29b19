/* SPDX-License-Identifier: MIT */
/* libsp and the real spd: start, find, end and list sessions, over both
 * channels; and what is refused.  Calls and casts: test_client_calls. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client_scene.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/unprivileged.h"
#include "support/wait.h"

TestSuite(client, .fini = leaks_check, .timeout = 120);

/* ---- start, find, end --------------------------------------------------- */

SCENE_TEST(client, starts_a_session_once)
{
    pid_t pid = start(scene, "alice", NULL, NULL);
    bool started = false;
    pid_t told = 0;

    cr_expect_gt(pid, 1);
    expect_error(scene, SP_EALREADY, sp_start(scene->client, "alice", "counter",
                                              "7", 1, scene->result));
    cr_expect_eq(sp_result_pid(scene->result), pid);
    expect_error(scene, SP_OK,
                 sp_started(scene->client, "alice", &started, scene->result));
    cr_expect(started);
    expect_error(scene, SP_OK, sp_session_pid(scene->client, "alice", &told,
                                              scene->result));
    cr_expect_eq(told, pid);
}

SCENE_TEST(client, tells_why_a_session_did_not_start)
{
    static const struct {
        const char *module, *arg;
        enum sp_error error;
        const char *text;
    } rows[] = {
        {"probe", "fail because it rains", SP_EINIT, "because it rains"},
        {"probe", "ignore", SP_EIGNORED, NULL},
        {"nonesuch", NULL, SP_EMODULE, NULL},
        {"../echo", NULL, SP_EMODULE, NULL},
        {"", NULL, SP_EMODULE, NULL},
        {"\xff", NULL, SP_EMODULE, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool started = true;

        expect_error(scene, rows[i].error,
                     sp_start(scene->client, "a", rows[i].module, rows[i].arg,
                              rows[i].arg ? strlen(rows[i].arg) : 0,
                              scene->result));
        if (rows[i].text)
            cr_expect_str_eq(sp_result_text(scene->result), rows[i].text);
        expect_error(scene, SP_OK,
                     sp_started(scene->client, "a", &started, NULL));
        cr_expect(!started);
    }
}

SCENE_TEST(client, hands_any_bytes_over_as_the_argument)
{
    start(scene, "c", "counter", "40");
    expect_reply(scene, "c", "incr 2", "42");
    expect_error(scene, SP_EMSGSIZE,
                 sp_start(scene->client, "d", "probe", scene,
                          64 * MIB, scene->result));
}

SCENE_TEST(client, ends_a_session_by_id_and_by_pid)
{
    pid_t pid = start(scene, "a", NULL, NULL);
    bool started = true;

    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", scene->result));
    cr_expect(wait_pid_gone(pid, 0), "it is gone when sp_terminate() returns");
    pid = start(scene, "a", NULL, NULL);
    expect_error(scene, SP_OK,
                 sp_terminate_pid(scene->client, pid, scene->result));
    cr_expect(wait_pid_gone(pid, 0));
    expect_error(scene, SP_OK, sp_started(scene->client, "a", &started, NULL));
    cr_expect(!started);
}

SCENE_TEST(client, says_when_there_is_no_such_session)
{
    struct sp_session_info *info;
    bool started = true;
    pid_t pid;

    expect_error(scene, SP_ENOENT, call(scene, "nobody", "x", LONG_MS));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_NOT_SENT);
    expect_error(scene, SP_ENOENT,
                 sp_cast(scene->client, "nobody", "x", 1, scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_terminate(scene->client, "nobody", scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_terminate_pid(scene->client, getpid(), scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_terminate_pid(scene->client, -1, scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_info(scene->client, "nobody", &info, NULL));
    expect_error(scene, SP_ENOENT,
                 sp_session_pid(scene->client, "nobody", &pid, NULL));
    expect_error(scene, SP_OK,
                 sp_started(scene->client, "nobody", &started, NULL));
    cr_expect(!started);
}

SCENE_TEST(client, a_session_that_was_ended_is_not_found_by_its_old_connection)
{
    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
    expect_error(scene, SP_OK, sp_cast(scene->client, "a", "x", 1, NULL));
    expect_error(scene, SP_OK, sp_terminate(scene->client, "a", NULL));
    expect_error(scene, SP_ENOENT, call(scene, "a", "x", LONG_MS));
    expect_error(scene, SP_ENOENT,
                 sp_cast(scene->client, "a", "x", 1, scene->result));
    start(scene, "a", "kv", NULL);
    expect_reply(scene, "a", "incr n", "1");
}

/* A session that ends takes its name along, which tells so before nng does. */
SCENE_TEST(client, a_session_that_has_lost_its_name_is_not_asked_over_nng)
{
    char path[256];

    if (scene_is_local(scene))
        return; /* where the connection tells it */
    start(scene, "a", "echo", NULL);
    expect_reply(scene, "a", "x", "x");
    expect_error(scene, SP_OK, sp_cast(scene->client, "a", "x", 1, NULL));
    snprintf(path, sizeof path, "%s/sessions/a",
             harness_runtime_dir(scene->harness));
    cr_assert_eq(unlink(path), 0);
    expect_error(scene, SP_ENOENT, call(scene, "a", "x", LONG_MS));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_NOT_SENT);
    expect_error(scene, SP_ENOENT,
                 sp_cast(scene->client, "a", "x", 1, scene->result));
}

/* ---- invalid arguments -------------------------------------------------- */

SCENE_TEST(client, refuses_invalid_ids_on_every_verb)
{
    static const char *const ids[] = {
        "",     "abc\n", "../x", "a/b", "a b", ".", "\xc3\xa4", "a\x80", "~",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct sp_session_info *info;
        char url[SP_URL_MAX + 1];
        bool started;
        pid_t pid;

        expect_error(scene, SP_EBADID, sp_start(scene->client, ids[i], NULL,
                                                NULL, 0, scene->result));
        expect_error(scene, SP_EBADID, call(scene, ids[i], "x", LONG_MS));
        expect_error(scene, SP_EBADID,
                     sp_cast(scene->client, ids[i], "x", 1, scene->result));
        expect_error(scene, SP_EBADID,
                     sp_terminate(scene->client, ids[i], scene->result));
        expect_error(scene, SP_EBADID,
                     sp_started(scene->client, ids[i], &started, NULL));
        expect_error(scene, SP_EBADID,
                     sp_session_pid(scene->client, ids[i], &pid, NULL));
        expect_error(scene, SP_EBADID,
                     sp_info(scene->client, ids[i], &info, NULL));
        expect_error(scene, SP_EBADID, sp_session_url(scene->client, ids[i],
                                                      url, sizeof url));
    }
}

SCENE_TEST(client, refuses_what_is_not_there)
{
    struct sp_result *result = scene->result;

    expect_error(scene, SP_EINVAL, sp_call(NULL, "a", "x", 1, 1, result));
    expect_error(scene, SP_EINVAL,
                 sp_call(scene->client, NULL, "x", 1, 1, result));
    expect_error(scene, SP_EINVAL,
                 sp_call(scene->client, "a", NULL, 1, 1, result));
    expect_error(scene, SP_EINVAL,
                 sp_call(scene->client, "a", "x", 1, -2, result));
    cr_expect_eq(sp_result_error(result), SP_EINVAL);
    expect_error(scene, SP_EINVAL, sp_cast(scene->client, "a", NULL, 1, NULL));
    expect_error(scene, SP_EINVAL,
                 sp_start(scene->client, "a", NULL, NULL, 1, result));
    expect_error(scene, SP_EINVAL, sp_start(NULL, "a", NULL, NULL, 0, NULL));
    expect_error(scene, SP_EINVAL, sp_terminate(NULL, "a", NULL));
    expect_error(scene, SP_EINVAL, sp_terminate_pid(NULL, 7, NULL));
    expect_error(scene, SP_EINVAL, sp_started(scene->client, "a", NULL, NULL));
    expect_error(scene, SP_EINVAL,
                 sp_session_pid(scene->client, "a", NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_info(scene->client, "a", NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_list(scene->client, NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_modules(scene->client, NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_ping(NULL, NULL));
    expect_error(scene, SP_EINVAL, sp_session_url(scene->client, "a", NULL, 9));
    expect_error(scene, SP_EINVAL, sp_client_open(NULL, NULL));
}

/* ---- what there is ------------------------------------------------------ */

SCENE_TEST(client, tells_what_it_knows_of_a_session)
{
    pid_t pid = start(scene, "a", "probe", NULL);
    struct sp_session_info *info;

    expect_error(scene, SP_OK, sp_info(scene->client, "a", &info, NULL));
    cr_expect_str_eq(sp_info_id(info), "a");
    cr_expect_str_eq(sp_info_module(info), "probe");
    cr_expect_str_eq(sp_info_state(info), "running");
    cr_expect_str_eq(sp_info_last_end(info), "");
    cr_expect_eq(sp_info_pid(info), pid);
    cr_expect_eq(sp_info_restarts(info), 0);
    cr_expect_lt(sp_info_age_ms(info), 60000u);
    sp_info_free(info);
    call(scene, "a", "crash", LONG_MS);
    call(scene, "a", "echo x", LONG_MS);
    expect_error(scene, SP_OK, sp_info(scene->client, "a", &info, NULL));
    cr_expect_eq(sp_info_restarts(info), 1);
    cr_expect_str_eq(sp_info_last_end(info), "killed by SIGSEGV");
    cr_expect_neq(sp_info_pid(info), pid);
    sp_info_free(info);
    sp_info_free(NULL);
}

SCENE_TEST(client, lists_sessions_in_the_order_of_their_ids)
{
    static const char *const ids[] = {"b", "a", "Z", "_", "a-1", "10", "9"};
    static const char *const order[] = {"10", "9", "Z", "_", "a", "a-1", "b"};
    struct sp_session_list *list;

    expect_error(scene, SP_OK, sp_list(scene->client, &list, NULL));
    cr_expect_eq(sp_list_count(list), 0);
    sp_list_free(list);
    for (size_t i = 0; i < 7; i++)
        start(scene, ids[i], "kv", NULL);
    expect_error(scene, SP_OK, sp_list(scene->client, &list, NULL));
    cr_assert_eq(sp_list_count(list), 7);
    for (size_t i = 0; i < 7; i++)
        cr_expect_str_eq(sp_info_id(sp_list_at(list, i)), order[i]);
    sp_list_free(list);
    sp_list_free(NULL);
}

SCENE_TEST(client, lists_modules_in_the_order_of_their_names)
{
    static const char *const names[] = {"counter", "echo", "kv", "probe"};
    struct sp_module_list *modules;

    start(scene, "a", "echo", NULL);
    expect_error(scene, SP_OK, sp_modules(scene->client, &modules, NULL));
    cr_assert_eq(sp_modules_count(modules), 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_str_eq(sp_modules_name(modules, i), names[i]);
        cr_expect_eq(sp_modules_path(modules, i)[0], '/');
        cr_expect_eq(sp_modules_sessions(modules, i), i == 1);
        cr_expect_eq(sp_modules_is_default(modules, i), i == 2);
    }
    sp_modules_free(modules);
    sp_modules_free(NULL);
}

SCENE_TEST(client, ping_tells_version_and_process)
{
    expect_error(scene, SP_OK, sp_ping(scene->client, scene->result));
    cr_expect_str_eq((const char *)sp_result_data(scene->result), SP_VERSION);
    cr_expect_eq(sp_result_pid(scene->result), harness_spd(scene->harness));
    expect_error(scene, SP_OK, sp_ping(scene->client, NULL));
    cr_expect_str_eq(sp_version(), SP_VERSION);
}

SCENE_TEST(client, a_sessions_url_can_be_dialed_by_nng)
{
    char url[SP_URL_MAX + 1], wanted[SP_URL_MAX + 1];

    snprintf(wanted, sizeof wanted, "ipc://%s/sessions/a",
             harness_runtime_dir(scene->harness));
    expect_error(scene, SP_OK,
                 sp_session_url(scene->client, "a", url, sizeof url));
    cr_expect_str_eq(url, wanted);
    cr_expect_str_eq(sp_client_runtime_dir(scene->client),
                     harness_runtime_dir(scene->harness));
    expect_error(scene, SP_EMSGSIZE,
                 sp_session_url(scene->client, "a", url, strlen(wanted)));
    expect_error(scene, SP_OK,
                 sp_session_url(scene->client, "a", url, strlen(wanted) + 1));
}

/* ---- opening a client --------------------------------------------------- */

static void expect_open(const char *where, enum sp_error error,
                        const char *culprit)
{
    struct sp_client *client = NULL;
    char text[256];
    enum sp_error got = sp_client_open(where, &client);

    cr_expect_eq(got, error, "%s: %s", where, sp_error_name(got));
    if (error == SP_OK) {
        sp_client_close(client);
        return;
    }
    cr_expect_null(client);
    cr_expect_eq(sp_client_diagnose(where, text, sizeof text), error);
    cr_expect_not_null(strstr(text, culprit), "%s", text);
}

Test(client, opens_no_directory_that_is_not_to_be_trusted)
{
    char dir[LEFTOVERS_DIRECTORY_SIZE], link[64], other[64];

    leftovers_directory(dir);
    snprintf(link, sizeof link, "%s/link", dir);
    snprintf(other, sizeof other, "%s/other", dir);
    cr_assert_eq(symlink(dir, link), 0);
    cr_assert_eq(mkdir(other, 0700), 0);
    expect_open(dir, SP_OK, NULL);
    expect_open(other, SP_OK, NULL);
    expect_open(link, SP_EPERM, link);
    chmod(other, 0755);
    expect_open(other, SP_EPERM, "0755");
    chmod(other, 0710);
    expect_open(other, SP_OK, NULL);
    if (geteuid() == 0 && chown(other, UNPRIVILEGED_ID, UNPRIVILEGED_ID) == 0)
        expect_open(other, SP_EPERM, UNPRIVILEGED_TEXT);
    expect_open("/tmp/nonesuch-libsp", SP_ENOSUP, "/tmp/nonesuch-libsp");
    expect_open("relative", SP_EINVAL, "relative");
    expect_open("", SP_EINVAL, "absolute");
    expect_open("tcp://127.0.0.1:1", SP_EINVAL, "tcp:");
    expect_open("ipc://relative", SP_EINVAL, "relative");
    expect_open("/a/path/that/is/longer/than/33/byt", SP_EINVAL, "33");
    leftovers_remove(dir);
}

Test(client, takes_directory_and_channel_from_the_environment)
{
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    struct sp_client *client;

    leftovers_directory(dir);
    setenv(SP_RUNTIME_DIR_ENV, dir, 1);
    cr_assert_eq(sp_client_open(NULL, &client), SP_OK);
    cr_expect_str_eq(sp_client_runtime_dir(client), dir);
    sp_client_close(client);
    setenv(SP_CHANNEL_ENV, "carrier pigeon", 1);
    expect_open(NULL, SP_EINVAL, "carrier pigeon");
    setenv(SP_CHANNEL_ENV, "nng", 1);
    expect_open(NULL, SP_OK, NULL);
    leftovers_remove(dir);
}

Test(client, makes_new_ids_that_are_valid_and_differ)
{
    char one[SP_ID_MAX + 1], two[SP_ID_MAX + 1];

    sp_session_id_new(one);
    sp_session_id_new(two);
    cr_expect_eq(strlen(one), 36);
    cr_expect(sp_id_valid(one, strlen(one)));
    cr_expect_eq(one[14], '4', "a version 4 UUID: %s", one);
    cr_expect_str_neq(one, two);
}

