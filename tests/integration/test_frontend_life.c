/* SPDX-License-Identifier: MIT */
/* The front end's beginning and end, with a supervisor of its own, too; and
 * that it does not outlive a test which crashes. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/browser.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

TestSuite(frontend_life, .fini = leaks_check, .timeout = 120);

static void expect_narrow(const char *text)
{
    for (size_t size; *text; text += size + (text[size] == '\n')) {
        size = strcspn(text, "\n");
        cr_expect_leq(size, 80u, "%.*s", (int)size, text);
    }
}

Test(frontend_life, does_not_begin_for_a_reason_in_one_line)
{
    struct program program;

    cr_expect_eq(PROGRAM_RUN(&program, frontend_program(), "--runtime-dir",
                             "/nowhere"),
                 1);
    cr_expect_not_null(strstr(program_err(&program), "/nowhere"));
    cr_expect_not_null(strstr(program_err(&program), "--own-supervisor"));
    program_fini(&program);
    cr_expect_eq(PROGRAM_RUN(&program, frontend_program(), "--port", "65536"),
                 2);
    program_fini(&program);
    cr_expect_eq(PROGRAM_RUN(&program, frontend_program(), "--help"), 0);
    cr_expect_not_null(strstr(program_out(&program), "--own-supervisor"));
    expect_narrow(program_out(&program));
    program_fini(&program);
}

/* ---- an spd of its own -------------------------------------------------- */

static void read_file(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    size_t len = 0;

    if (file) {
        len = fread(out, 1, size - 1, file);
        fclose(file);
    }
    out[len] = '\0';
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

/* The runtime directory that a front end has given to its spd, its only child:
 * what follows --runtime-dir on that one's command line. */
static void own_runtime_dir(pid_t frontend, char out[RUNDIR_MAX + 1])
{
    char path[64], text[1024];
    size_t at;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", frontend,
             frontend);
    read_file(path, text, sizeof text);
    snprintf(path, sizeof path, "/proc/%d/cmdline", atoi(text));
    read_file(path, text, sizeof text);
    at = 0;
    while (text[at] && strcmp(text + at, "--runtime-dir") != 0)
        at += strlen(text + at) + 1;
    cr_assert(text[at] != '\0', "no --runtime-dir in %s", path);
    at += strlen("--runtime-dir") + 1;
    snprintf(out, RUNDIR_MAX + 1, "%s", text + at);
}

/* Its own configuration cannot name sandbox = none. */
Test(frontend_life, with_a_supervisor_of_its_own_leaves_nothing_behind,
     .disabled = CANNOT_CONFINE)
{
    struct leftovers *leftovers = leftovers_note();
    char dir[RUNDIR_MAX + 1];
    struct frontend frontend;
    struct browser ann;
    struct page page;

    FRONTEND_START(&frontend, "--own-supervisor");
    own_runtime_dir(frontend.program.pid, dir);
    ann = (struct browser){.port = frontend.port};
    page = browser_get(&ann, "/");
    cr_expect_eq(page.status, 200);
    cr_expect_eq(access(dir, F_OK), 0);
    frontend_stop(&frontend);
    cr_expect(wait_pid_gone((pid_t)page.pid, WAIT_MS));
    page_free(&page);
    *strrchr(dir, '/') = '\0';
    cr_expect(access(dir, F_OK) < 0, "%s is left", dir);
    leftovers_check(leftovers);
}

Test(frontend_life, that_ends_at_once_takes_its_supervisor_along)
{
    struct leftovers *leftovers = leftovers_note();
    char dir[LEFTOVERS_DIRECTORY_SIZE], runtime[RUNDIR_MAX + 1];
    char config[64], own[RUNDIR_MAX + 1];
    struct frontend frontend;
    struct browser ann;
    struct page page;

    leftovers_directory(dir);
    snprintf(runtime, sizeof runtime, "%s/run", dir);
    snprintf(config, sizeof config, "%s/spd.conf", dir);
    write_file(config, frontend_config());
    FRONTEND_START(&frontend, "--own-supervisor", "--runtime-dir", runtime,
                   "--config", config);
    own_runtime_dir(frontend.program.pid, own);
    cr_expect_str_eq(own, runtime);
    ann = (struct browser){.port = frontend.port};
    page = browser_get(&ann, "/");
    frontend_kill(&frontend);
    cr_expect(wait_pid_gone((pid_t)page.pid, WAIT_MS));
    page_free(&page);
    leftovers_reap_orphans(WAIT_MS);
    leftovers_check_empty(runtime);
    leftovers_remove(dir);
    leftovers_check(leftovers);
}

/* ---- a test that crashes ------------------------------------------------ */

/* As a test does that starts a front end and comes to a bad end. */
static _Noreturn void start_and_wait(const struct harness *harness, int out)
{
    struct frontend frontend;

    FRONTEND_START(&frontend, "--runtime-dir", harness_runtime_dir(harness));
    if (write(out, &frontend.program.pid, sizeof frontend.program.pid) < 0)
        _exit(1);
    for (;;)
        pause();
}

Test(frontend_life, ends_with_the_test_that_has_started_it)
{
    struct harness *harness = harness_start(frontend_config());
    pid_t test, frontend = 0;
    int ends[2], pidfd;

    cr_assert_eq(pipe(ends), 0);
    test = fork();
    if (test == 0)
        start_and_wait(harness, ends[1]);
    close(ends[1]);
    cr_assert_eq(read(ends[0], &frontend, sizeof frontend), sizeof frontend);
    pidfd = pidfd_open(frontend, 0);
    cr_assert(pidfd >= 0);
    kill(test, SIGKILL);
    cr_assert_eq(waitpid(test, NULL, 0), test);
    cr_expect(wait_exit(pidfd, WAIT_MS));
    cr_expect_eq(waitpid(frontend, NULL, 0), frontend);
    close(pidfd);
    close(ends[0]);
    harness_stop(harness);
}
