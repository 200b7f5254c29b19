/* SPDX-License-Identifier: MIT */
/* sp_supervisor_start(): spd as a child of a front end, that ends with it. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sp/client.h>

#include "support/harness.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/wait.h"

TestSuite(client_supervisor, .fini = leaks_check, .timeout = 120);

struct home {
    struct leftovers *leftovers;
    char dir[LEFTOVERS_DIRECTORY_SIZE];
    char run[64];
    const char *config;
};

static void home_make(struct home *home)
{
    home->leftovers = leftovers_note();
    leftovers_directory(home->dir);
    snprintf(home->run, sizeof home->run, "%s/run", home->dir);
    home->config = harness_default_config(home->dir);
}

static void home_leave(struct home *home)
{
    leftovers_check_empty(home->run);
    leftovers_remove(home->dir);
    leftovers_check(home->leftovers);
}

Test(client_supervisor, runs_until_it_is_stopped)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor;
    struct sp_client *client;
    struct home home;
    pid_t session;

    home_make(&home);
    cr_assert_eq(sp_supervisor_start(home.run, home.config,
                                     harness_spd_program(), &supervisor,
                                     result),
                 SP_OK, "%s", sp_result_text(result));
    cr_expect_eq(sp_result_pid(result), sp_supervisor_pid(supervisor));
    cr_assert_eq(sp_client_open(home.run, &client), SP_OK);
    cr_assert_eq(sp_ping(client, result), SP_OK);
    cr_expect_eq(sp_result_pid(result), sp_supervisor_pid(supervisor));
    cr_assert_eq(sp_start(client, "a", NULL, NULL, 0, result), SP_OK);
    session = sp_result_pid(result);
    sp_supervisor_stop(supervisor);
    cr_expect(wait_pid_gone(session, 0), "it went with its supervisor");
    cr_expect_eq(sp_ping(client, result), SP_ENOSUP);
    sp_client_close(client);
    sp_result_free(result);
    sp_supervisor_stop(NULL);
    home_leave(&home);
}

Test(client_supervisor, is_the_spd_that_belongs_to_the_library)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor;
    struct home home;
    char link[32], exe[256] = "";

    if (getenv("SP_TEST_SPD"))
        cr_skip("another spd is under test");
    if (geteuid() != 0)
        cr_skip("only root is told which program spd is");
    home_make(&home);
    cr_assert_eq(
        sp_supervisor_start(home.run, home.config, NULL, &supervisor, result),
        SP_OK, "%s", sp_result_text(result));
    snprintf(link, sizeof link, "/proc/%d/exe",
             (int)sp_supervisor_pid(supervisor));
    cr_assert_gt(readlink(link, exe, sizeof exe - 1), 0);
    cr_expect_str_eq(exe, harness_spd_program());
    sp_supervisor_stop(supervisor);
    sp_result_free(result);
    home_leave(&home);
}

static void expect_no_supervisor(const char *run, const char *config,
                                 const char *spd, const char *text)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor = NULL;

    cr_expect_eq(sp_supervisor_start(run, config, spd, &supervisor, result),
                 SP_ESYSTEM);
    cr_expect_null(supervisor);
    cr_expect_not_null(strstr(sp_result_text(result), text), "%s",
                       sp_result_text(result));
    sp_result_free(result);
}

Test(client_supervisor, tells_why_it_did_not_start)
{
    struct home home;

    home_make(&home);
    expect_no_supervisor(home.run, NULL, "/nonesuch/spd",
                         "/nonesuch/spd: No such file or directory");
    expect_no_supervisor(home.run, NULL, "/bin/false", "ended with status 1");
    expect_no_supervisor(home.run, "/nonesuch.conf", harness_spd_program(),
                         "ended with status");
    expect_no_supervisor("relative", NULL, harness_spd_program(),
                         "ended with status");
    home_leave(&home);
}

/* Descriptors of the caller, its signal mask and ignored signals. */
Test(client_supervisor, inherits_nothing_else)
{
    struct sp_supervisor *supervisor;
    struct home home;
    sigset_t block;
    char path[64], line[256];
    int leak;
    FILE *status;

    home_make(&home);
    leak = fcntl(STDIN_FILENO, F_DUPFD, 50);
    cr_assert_eq(leak, 50);
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, NULL);
    cr_assert_eq(sp_supervisor_start(home.run, home.config,
                                     harness_spd_program(), &supervisor, NULL),
                 SP_OK);
    snprintf(path, sizeof path, "/proc/%d/fd/50",
             (int)sp_supervisor_pid(supervisor));
    /* of spd's descriptors nobody but root sees anything */
    cr_expect(access(path, F_OK) < 0 &&
              errno == (geteuid() == 0 ? ENOENT : EACCES));
    snprintf(path, sizeof path, "/proc/%d/status",
             (int)sp_supervisor_pid(supervisor));
    status = fopen(path, "re");
    while (fgets(line, sizeof line, status)) {
        unsigned long long mask;

        if (sscanf(line, "SigBlk: %llx", &mask) == 1)
            cr_expect_eq(mask & 1ull << (SIGTERM - 1), 0, "%s", line);
        if (sscanf(line, "SigIgn: %llx", &mask) == 1)
            cr_expect_eq(mask & 1ull << (SIGUSR1 - 1), 0, "%s", line);
    }
    fclose(status);
    sp_supervisor_stop(supervisor);
    close(leak);
    home_leave(&home);
}

/* Starts a supervisor and a session, tells their pids, and waits to be killed.
 * In a child of the test. */
static void be_a_front_end(const struct home *home, int report)
{
    struct sp_result *result = sp_result_new();
    struct sp_supervisor *supervisor;
    struct sp_client *client;
    pid_t pids[2];

    if (sp_supervisor_start(home->run, home->config, harness_spd_program(),
                            &supervisor, NULL) != SP_OK ||
        sp_client_open(home->run, &client) != SP_OK ||
        sp_start(client, "a", NULL, NULL, 0, result) != SP_OK)
        _exit(1);
    pids[0] = sp_supervisor_pid(supervisor);
    pids[1] = sp_result_pid(result);
    if (write(report, pids, sizeof pids) != sizeof pids)
        _exit(1);
    for (;;)
        pause();
}

Test(client_supervisor, ends_with_it_however_it_ends)
{
    int report[2], supervisor, session;
    struct home home;
    pid_t pids[2], child;

    home_make(&home);
    cr_assert_eq(pipe2(report, O_CLOEXEC), 0);
    child = fork();
    if (child == 0)
        be_a_front_end(&home, report[1]);
    close(report[1]);
    cr_assert(wait_readable(report[0], WAIT_MS));
    cr_assert_eq(read(report[0], pids, sizeof pids), (ssize_t)sizeof pids);
    close(report[0]);
    supervisor = pidfd_open(pids[0], 0);
    session = pidfd_open(pids[1], 0);
    cr_assert(supervisor >= 0 && session >= 0);
    kill(child, SIGKILL);
    cr_expect(wait_exit(supervisor, WAIT_MS));
    cr_expect(wait_exit(session, WAIT_MS));
    close(supervisor);
    close(session);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    leftovers_reap_orphans(WAIT_MS);
    home_leave(&home);
}

static void *start_supervisor(void *context)
{
    struct sp_supervisor **supervisor = context;
    struct home *home = *(struct home **)context;

    *supervisor = NULL;
    sp_supervisor_start(home->run, home->config, harness_spd_program(),
                        supervisor, NULL);
    return NULL;
}

/* It must not end with the thread that started it. */
Test(client_supervisor, outlives_the_thread_that_started_it)
{
    struct sp_client *client;
    struct home home;
    pthread_t thread;
    void *shared = &home;

    home_make(&home);
    cr_assert_eq(pthread_create(&thread, NULL, start_supervisor, &shared), 0);
    pthread_join(thread, NULL);
    cr_assert_not_null(shared);
    cr_assert_eq(sp_client_open(home.run, &client), SP_OK);
    cr_expect_eq(sp_start(client, "a", NULL, NULL, 0, NULL), SP_OK);
    cr_expect_eq(sp_ping(client, NULL), SP_OK);
    sp_client_close(client);
    sp_supervisor_stop(shared);
    home_leave(&home);
}
