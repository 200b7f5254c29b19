/* SPDX-License-Identifier: MIT */
/* Cgroups of modules, in a cgroup of the test's own below the root of the real
 * hierarchy. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/wait.h"

TestSuite(cgroup, .fini = leaks_check);

static char given[64]; /* the test's own cgroup; "" without */

static void remove_given(void)
{
    if (given[0])
        rmdir(given);
}

/* Skips the test where there is no cgroup v2 that can be written to. */
static void make_given(void)
{
    static const char *const mounts[] = {"/sys/fs/cgroup/unified",
                                         "/sys/fs/cgroup"};
    char file[96];

    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        snprintf(file, sizeof file, "%s/cgroup.procs", mounts[i]);
        if (access(file, W_OK) < 0)
            continue;
        snprintf(given, sizeof given, "%s/spt-%d", mounts[i], (int)getpid());
        if (mkdir(given, 0755) == 0) {
            atexit(remove_given);
            return;
        }
    }
    given[0] = '\0';
    cr_skip("no cgroup v2 here that this user may make cgroups in");
}

/* With spd's cgroups below the test's. */
static struct harness *start(const char *settings)
{
    char config[512];

    make_given();
    snprintf(config, sizeof config, "[supervisor]\ncgroup = %s\n%s%s", given,
             HARNESS_PROBE_CONFIG, settings);
    return harness_start(config);
}

/* A process's cgroup as a directory; "" if it is not below the test's. */
static void cgroup_of(pid_t pid, char out[256])
{
    char path[48], line[256];
    const char *name = strrchr(given, '/');
    const char *at;
    FILE *file;

    out[0] = '\0';
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "0::", 3) == 0 && (at = strstr(line, name)))
            snprintf(out, 256, "%s%.*s", given,
                     (int)strcspn(at + strlen(name), "\n"),
                     at + strlen(name));
    if (file)
        fclose(file);
}

static size_t count_below(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    while (directory && (entry = readdir(directory)))
        count += entry->d_type == DT_DIR && entry->d_name[0] != '.';
    if (directory)
        closedir(directory);
    return count;
}

static void expect_nothing_left(void)
{
    cr_expect_eq(count_below(given), 0, "cgroups are left in %s", given);
    cr_expect_eq(rmdir(given), 0);
}

Test(cgroup, of_a_module_holds_its_template_and_sessions)
{
    struct harness *harness = start("[module other]\npath = @PROBE@\n");
    char template[256], one[256], other[256], wanted[128];

    snprintf(wanted, sizeof wanted, "%s/libsp-%d/probe.", given,
             (int)harness_spd(harness));
    cgroup_of(ask_started(harness, "a", "probe", NULL), one);
    cgroup_of(ask_started(harness, "b", "other", NULL), other);
    cgroup_of(family_template(harness, "probe"), template);
    cr_expect_eq(strncmp(one, wanted, strlen(wanted)), 0, "%s", one);
    cr_expect_str_eq(one, template);
    cr_expect_str_neq(one, other);
    harness_stop(harness);
    expect_nothing_left();
}

Test(cgroup, of_a_killed_template_goes_with_its_last_session)
{
    struct harness *harness = start("");
    char before[256], after[256];

    cgroup_of(ask_started(harness, "a", "probe", NULL), before);
    kill(family_template(harness, "probe"), SIGKILL);
    cr_assert(harness_wait_log(harness, "its template ended", WAIT_MS));
    cr_expect_eq(access(before, F_OK), 0, "a session is in it");
    cgroup_of(ask_started(harness, "b", "probe", NULL), after);
    cr_expect_str_neq(before, after);
    ask_stop(harness, "a");
    cr_expect(wait_path_gone(before, WAIT_MS));
    harness_stop(harness);
    expect_nothing_left();
}

/* The process of a cgroup that is neither of these; 0 without one. */
static pid_t other_in(const char *cgroup, pid_t session, pid_t template)
{
    char path[300];
    pid_t other = 0;
    FILE *file;
    int pid;

    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
    file = fopen(path, "re");
    while (file && fscanf(file, "%d", &pid) == 1)
        if (pid != session && pid != template)
            other = pid;
    if (file)
        fclose(file);
    return other;
}

Test(cgroup, kills_what_its_sessions_have_left)
{
    struct harness *harness = start("sandbox = none\n");
    pid_t session = ask_started(harness, "a", "probe", NULL);
    pid_t template = family_template(harness, "probe");
    char cgroup[256];
    pid_t daemon;

    cgroup_of(session, cgroup);
    session_expect(harness, "a", "daemon", "");
    daemon = other_in(cgroup, session, template);
    cr_assert_gt(daemon, 1);
    ask_stop(harness, "a");
    kill(template, SIGKILL);
    if (!wait_pid_gone(daemon, WAIT_MS)) {
        kill(daemon, SIGKILL);
        cr_expect_fail("it lives on");
    }
    waitpid(daemon, NULL, 0); /* where it was orphaned onto this process */
    harness_stop(harness);
    expect_nothing_left();
}

Test(cgroup, of_a_killed_spd_is_removed_by_the_next)
{
    struct harness *harness = start("");
    char before[256];

    cgroup_of(ask_started(harness, "a", "probe", NULL), before);
    harness_kill_spd(harness);
    cr_expect_eq(access(before, F_OK), 0);
    harness_start_spd(harness);
    cr_expect_eq(count_below(given), 1, "its own alone");
    cr_expect_neq(access(before, F_OK), 0);
    harness_stop(harness);
    expect_nothing_left();
}

Test(cgroup, is_shared_by_several_spds)
{
    struct harness *first = start("");
    struct harness *second;
    char config[128], one[256];

    ask_started(first, "a", "probe", NULL);
    snprintf(config, sizeof config, "[supervisor]\ncgroup = %s\n", given);
    second = harness_start(config);
    cr_expect_eq(count_below(given), 2);
    ask_started(second, "a", "echo", NULL);
    session_expect(second, "a", "hello", "hello");
    cgroup_of(ask_started(first, "b", "probe", NULL), one);
    cr_expect_str_neq(one, "");
    harness_stop(second);
    cr_expect_eq(count_below(given), 1);
    harness_stop(first);
    expect_nothing_left();
}

/* Where the kernel has the controller here, the limit is in force and shown. */
Test(cgroup, without_the_controller_refuses_the_module_by_name)
{
    struct harness *harness = start("module_memory = 512M\n");
    char controllers[256] = "", path[96];
    FILE *file;

    snprintf(path, sizeof path, "%s/cgroup.controllers", given);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    if (fgets(controllers, sizeof controllers, file) &&
        strstr(controllers, "memory")) {
        struct answer answer;

        ask_started(harness, "a", "probe", NULL);
        answer = ask(harness, "{\"op\":\"info\",\"id\":\"a\"}");
        cr_expect(strstr(json_string_value(json_object_get(
                             json_object_get(answer.object, "session"),
                             "sandbox")),
                         "memory.max 536870912"));
        answer_fini(&answer);
    } else {
        snprintf(path, sizeof path, "no memory controller in %.60s", given);
        ask_refused(harness, "a", "probe", NULL, SP_ELOAD, "module_memory");
        ask_refused(harness, "a", "probe", NULL, SP_ELOAD, path);
    }
    fclose(file);
    ask_started(harness, "b", "echo", NULL); /* who needs none has no harm */
    harness_stop(harness);
    expect_nothing_left();
}

Test(cgroup, that_is_off_or_none_is_named_as_what_is_missing)
{
    struct harness *harness = harness_start(
        "[supervisor]\ncgroup = off\n" HARNESS_PROBE_CONFIG "cpu_weight = 50\n"
        "[module other]\npath = @PROBE@\nmodule_processes = 9\n");

    cr_expect(harness_wait_log(harness, "cgroup v2: not used: cgroup = off",
                               WAIT_MS));
    ask_refused(harness, "a", "probe", NULL, SP_ELOAD,
                "cpu_weight: cgroup v2: cgroup = off");
    ask_refused(harness, "a", "other", NULL, SP_ELOAD, "module_processes");
    harness_stop(harness);
    harness = harness_start("[supervisor]\ncgroup = /tmp\n");
    cr_expect(harness_wait_log(harness, "/tmp: not a cgroup of v2", WAIT_MS));
    harness_stop(harness);
}
