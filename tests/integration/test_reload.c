/* SPDX-License-Identifier: MIT */
/* The configuration read anew, by SIGHUP and by the operation `reload`: what
 * changes, for whom, and what does not. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/program.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(reload, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG
#define TEMPORARY PROBE "restart = temporary\n"
#define OTHER "[module other]\npath = @PROBE@\n"
#define ENOUGH "[module probe]\npath = @PROBE@\nmax_restarts = 16\n"

/* ---- reloading ---- */

static long number(const struct answer *answer, const char *key)
{
    const json_t *value = json_object_get(answer->object, key);

    cr_assert(json_is_integer(value), "no %s", key);
    return (long)json_integer_value(value);
}

static void expect_reload(const struct harness *harness, long changed,
                          long added, long removed)
{
    struct answer answer = ask(harness, "{\"op\":\"reload\"}");

    cr_assert_eq(answer.error, SP_OK, "%s: %s", sp_error_name(answer.error),
                 answer.text);
    cr_expect_eq(number(&answer, "changed"), changed, "%ld",
                 number(&answer, "changed"));
    cr_expect_eq(number(&answer, "added"), added, "%ld",
                 number(&answer, "added"));
    cr_expect_eq(number(&answer, "removed"), removed, "%ld",
                 number(&answer, "removed"));
    answer_fini(&answer);
}

static void expect_no_reload(const struct harness *harness,
                             enum sp_error error, const char *text)
{
    struct answer answer = ask(harness, "{\"op\":\"reload\"}");

    cr_expect_eq(answer.error, error, "%s", sp_error_name(answer.error));
    cr_expect_not_null(strstr(answer.text, text), "no '%s' in '%s'", text,
                       answer.text);
    answer_fini(&answer);
}

/* Configures and reloads. */
static void change(struct harness *harness, const char *config, long changed,
                   long added, long removed)
{
    harness_configure(harness, config);
    expect_reload(harness, changed, added, removed);
}

/* ---- processes ---- */

#define CHILDREN_MAX 64

static size_t list_children(const struct harness *harness,
                            pid_t pids[CHILDREN_MAX])
{
    char path[64];
    size_t count = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children",
             (int)harness_spd(harness), (int)harness_spd(harness));
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (count < CHILDREN_MAX && fscanf(file, "%d", &pids[count]) == 1)
        count++;
    fclose(file);
    return count;
}

struct children {
    const struct harness *harness;
    size_t wanted;
};

static bool has_children(void *context)
{
    const struct children *children = context;
    pid_t pids[CHILDREN_MAX];

    return list_children(children->harness, pids) == children->wanted;
}

/* Sessions and templates. */
static void expect_processes(const struct harness *harness, size_t sessions,
                             size_t templates)
{
    struct children children = {harness, sessions + templates};
    pid_t pids[CHILDREN_MAX];

    cr_expect(wait_for(has_children, &children, WAIT_MS),
              "%zu processes, not %zu sessions and %zu templates",
              list_children(harness, pids), sessions, templates);
}

/* The pid of the only child that is none of these sessions. */
static pid_t template_beside(const struct harness *harness,
                             const pid_t *sessions, size_t count)
{
    pid_t pids[CHILDREN_MAX], found = 0;
    size_t children = list_children(harness, pids);

    for (size_t i = 0; i < children; i++) {
        bool is_session = false;

        for (size_t n = 0; n < count; n++)
            is_session = is_session || pids[i] == sessions[n];
        if (is_session)
            continue;
        cr_assert_eq(found, 0, "several");
        found = pids[i];
    }
    cr_assert_gt(found, 1);
    return found;
}

static void crash(const struct harness *harness, const char *id)
{
    struct raw_peer peer;

    session_send(harness, id, "crash", &peer);
    cr_assert(raw_peer_wait_closed(&peer, WAIT_MS));
    raw_peer_close(&peer);
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    cr_assert_not_null(dir, "%s", path);
    while ((entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static size_t count_descriptors(const struct harness *harness)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd", (int)harness_spd(harness));
    return count_entries(path);
}

static size_t count_log_sockets(const struct harness *harness)
{
    char path[96];

    snprintf(path, sizeof path, "%s/log", harness_runtime_dir(harness));
    return count_entries(path);
}

struct holdings {
    const struct harness *harness;
    size_t descriptors;
    size_t log_sockets;
};

/* Before anything is started, and when all of it has gone.  spd may be about to
 * close a descriptor of a question or of its own start: there may be fewer. */
static struct holdings note(const struct harness *harness)
{
    return (struct holdings){harness, count_descriptors(harness),
                             count_log_sockets(harness)};
}

static bool is_back(void *context)
{
    const struct holdings *wanted = context;
    struct holdings now = note(wanted->harness);

    return now.descriptors <= wanted->descriptors &&
           now.log_sockets == wanted->log_sockets;
}

static void expect_back(struct holdings *wanted)
{
    cr_expect(wait_for(is_back, wanted, WAIT_MS),
              "%zu descriptors, not %zu; %zu log sockets, not %zu",
              count_descriptors(wanted->harness), wanted->descriptors,
              count_log_sockets(wanted->harness), wanted->log_sockets);
}

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
        harness_configure(harness, bad[i].text);
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
    struct holdings before = note(harness);

    for (int i = 0; i < 3; i++)
        expect_reload(harness, 0, 0, 0);
    expect_back(&before);
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

/* ---- modules ---- */

Test(reload, leaves_sessions_what_they_were_started_with)
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

Test(reload, gives_a_changed_module_a_fresh_template)
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

Test(reload, ends_the_old_template_with_its_last_session)
{
    struct harness *harness = harness_start(PROBE);
    struct holdings before = note(harness);
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
    expect_back(&before);
    harness_stop(harness);
}

Test(reload, ends_a_template_without_sessions_at_once)
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
Test(reload, restarts_an_old_session_with_its_settings_after_its_template_died)
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

Test(reload, lets_sessions_of_a_removed_module_go_on_and_starts_no_more)
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

Test(reload, offers_added_modules)
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

Test(reload, counts_old_and_new_sessions_as_those_of_one_module)
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

Test(reload, takes_a_module_whose_file_was_replaced_for_changed)
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

    harness_configure(harness, bad[0].text);
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
    struct holdings before = note(harness);
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
    expect_back(&before);
    harness_stop(harness);
}
