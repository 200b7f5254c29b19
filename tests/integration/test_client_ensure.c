/* SPDX-License-Identifier: MIT */
/* libsp and the real spd: get or start, casts that do not wait, and a client
 * that is used across a fork. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client_scene.h"
#include "support/leaks.h"

TestSuite(client_ensure, .fini = leaks_check, .timeout = 120);

static const struct sp_spec forty = {"counter", "40", 2};

/* ---- get or start ------------------------------------------------------- */

SCENE_TEST(client_ensure, starts_what_is_not_there_and_finds_what_is)
{
    pid_t pid;

    expect_error(scene, SP_OK,
                 sp_ensure(scene->client, "c", &forty, scene->result));
    pid = sp_result_pid(scene->result);
    cr_expect_gt(pid, 1);
    expect_reply(scene, "c", "incr 2", "42");
    expect_error(scene, SP_OK,
                 sp_ensure(scene->client, "c", NULL, scene->result));
    cr_expect_eq(sp_result_pid(scene->result), pid);
    expect_reply(scene, "c", "incr 1", "43");
}

SCENE_TEST(client_ensure, a_call_starts_the_session_that_it_wants)
{
    expect_error(scene, SP_OK,
                 sp_call_with(scene->client, "c", &forty, "incr 2", 6, LONG_MS,
                              scene->result));
    cr_expect_str_eq(sp_result_data(scene->result), "42");
    expect_error(scene, SP_OK,
                 sp_call_with(scene->client, "c", &forty, "incr 2", 6, LONG_MS,
                              scene->result));
    cr_expect_str_eq(sp_result_data(scene->result), "44");
}

SCENE_TEST(client_ensure, a_cast_starts_the_session_that_it_wants)
{
    static const struct sp_spec probe = {"probe", NULL, 0};

    expect_error(scene, SP_OK,
                 sp_cast_with(scene->client, "p", &probe, "x", 1, LONG_MS,
                              scene->result));
    if (scene_is_local(scene))
        expect_reply(scene, "p", "count", "1");
}

SCENE_TEST(client_ensure, after_an_end_it_starts_anew)
{
    expect_error(scene, SP_OK,
                 sp_call_with(scene->client, "c", &forty, "incr 2", 6, LONG_MS,
                              scene->result));
    expect_error(scene, SP_OK,
                 sp_terminate(scene->client, "c", scene->result));
    expect_error(scene, SP_OK,
                 sp_call_with(scene->client, "c", &forty, "incr 2", 6, LONG_MS,
                              scene->result));
    cr_expect_str_eq(sp_result_data(scene->result), "42");
}

SCENE_TEST(client_ensure, tells_why_there_is_none)
{
    static const struct sp_spec rainy = {"probe", "fail because it rains", 21};
    static const struct sp_spec nonesuch = {.module = "nonesuch"};
    static const struct sp_spec bad = {.module = "../echo"};
    static const struct sp_spec lost = {.arg_size = 1};

    expect_error(scene, SP_EINIT,
                 sp_ensure(scene->client, "a", &rainy, scene->result));
    expect_error(scene, SP_EINIT,
                 sp_call_with(scene->client, "a", &rainy, "pid", 3, LONG_MS,
                              scene->result));
    cr_expect_str_eq(sp_result_text(scene->result), "because it rains");
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_NOT_SENT);
    expect_error(scene, SP_EMODULE,
                 sp_ensure(scene->client, "a", &nonesuch, scene->result));
    expect_error(scene, SP_EMODULE,
                 sp_cast_with(scene->client, "a", &bad, "", 0, LONG_MS,
                              scene->result));
    expect_error(scene, SP_EINVAL,
                 sp_ensure(scene->client, "a", &lost, scene->result));
    expect_error(scene, SP_ENOENT,
                 sp_call_with(scene->client, "a", NULL, "pid", 3, LONG_MS,
                              scene->result));
}

#define CALLERS 16

static void *call_once(void *context)
{
    struct scene *scene = context;

    cr_expect_eq(sp_call_with(scene->client, "c", &forty, "incr 1", 6, LONG_MS,
                              NULL),
                 SP_OK);
    return NULL;
}

SCENE_TEST(client_ensure, many_callers_start_one_session)
{
    pthread_t threads[CALLERS];

    for (int i = 0; i < CALLERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, call_once, scene), 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    expect_reply(scene, "c", "incr 1", "57");
}

/* ---- not waiting -------------------------------------------------------- */

SCENE_TEST_LOCAL(client_ensure, a_cast_that_does_not_wait_says_when_it_would)
{
    static char bytes[16 * 1024];
    enum sp_error error = SP_OK;

    start(scene, "p", "probe", NULL);
    expect_error(scene, SP_OK, sp_pause(scene->client, "p", scene->result));
    for (int i = 0; i < 1024 && error == SP_OK; i++)
        error = sp_cast_with(scene->client, "p", NULL, bytes, sizeof bytes, 0,
                             scene->result);
    cr_expect_eq(error, SP_EAGAIN, "%s", sp_error_name(error));
    cr_expect_eq(sp_result_progress(scene->result), SP_PROGRESS_NOT_SENT);
    expect_error(scene, SP_OK, sp_resume(scene->client, "p", scene->result));
    expect_reply(scene, "p", "echo x", "x");
    expect_error(scene, SP_OK,
                 sp_cast_with(scene->client, "p", NULL, bytes, sizeof bytes, 0,
                              scene->result));
}

/* ---- fork --------------------------------------------------------------- */

/* In the child: the number of the first thing that is not as it is to be. */
static int misuse(struct scene *scene)
{
    struct sp_client *own;
    bool started;

    if (call(scene, "p", "pid", LONG_MS) != SP_EFORKED)
        return 1;
    if (sp_started(scene->client, "p", &started, NULL) != SP_EFORKED ||
        sp_ping(scene->client, NULL) != SP_EFORKED)
        return 2;
    if (sp_client_open(harness_runtime_dir(scene->harness), &own) != SP_OK)
        return 3;
    if (sp_call(own, "p", "pid", 3, LONG_MS, NULL) != SP_OK)
        return 4;
    if (call(scene, "p", "pid", LONG_MS) != SP_EFORKED)
        return 5;
    sp_client_close(own);
    sp_client_close(scene->client);
    return 0;
}

SCENE_TEST_LOCAL(client_ensure, a_forked_child_is_told_to_open_its_own_client)
{
    int status;
    pid_t pid;

    start(scene, "p", "probe", NULL);
    expect_reply(scene, "p", "echo before", "before");
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0)
        _exit(misuse(scene));
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x",
              (unsigned)status);
    expect_reply(scene, "p", "echo after", "after");
}
