/* SPDX-License-Identifier: MIT */
/* spd as a program: its options, its configuration, its runtime directory,
 * and its end, in order and otherwise. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/asking.h"
#include "support/leaks.h"
#include "support/leftovers.h"
#include "support/program.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(spd, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG

/* ---- options ---- */

static void expect_run(int wanted, const char *out, const char *err,
                       const char *const argv[])
{
    struct program program;
    int status = program_run(&program, argv);

    cr_expect_eq(status, wanted, "%s: %d: %s%s", argv[1], status,
                 program_out(&program), program_err(&program));
    cr_expect_not_null(strstr(program_out(&program), out), "no '%s' in '%s'",
                       out, program_out(&program));
    cr_expect_not_null(strstr(program_err(&program), err), "no '%s' in '%s'",
                       err, program_err(&program));
    program_fini(&program);
}

/* Runs spd with these arguments: its status, and texts in its outputs. */
#define EXPECT_SPD(status, out, err, ...)                                      \
    expect_run((status), (out), (err),                                         \
               (const char *const[]){harness_spd_program(), __VA_ARGS__, NULL})

enum { FAILED = 1, USAGE = 2 };

Test(spd, tells_its_version_and_help)
{
    EXPECT_SPD(0, "spd 0.", "", "--version");
    EXPECT_SPD(0, "--runtime-dir", "", "--help");
    EXPECT_SPD(0, "max_sessions", "", "--help");
}

Test(spd, refuses_what_it_does_not_know)
{
    EXPECT_SPD(USAGE, "", "--colour", "--colour");
    EXPECT_SPD(USAGE, "", "serve", "serve");
    EXPECT_SPD(USAGE, "", "--config", "--config");
    EXPECT_SPD(USAGE, "", "--ready-fd 77", "--ready-fd", "77");
    EXPECT_SPD(USAGE, "", "--life-fd x", "--life-fd", "x");
}

/* ---- configuration ---- */

static char dir[LEFTOVERS_DIRECTORY_SIZE];
static char file[64];

static void write_file(const char *text)
{
    FILE *stream;

    if (!dir[0])
        leftovers_directory(dir);
    snprintf(file, sizeof file, "%s/spd.conf", dir);
    stream = fopen(file, "we");
    cr_assert_not_null(stream);
    fputs(text, stream);
    fclose(stream);
}

Test(spd, accepts_a_good_configuration)
{
    write_file("; a comment\n[supervisor]\nmax_sessions = 10\n\n"
               "[module kv]\nmax_message = 1M\n");
    EXPECT_SPD(0, "good", "", "--check-config", "--config", file);
    EXPECT_SPD(0, "good", "", "--check-config");
    leftovers_remove(dir);
}

Test(spd, names_file_and_line_of_what_is_wrong_and_does_not_start)
{
    static const struct {
        const char *text, *where, *what;
    } bad[] = {
        {"[supervisor]\nmax_session = 1\n", ":2: ", "max_session"},
        {"[supervisor]\n\nmax_sessions = many\n", ":3: ", "max_sessions"},
        {"[supervisor]\nmax_sessions = 0\n", ":2: ", "max_sessions"},
        {"[supervisor]\nmax_arg = 1G\n", ":2: ", "max_arg"},
        {"[suporvisor]\n", ":1: ", "suporvisor"},
        {"[module ../x]\n", ":1: ", "../x"},
        {"nonsense\n", ":1: ", ""},
        {"[module kv]\npath = relative.so\n", ":2: ", "path"},
        {"\n[module ghost]\npath = /nonexistent.so\n", ":2: ", "ghost"},
        {"[supervisor]\nmax_arg = 1K\nmax_arg = 2K\n", ":3: ", "max_arg"},
        {"[supervisor]\ndefault_module = ghost\n", "", "ghost"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char where[80];

        write_file(bad[i].text);
        snprintf(where, sizeof where, "%s%s", bad[i].where[0] ? file : "",
                 bad[i].where);
        EXPECT_SPD(USAGE, "", where, "--check-config", "--config", file);
        EXPECT_SPD(USAGE, "", bad[i].what, "--config", file, "--runtime-dir",
                   dir);
    }
    EXPECT_SPD(USAGE, "", "/nonexistent.conf", "--config",
               "/nonexistent.conf");
    unlink(file);
    leftovers_check_empty(dir);
    leftovers_remove(dir);
}

/* ---- runtime directory ---- */

Test(spd, refuses_a_runtime_directory_that_is_not_to_be_trusted)
{
    char path[64], target[64];

    leftovers_directory(dir);
    snprintf(path, sizeof path, "%s/link", dir);
    snprintf(target, sizeof target, "%s/target", dir);
    cr_assert_eq(mkdir(target, 0700), 0);
    cr_assert_eq(symlink(target, path), 0);
    EXPECT_SPD(FAILED, "", "symbolic link", "--runtime-dir", path);
    cr_assert_eq(chmod(target, 0755), 0);
    EXPECT_SPD(FAILED, "", "0755", "--runtime-dir", target);
    if (geteuid() == 0) {
        cr_assert_eq(chmod(target, 0700), 0);
        cr_assert_eq(chown(target, 12345, 12345), 0);
        EXPECT_SPD(FAILED, "", "12345", "--runtime-dir", target);
    }
    leftovers_check_empty(target);
    EXPECT_SPD(FAILED, "", "absolute", "--runtime-dir", "relative");
    EXPECT_SPD(FAILED, "", "longer than 33", "--runtime-dir",
               "/tmp/4567890123456789012345678901234");
    EXPECT_SPD(FAILED, "", "/nonexistent", "--runtime-dir",
               "/nonexistent/directory");
    leftovers_remove(dir);
}

/* Whatever lies where spd makes something of its own: it is removed, or refused
 * by name, and what it leads to is as it was. */
static void expect_harmless(const char *name, int (*plant)(const char *victim,
                                                           const char *path))
{
    char run[64], path[80], victim[64], text[16] = "";
    struct program program;
    FILE *file_of_others;
    int status, life[2];

    leftovers_directory(dir);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(path, sizeof path, "%s/%s", run, name);
    snprintf(victim, sizeof victim, "%s/victim", dir);
    cr_assert_eq(mkdir(run, 0700), 0);
    file_of_others = fopen(victim, "we");
    cr_assert_not_null(file_of_others);
    fputs("precious", file_of_others);
    fclose(file_of_others);
    cr_assert_eq(plant(victim, path), 0, "%s", path);
    /* what it lives by is at its end: it stops at once */
    cr_assert_eq(pipe2(life, O_CLOEXEC), 0);
    close(life[1]);
    program_start(&(struct program_options){.argv = (const char *const[]){
                                                harness_spd_program(),
                                                "--runtime-dir", run,
                                                "--life-fd", "3", NULL},
                                            .fds = life,
                                            .fd_count = 1},
                  &program);
    close(life[0]);
    status = program_wait(&program, WAIT_MS);
    cr_expect(status == 0 || strstr(program_err(&program), path), "%s: %d: %s",
              path, status, program_err(&program));
    program_fini(&program);
    file_of_others = fopen(victim, "re");
    cr_assert_not_null(file_of_others);
    cr_expect_not_null(fgets(text, sizeof text, file_of_others));
    cr_expect_str_eq(text, "precious", "%s", path);
    fclose(file_of_others);
    leftovers_remove(dir);
}

static int plant_fifo(const char *victim, const char *path)
{
    (void)victim;
    return mkfifo(path, 0600);
}

Test(spd, is_led_nowhere_by_what_lies_in_its_runtime_directory)
{
    static const char *const names[] = {"control", "lock", "sessions", "log"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect_harmless(names[i], symlink);
        expect_harmless(names[i], link);
        expect_harmless(names[i], plant_fifo);
    }
}

Test(spd, makes_its_sockets_for_its_own_user_alone)
{
    static const char *const names[] = {"", "/control", "/sessions",
                                        "/sessions/a"};
    static const mode_t modes[] = {0700, 0600, 0700, 0600};
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    for (size_t i = 0; i < 4; i++) {
        struct stat st;
        char path[128];

        snprintf(path, sizeof path, "%s%s", harness_runtime_dir(harness),
                 names[i]);
        cr_assert_eq(stat(path, &st), 0);
        cr_expect_eq(st.st_mode & 0777, modes[i], "%s: %o", path, st.st_mode);
    }
    harness_stop(harness);
}

Test(spd, keeps_a_directory_that_was_there_and_the_files_of_others_in_it)
{
    struct harness *harness = harness_start(NULL);
    char path[64];
    struct stat st;
    int fd;

    harness_end_life(harness);
    mkdir(harness_runtime_dir(harness), 0700);
    snprintf(path, sizeof path, "%s/notes", harness_runtime_dir(harness));
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
    harness_start_spd(harness);
    ask_started(harness, "a", NULL, NULL);
    harness_end_life(harness);
    cr_expect_eq(stat(path, &st), 0);
    unlink(path);
    harness_stop(harness);
}

Test(spd, started_twice_on_a_directory_refuses_and_leaves_the_first_alone)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    for (int i = 0; i < 3; i++) {
        EXPECT_SPD(FAILED, "", "another spd", "--runtime-dir",
                   harness_runtime_dir(harness));
        session_expect(harness, "a", "echo x", "x");
        ask_started(harness, "b", "probe", NULL);
        cr_assert_eq(ask_stop(harness, "b"), SP_OK);
    }
    harness_stop(harness);
}

/* ---- the end ---- */

Test(spd, told_to_end_ends_its_sessions_in_order)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pids[20];
    char *log;
    size_t told = 0;

    for (int i = 0; i < 20; i++) {
        char id[8];

        snprintf(id, sizeof id, "s%d", i);
        pids[i] = ask_started(harness, id, "probe", NULL);
    }
    harness_end_life(harness);
    for (int i = 0; i < 20; i++)
        cr_expect(wait_pid_gone(pids[i], 0));
    log = harness_log(harness);
    for (const char *at = log; (at = strstr(at, "gone: ended with")); at++)
        told++;
    cr_expect_eq(told, 20, "%s", log);
    /* twenty at once are more lines than the kernel may hold for spd */
    cr_expect_not_null(strstr(log, "terminate: shutdown"));
    free(log);
    harness_stop(harness);
}

Test(spd, told_to_end_kills_sessions_that_do_not)
{
    struct harness *harness = harness_start(PROBE "stop_timeout = 200ms\n");
    struct raw_peer hung;

    ask_started(harness, "hung", "probe", NULL);
    ask_started(harness, "a", "probe", NULL);
    session_send(harness, "hung", "hang", &hung);
    cr_assert(raw_peer_silent(&hung, 0));
    harness_end_life(harness);
    raw_peer_close(&hung);
    harness_stop(harness);
}

Test(spd, told_to_end_in_the_middle_of_starts_leaves_nothing)
{
    for (int i = 0; i < 5; i++) {
        struct harness *harness = harness_start(PROBE);
        struct raw_peer peers[20];
        char path[RUNDIR_PATH_SIZE];

        harness_control_path(harness, path);
        for (int n = 0; n < 20; n++) {
            char json[128];

            raw_peer_open(&peers[n], path, WIRE_REQ);
            snprintf(json, sizeof json,
                     "{\"op\":\"start\",\"id\":\"s%d\",\"module\":\"probe\","
                     "\"arg\":\"slow %d\"}",
                     n, n * 5);
            raw_peer_send_request(&peers[n], 1, json, strlen(json));
        }
        if (i > 0)
            cr_assert(wait_readable(peers[i].fd, WAIT_MS));
        harness_end_life(harness);
        for (int n = 0; n < 20; n++)
            raw_peer_close(&peers[n]);
        harness_stop(harness);
    }
}

/* harness_kill_spd() waits until all that spd started is dead. */
Test(spd, killed_takes_its_sessions_and_templates_with_it)
{
    struct harness *harness = harness_start(PROBE);
    struct raw_peer hung;

    for (int i = 0; i < 20; i++) {
        char id[8];

        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, i % 2 ? "probe" : "kv", NULL);
    }
    session_send(harness, "s1", "hang", &hung);
    harness_kill_spd(harness);
    raw_peer_close(&hung);
    harness_start_spd(harness);
    harness_stop(harness);
}

Test(spd, cleans_up_what_a_killed_one_left_behind)
{
    struct harness *harness = harness_start(PROBE);
    char path[RUNDIR_PATH_SIZE];

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    harness_session_path(harness, "b", path);
    harness_kill_spd(harness);
    cr_expect_eq(access(path, F_OK), 0, "nothing was left to clean up");
    harness_start_spd(harness);
    cr_expect_neq(access(path, F_OK), 0);
    cr_expect_eq(ask_count(harness), 0);
    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

/* ---- the directory is removed while it runs ---- */

enum { LOST = 3 };

static void remove_directory(const struct harness *harness)
{
    leftovers_remove(harness_runtime_dir(harness));
}

static void move_directory(const struct harness *harness)
{
    char path[64];

    snprintf(path, sizeof path, "%s/elsewhere", harness_dir(harness));
    cr_assert_eq(rename(harness_runtime_dir(harness), path), 0);
}

/* The names that it cannot do without. */
static void remove_name(const struct harness *harness, const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", harness_runtime_dir(harness), name);
    leftovers_remove(path);
}

static void remove_control(const struct harness *harness)
{
    remove_name(harness, "control");
}

static void remove_lock(const struct harness *harness)
{
    remove_name(harness, "lock");
}

static void remove_sessions(const struct harness *harness)
{
    remove_name(harness, "sessions");
}

Test(spd, whose_directory_is_removed_says_so_and_ends_in_order)
{
    static void (*const losses[])(const struct harness *harness) = {
        remove_directory, move_directory, remove_control, remove_lock,
        remove_sessions};

    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        struct harness *harness = harness_start(PROBE);
        pid_t pid = ask_started(harness, "a", "probe", NULL);
        char *log;

        losses[i](harness);
        harness_expect_end(harness, LOST);
        cr_expect(wait_pid_gone(pid, 0));
        log = harness_log(harness);
        cr_expect_not_null(strstr(log, harness_runtime_dir(harness)));
        cr_expect_not_null(strstr(log, "is missing"), "%s", log);
        cr_expect_not_null(strstr(log, "gone: ended with the supervisor"),
                           "%s", log);
        free(log);
        leftovers_remove(harness_runtime_dir(harness));
        harness_stop(harness);
    }
}

/* The one that lost its directory still stops its sessions meanwhile. */
Test(spd, whose_directory_is_removed_leaves_that_of_its_successor_alone)
{
    struct harness *harness = harness_start(PROBE "stop_timeout = 1h\n");
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct program successor;
    struct raw_peer hung;
    char path[RUNDIR_PATH_SIZE];
    char config[64];

    session_send(harness, "a", "hang", &hung);
    cr_assert(raw_peer_silent(&hung, 0));
    remove_directory(harness);
    cr_assert(harness_wait_log(harness, "stopping 1 session", WAIT_MS));
    snprintf(config, sizeof config, "%s/spd.conf", harness_dir(harness));
    program_start(
        &(struct program_options){
            .argv = (const char *const[]){harness_spd_program(), "--config",
                                          config, "--runtime-dir",
                                          harness_runtime_dir(harness), NULL}},
        &successor);
    harness_control_path(harness, path);
    cr_assert(wait_path(harness_dir(harness), WAIT_MS));
    cr_assert(wait_path(harness_runtime_dir(harness), WAIT_MS));
    cr_assert(wait_path(path, WAIT_MS));
    ask_started(harness, "a", "probe", NULL);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    raw_peer_close(&hung);
    harness_expect_end(harness, LOST);
    session_expect(harness, "a", "echo x", "x");
    ask_started(harness, "b", "probe", NULL); /* its log socket is there, too */
    cr_assert_eq(kill(successor.pid, SIGTERM), 0);
    cr_expect_eq(program_wait(&successor, WAIT_MS), 0);
    program_fini(&successor);
    harness_stop(harness);
}

/* ---- many at once ---- */

#define MANY 1000

/* spd finds all of them dead, and a question behind them.  What the kernel
 * shows it at once is bounded, too: some are left in any case. */
Test(spd, answers_between_the_ends_of_many_sessions)
{
    struct harness *harness = harness_start(PROBE "restart = temporary\n");
    static const char question[] = "{\"op\":\"list\"}";
    char path[RUNDIR_PATH_SIZE], id[16];
    struct raw_message reply;
    struct raw_peer peer;
    json_t *answer;
    pid_t pids[MANY];

    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%d", i);
        pids[i] = ask_started(harness, id, "probe", NULL);
    }
    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    cr_assert_eq(kill(harness_spd(harness), SIGSTOP), 0);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(kill(pids[i], SIGKILL), 0);
    for (int i = 0; i < MANY; i++)
        cr_assert(wait_pid_gone(pids[i], WAIT_MS));
    raw_peer_send_request(&peer, 1, question, strlen(question));
    cr_assert_eq(kill(harness_spd(harness), SIGCONT), 0);
    raw_peer_recv_reply(&peer, 1, &reply);
    answer = json_loadb((const char *)reply.bytes, reply.size, 0, NULL);
    cr_expect_gt(json_array_size(json_object_get(answer, "sessions")),
                 MANY - MANY / 4);
    json_decref(answer);
    raw_message_fini(&reply);
    raw_peer_close(&peer);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%d", i);
        ask_until_gone(harness, id);
    }
    harness_stop(harness);
}
