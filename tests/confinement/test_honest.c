/* SPDX-License-Identifier: MIT */
/* Honest code lives in the sandbox: escape 45 is none.  Whatever the C library
 * does for it, and whichever way it ends, it is never by SIGSYS. */
#define _GNU_SOURCE
#include "scene.h"
#include "support/asking.h"
#include "support/news.h"

TIER_SUITE(honest);

#define CXX "[module cxx]\npath = " SP_TEST_CXX "\nrestart = temporary\n"

static void expect_work(const char *settings)
{
    struct scene scene;

    scene_open(&scene, settings);
    scene_expect(&scene, "ordinary_work", "done");
    scene_expect(&scene, "at-load ordinary_work", "done");
    cr_expect_eq(ask_counter(scene.harness, "violations"), 0);
    scene_check(&scene);
    scene_close(&scene);
}

Test(honest, code_has_the_c_library)
{
    expect_work("");
}

Test(honest, code_has_the_c_library_without_a_sandbox)
{
    expect_work("sandbox = none\n");
}

Test(honest, code_is_refused_a_thread_and_no_more)
{
    struct scene scene;

    scene_open(&scene, "");
    scene_expect(&scene, "start_thread", "EPERM EAGAIN");
    scene_check(&scene);
    scene_close(&scene);
    scene_open(&scene, "sandbox = none\n");
    scene_expect(&scene, "start_thread", "done");
    scene_close(&scene);
}

/* ---- ends ---- */

/* By its own fault, and not by the sandbox's. */
static void expect_signal(const struct scene *scene, const char *module,
                          const char *request, const char *signal)
{
    ask_started(scene->harness, "b", module, NULL);
    session_end_by(scene->harness, "b", request);
    ask_until_gone(scene->harness, "b");
    news_expect(scene->harness, "b", "start ready crash stop");
    news_expect_end(scene->harness, "b", "crash", "signal", signal);
    cr_expect_eq(ask_counter(scene->harness, "violations"), 0);
    scene_check(scene);
}

Test(honest, code_that_aborts_ends_by_a_signal)
{
    struct scene scene;

    scene_open(&scene, "");
    expect_signal(&scene, "hostile", "abort", tier_abort_signal());
    scene_close(&scene);
}

Test(honest, code_whose_assert_fails_ends_by_a_signal)
{
    struct scene scene;

    scene_open(&scene, "");
    expect_signal(&scene, "hostile", "failing_assert", tier_abort_signal());
    scene_close(&scene);
}

static void open_cxx(struct scene *scene)
{
    char settings[512];

    snprintf(settings, sizeof settings, "sandbox = %s\n" CXX "sandbox = %s\n",
             tier_name(), tier_name());
    scene_open(scene, settings);
    /* its template is there from here on */
    ask_started(scene->harness, "cxx", "cxx", "text");
    scene->balance = balance_note(scene->harness);
}

Test(honest, code_in_cxx_throws_and_catches)
{
    struct scene scene;

    open_cxx(&scene);
    session_expect(scene.harness, "cxx", "throw", "caught");
    session_expect(scene.harness, "cxx", "get", "text");
    scene_check(&scene);
    scene_close(&scene);
}

Test(honest, code_in_cxx_that_does_not_catch_ends_by_a_signal)
{
    struct scene scene;

    open_cxx(&scene);
    expect_signal(&scene, "cxx", "throw on", tier_abort_signal());
    scene_close(&scene);
}
