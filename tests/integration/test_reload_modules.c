/* SPDX-License-Identifier: MIT */
/* Modules that a reload changes, adds or removes: what becomes of their
 * templates, of the sessions they have, and of the next ones. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reload_scene.h"
#include "support/leaks.h"
#include "support/program.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(reload_modules, .fini = leaks_check);

/* ---- changed ---- */

Test(reload_modules, leaves_sessions_what_they_were_started_with)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "old", "probe", NULL);
    change(harness, TEMPORARY, 1, 0, 0);
    ask_started(harness, "new", "probe", NULL);
    crash(harness, "new");
    ask_until_gone(harness, "new");
    for (unsigned i = 1; i <= 2; i++) {
        crash(harness, "old");
        ask_until_restarted(harness, "old", i);
    }
    session_expect(harness, "old", "echo x", "x");
    harness_stop(harness);
}

Test(reload_modules, gives_a_changed_module_a_fresh_template)
{
    struct harness *harness = harness_start(PROBE);
    pid_t sessions[2], templates[2];

    sessions[0] = ask_started(harness, "old", "probe", NULL);
    templates[0] = template_beside(harness, sessions, 1);
    change(harness, TEMPORARY, 1, 0, 0);
    expect_processes(harness, 1, 1); /* it is started when it is needed */
    sessions[1] = ask_started(harness, "new", "probe", NULL);
    expect_processes(harness, 2, 2);
    cr_assert_eq(ask_stop(harness, "old"), SP_OK);
    expect_processes(harness, 1, 1);
    templates[1] = template_beside(harness, &sessions[1], 1);
    cr_expect_neq(templates[0], templates[1]);
    cr_expect(wait_pid_gone(templates[0], 0));
    session_expect(harness, "new", "echo x", "x");
    harness_stop(harness);
}

Test(reload_modules, ends_the_old_template_with_its_last_session)
{
    struct harness *harness = harness_start(PROBE);
    struct holdings before = holdings_note(harness);
    struct raw_peer peer;

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    change(harness, TEMPORARY, 1, 0, 0);
    ask_started(harness, "new", "probe", NULL);
    cr_expect_eq(count_log_sockets(harness), before.log_sockets + 1);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    expect_processes(harness, 2, 2);
    session_send(harness, "b", "stop", &peer);
    cr_assert(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
    expect_processes(harness, 1, 1);
    cr_assert_eq(ask_stop(harness, "new"), SP_OK);
    change(harness, PROBE, 1, 0, 0);
    holdings_expect_back(&before);
    harness_stop(harness);
}

Test(reload_modules, ends_a_template_without_sessions_at_once)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    expect_processes(harness, 0, 1);
    change(harness, TEMPORARY, 1, 0, 0);
    expect_processes(harness, 0, 0);
    ask_started(harness, "a", "probe", NULL);
    harness_stop(harness);
}

/* Its template was killed meanwhile: another one of its kind is started. */
Test(reload_modules, restarts_an_old_session_with_its_settings_after_its_template_died)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "old", "probe", NULL);
    pid_t template = template_beside(harness, &pid, 1);

    change(harness, TEMPORARY, 1, 0, 0);
    cr_assert_eq(kill(template, SIGKILL), 0);
    expect_processes(harness, 1, 0);
    crash(harness, "old");
    ask_until_restarted(harness, "old", 1);
    expect_processes(harness, 1, 1);
    session_expect(harness, "old", "log said by an old one", "");
    cr_expect(harness_wait_log(harness, "said by an old one", WAIT_MS));
    cr_assert_eq(ask_stop(harness, "old"), SP_OK);
    expect_processes(harness, 0, 0);
    harness_stop(harness);
}

Test(reload_modules, lets_sessions_of_a_removed_module_go_on_and_starts_no_more)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "old", "probe", NULL);
    change(harness, "", 0, 0, 1);
    ask_refused(harness, "new", "probe", NULL, SP_EMODULE, "probe");
    session_expect(harness, "old", "echo x", "x");
    crash(harness, "old");
    ask_until_restarted(harness, "old", 1);
    session_expect(harness, "old", "echo y", "y");
    expect_processes(harness, 1, 1);
    change(harness, PROBE, 0, 1, 0);
    ask_started(harness, "new", "probe", NULL);
    cr_assert_eq(ask_stop(harness, "old"), SP_OK);
    expect_processes(harness, 1, 1);
    harness_stop(harness);
}

Test(reload_modules, offers_added_modules)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    ask_refused(harness, "b", "other", NULL, SP_EMODULE, "other");
    change(harness, PROBE OTHER, 0, 1, 0);
    ask_started(harness, "b", "other", NULL);
    session_expect(harness, "b", "echo x", "x");
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

static long sessions_of(const struct harness *harness, const char *name)
{
    struct answer answer = ask(harness, "{\"op\":\"modules\"}");
    const json_t *modules = json_object_get(answer.object, "modules");
    const json_t *module;
    long sessions = -1;
    size_t i;

    json_array_foreach(modules, i, module)
    {
        const json_t *its = json_object_get(module, "name");

        if (strcmp(json_string_value(its), name) != 0)
            continue;
        cr_expect_eq(sessions, -1, "%s is there twice", name);
        sessions = (long)json_integer_value(json_object_get(module,
                                                            "sessions"));
    }
    answer_fini(&answer);
    return sessions;
}

Test(reload_modules, counts_old_and_new_sessions_as_those_of_one_module)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "old", "probe", NULL);
    change(harness, TEMPORARY, 1, 0, 0);
    ask_started(harness, "new", "probe", NULL);
    cr_expect_eq(sessions_of(harness, "probe"), 2);
    change(harness, "", 0, 0, 1);
    cr_expect_eq(sessions_of(harness, "probe"), -1);
    harness_stop(harness);
}

/* ---- files ---- */

/* A file of its own at the path, as an installation puts it there. */
static void install(const char *path)
{
    char fresh[96];
    struct program program;

    snprintf(fresh, sizeof fresh, "%s.new", path);
    cr_assert_eq(PROGRAM_RUN(&program, "cp", harness_probe_module(), fresh), 0);
    program_fini(&program);
    cr_assert_eq(rename(fresh, path), 0);
}

Test(reload_modules, takes_a_module_whose_file_was_replaced_for_changed)
{
    struct harness *harness = harness_start("");
    char path[64], config[128];

    snprintf(path, sizeof path, "%s/mine.so", harness_dir(harness));
    snprintf(config, sizeof config, "[module mine]\npath = %s\n", path);
    install(path);
    change(harness, config, 0, 1, 0);
    install(path); /* no template has loaded the first one */
    expect_reload(harness, 0, 0, 0);
    ask_started(harness, "old", "mine", NULL);
    expect_reload(harness, 0, 0, 0);
    install(path);
    expect_reload(harness, 1, 0, 0);
    expect_reload(harness, 0, 0, 0);
    ask_started(harness, "new", "mine", NULL);
    expect_processes(harness, 2, 2);
    cr_assert_eq(ask_stop(harness, "old"), SP_OK);
    expect_processes(harness, 1, 1);
    harness_stop(harness);
}
