/* SPDX-License-Identifier: MIT */
/* The configuration read anew, by SIGHUP and by the operation `reload`: whole
 * or not at all, whoever asks; and the settings of [supervisor]. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reload_scene.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(reload, .fini = leaks_check);

#define ENOUGH "[module probe]\npath = @PROBE@\nmax_restarts = 16\n"

/* ---- whole or not at all ---- */

static const struct {
    const char *text, *where, *what;
} bad[] = {
    {TEMPORARY "[supervisor]\nmax_session = 1\n", ":5: ", "max_session"},
    {OTHER "[module probe]\nrestart = sometimes\n", ":4: ", "restart"},
    {TEMPORARY OTHER "[module ghost]\npath = /nonexistent.so\n", ":6: ",
     "ghost"},
    {TEMPORARY "[supervisor]\ndefault_module = ghost\n", ": ", "ghost"},
    {TEMPORARY "nonsense\n", ":4: ", ""},
};
#define BAD (sizeof bad / sizeof bad[0])

Test(reload, of_a_bad_file_changes_nothing_and_names_the_place)
{
    struct harness *harness = harness_start(PROBE);
    char where[96];

    ask_started(harness, "a", "probe", NULL);
    for (size_t i = 0; i < BAD; i++) {
        harness_configure_as_is(harness, bad[i].text);
        snprintf(where, sizeof where, "%s/spd.conf%s", harness_dir(harness),
                 bad[i].where);
        expect_no_reload(harness, SP_EINVAL, where);
        expect_no_reload(harness, SP_EINVAL, bad[i].what);
        cr_expect(harness_wait_log(harness, where, WAIT_MS), "%s", where);
        ask_refused(harness, "b", "other", NULL, SP_EMODULE, "other");
    }
    ask_started(harness, "b", "probe", NULL);
    expect_processes(harness, 2, 1); /* its template has stayed */
    crash(harness, "b");
    ask_until_restarted(harness, "b", 1); /* it is not temporary */
    harness_stop(harness);
}

Test(reload, of_a_file_that_is_gone_changes_nothing_and_names_it)
{
    struct harness *harness = harness_start(PROBE);
    char path[64];

    snprintf(path, sizeof path, "%s/spd.conf", harness_dir(harness));
    cr_assert_eq(unlink(path), 0);
    expect_no_reload(harness, SP_EINVAL, path);
    ask_started(harness, "a", "probe", NULL);
    harness_stop(harness);
}

Test(reload, of_the_same_file_changes_nothing)
{
    struct harness *harness = harness_start(PROBE);
    struct holdings before = holdings_note(harness);

    for (int i = 0; i < 3; i++)
        expect_reload(harness, 0, 0, 0);
    holdings_expect_back(&before);
    ask_started(harness, "a", "probe", NULL);
    for (int i = 0; i < 3; i++)
        expect_reload(harness, 0, 0, 0);
    ask_started(harness, "b", "probe", NULL);
    expect_processes(harness, 2, 1);
    harness_stop(harness);
}

Test(reload, while_stopping_is_refused)
{
    struct harness *harness = harness_start(PROBE "stop_timeout = 1h\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer hung;

    session_send(harness, "a", "hang", &hung);
    cr_assert(raw_peer_silent(&hung, 0));
    cr_assert_eq(kill(harness_spd(harness), SIGTERM), 0);
    cr_assert(harness_wait_log(harness, "SIGTERM: stopping", WAIT_MS));
    expect_no_reload(harness, SP_ENOSUP, "stopping");
    cr_assert_eq(kill(pid, SIGKILL), 0);
    raw_peer_close(&hung);
    harness_expect_end(harness, 0);
    harness_stop(harness);
}

/* ---- settings of [supervisor] ---- */

Test(reload, changes_the_default_module)
{
    struct harness *harness =
        harness_start(PROBE "[supervisor]\ndefault_module = counter\n");

    ask_started(harness, "a", NULL, NULL);
    session_expect(harness, "a", "incr", "1");
    change(harness, PROBE "[supervisor]\ndefault_module = probe\n", 0, 0, 0);
    ask_started(harness, "b", NULL, NULL);
    session_expect(harness, "b", "echo x", "x");
    session_expect(harness, "a", "incr", "2");
    harness_stop(harness);
}

Test(reload, changes_limits_at_once)
{
    struct harness *harness =
        harness_start(PROBE "[supervisor]\nmax_sessions = 2\nmax_arg = 4\n");

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    ask_refused(harness, "c", "probe", NULL, SP_ELIMIT, "max_sessions = 2");
    change(harness, PROBE "[supervisor]\nmax_sessions = 3\nmax_arg = 5\n", 0, 0,
           0);
    ask_started(harness, "c", "probe", "12345");
    ask_refused(harness, "d", "probe", NULL, SP_ELIMIT, "max_sessions = 3");
    change(harness, PROBE "[supervisor]\nmax_sessions = 1\n", 0, 0, 0);
    cr_expect_eq(ask_count(harness), 3); /* nobody is thrown out */
    ask_refused(harness, "d", "probe", NULL, SP_ELIMIT, "max_sessions = 1");
    harness_stop(harness);
}

Test(reload, changes_how_many_ends_are_kept)
{
    struct harness *harness = harness_start(PROBE);
    struct answer answer;

    ask_started(harness, "a", "probe", NULL);
    cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    change(harness, PROBE "[supervisor]\ntombstones = 0\n", 0, 0, 0);
    answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
    cr_expect_eq(answer.error, SP_ENOENT);
    cr_expect_null(strstr(answer.text, "stopped"), "%s", answer.text);
    answer_fini(&answer);
    harness_stop(harness);
}

Test(reload, changes_the_log_level)
{
    struct harness *harness =
        harness_start(PROBE "[supervisor]\nlog_level = error\n");
    char *log;

    ask_started(harness, "quiet", "probe", NULL);
    change(harness, PROBE "[supervisor]\nlog_level = debug\n", 0, 0, 0);
    ask_started(harness, "loud", "probe", NULL);
    cr_expect(harness_wait_log(harness, "session loud", WAIT_MS));
    log = harness_log(harness);
    cr_expect_null(strstr(log, "session quiet"));
    free(log);
    harness_stop(harness);
}

Test(reload, names_settings_that_spd_must_be_started_again_for)
{
    struct harness *harness = harness_start(PROBE);

    harness_configure(harness, PROBE "[supervisor]\ncontrol_connections = 7\n"
                                     "group = nobodys\nmax_arg = 4\n");
    for (int i = 0; i < 2; i++) { /* as long as it is so */
        struct answer answer = ask(harness, "{\"op\":\"reload\"}");
        const json_t *names = json_object_get(answer.object, "restart_needed");

        cr_assert_eq(answer.error, SP_OK, "%s", answer.text);
        cr_assert_eq(json_array_size(names), 2);
        cr_expect_str_eq(json_string_value(json_array_get(names, 0)),
                         "control_connections");
        cr_expect_str_eq(json_string_value(json_array_get(names, 1)), "group");
        answer_fini(&answer);
    }
    cr_expect(harness_wait_log(harness, "group: takes effect when", WAIT_MS));
    ask_refused(harness, "a", "probe", "12345", SP_EMSGSIZE, "max_arg = 4");
    change(harness, PROBE, 0, 0, 0);
    harness_stop(harness);
}

/* ---- who asks ---- */

Test(reload, by_sighup_is_the_same_as_by_request)
{
    static const char first[] = PROBE "[module gone]\npath = @PROBE@\n";
    static const char second[] = TEMPORARY OTHER;

    for (int by_signal = 0; by_signal < 2; by_signal++) {
        struct harness *harness = harness_start(first);

        ask_started(harness, "old", "probe", NULL);
        harness_configure(harness, second);
        if (by_signal)
            cr_assert_eq(kill(harness_spd(harness), SIGHUP), 0);
        else
            expect_reload(harness, 1, 1, 1);
        cr_expect(harness_wait_log(
            harness, "1 module(s) changed, 1 added, 1 removed", WAIT_MS));
        ask_refused(harness, "new", "gone", NULL, SP_EMODULE, "gone");
        ask_started(harness, "new", "probe", NULL);
        ask_started(harness, "other", "other", NULL);
        crash(harness, "new");
        ask_until_gone(harness, "new");
        crash(harness, "old");
        ask_until_restarted(harness, "old", 1);
        harness_stop(harness);
    }
}

Test(reload, of_a_bad_file_by_sighup_changes_nothing_and_is_logged)
{
    struct harness *harness = harness_start(PROBE);
    char where[96];

    harness_configure_as_is(harness, bad[0].text);
    snprintf(where, sizeof where, "reload (SIGHUP): nothing is changed: "
             "%s/spd.conf%s", harness_dir(harness), bad[0].where);
    cr_assert_eq(kill(harness_spd(harness), SIGHUP), 0);
    cr_expect(harness_wait_log(harness, where, WAIT_MS));
    ask_started(harness, "a", "probe", NULL);
    harness_stop(harness);
}

/* Signals and requests, a new generation with each; some sessions stay, each in
 * its own, others come and go. */
Test(reload, storm_leaves_nothing_behind)
{
    struct harness *harness = harness_start(ENOUGH);
    struct holdings before = holdings_note(harness);
    char config[128], id[16];

    ask_started(harness, "first", "probe", NULL);
    for (int i = 0; i < 40; i++) {
        snprintf(config, sizeof config, PROBE "max_restarts = %d\n", i % 16);
        harness_configure(harness, config);
        for (int n = 0; n < 10; n++)
            kill(harness_spd(harness), SIGHUP);
        cr_assert_neq(ask_start(harness, "come", "probe", NULL), SP_EMODULE);
        if (i % 10 == 0) {
            snprintf(id, sizeof id, "s%d", i);
            ask_started(harness, id, "probe", NULL);
        }
        if (i % 3 == 0)
            ask_stop(harness, "come");
    }
    for (int i = 0; i < 40; i += 10) {
        snprintf(id, sizeof id, "s%d", i);
        session_expect(harness, id, "echo x", "x");
        cr_expect_eq(ask_stop(harness, id), SP_OK);
    }
    ask_stop(harness, "come");
    session_expect(harness, "first", "echo x", "x");
    cr_assert_eq(ask_stop(harness, "first"), SP_OK);
    change(harness, "", 0, 0, 1); /* the last template goes */
    change(harness, PROBE, 0, 1, 0);
    expect_processes(harness, 0, 0);
    holdings_expect_back(&before);
    harness_stop(harness);
}
