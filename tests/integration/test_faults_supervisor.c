/* SPDX-License-Identifier: MIT */
/* spd and templates that are stopped, continued and killed, signals that rain
 * on them, and whatever spd may be started with. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/news.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(faults_supervisor, .fini = leaks_check);

#define PROBE HARNESS_FREE_CONFIG
/* Whatever the environment asks for: a start is a fork. */
#define PROBE_FORKED PROBE "pool = 0\n"

/* Sends a start on a connection of its own. */
static void send_start(const struct harness *harness, const char *id,
                       struct raw_peer *out_peer)
{
    char path[RUNDIR_PATH_SIZE], json[128];

    harness_control_path(harness, path);
    raw_peer_open(out_peer, path, WIRE_REQ);
    snprintf(json, sizeof json,
             "{\"op\":\"start\",\"id\":\"%s\",\"module\":\"probe\"}", id);
    raw_peer_send_request(out_peer, 1, json, strlen(json));
}

/* Receives the one answer, and closes the connection. */
static bool take_answer(struct raw_peer *peer)
{
    struct raw_message reply;
    bool ok;

    raw_peer_recv_reply(peer, 1, &reply);
    ok = strncmp((char *)reply.bytes, "{\"ok\":true", 10) == 0;
    if (!ok)
        cr_log_warn("%s", (char *)reply.bytes);
    raw_message_fini(&reply);
    raw_peer_close(peer);
    return ok;
}

/* A session lives in the process that it was started in. */
static void expect_lives_on(const struct harness *harness, const char *id,
                            pid_t pid)
{
    char wanted[16];

    snprintf(wanted, sizeof wanted, "%d", (int)pid);
    session_expect(harness, id, "pid", wanted);
}

/* ---- spd stands still ---- */

Test(faults_supervisor, stopped_and_continued_goes_on_where_it_was)
{
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    pid_t a = ask_started(harness, "a", "probe", NULL);
    pid_t b = ask_started(harness, "b", "probe", NULL);
    char path[RUNDIR_PATH_SIZE];
    struct raw_peer peer;
    json_t *events;

    harness_control_path(harness, path);
    raw_peer_open(&peer, path, WIRE_REQ);
    family_stop(harness_spd(harness));
    raw_peer_send_request(&peer, 1, "{\"op\":\"ping\"}", 13);
    cr_assert_eq(kill(a, SIGKILL), 0);
    cr_assert(wait_pid_gone(a, WAIT_MS));
    expect_lives_on(harness, "b", b); /* calls do not pass through spd */
    cr_expect(raw_peer_silent(&peer, 0));
    family_continue(harness_spd(harness));
    cr_expect(take_answer(&peer));
    cr_expect_neq(ask_until_restarted(harness, "a", 1), a);
    expect_lives_on(harness, "b", b);
    events = news_all(harness);
    cr_expect_eq(news_count(events, "a", "crash"), 1);
    cr_expect_eq(news_count(events, "b", NULL), 2); /* start, ready */
    json_decref(events);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- templates ---- */

static pid_t template_of(const struct harness *harness)
{
    pid_t pid = family_template(harness, "probe");

    cr_assert_gt(pid, 1, "the template is not found");
    return pid;
}

/* What it had been asked for is asked of its successor. */
Test(faults_supervisor, template_killed_in_the_middle_of_starts_loses_none)
{
    enum { ROUNDS = 10, STARTS = 10 };
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    pid_t pid = ask_started(harness, "lives", "probe", NULL);

    for (int round = 0; round < ROUNDS; round++) {
        pid_t victim = template_of(harness);
        struct raw_peer peers[STARTS];
        char id[16];

        for (int i = 0; i < STARTS; i++) {
            if (i == round)
                cr_assert_eq(kill(victim, SIGKILL), 0);
            snprintf(id, sizeof id, "s%d", i);
            send_start(harness, id, &peers[i]);
        }
        for (int i = 0; i < STARTS; i++) {
            snprintf(id, sizeof id, "s%d", i);
            cr_assert(take_answer(&peers[i]), "round %d, start %d", round, i);
            session_expect(harness, id, "echo x", "x");
            cr_assert_eq(ask_stop(harness, id), SP_OK);
        }
        cr_expect_neq(template_of(harness), victim);
        expect_lives_on(harness, "lives", pid);
    }
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_supervisor, template_stopped_and_continued_in_time_serves_starts)
{
    struct harness *harness = harness_start(PROBE_FORKED);
    struct balance balance = balance_note(harness);
    pid_t pid = ask_started(harness, "lives", "probe", NULL);
    pid_t template = template_of(harness);
    struct raw_peer peers[5];
    char id[16];

    family_stop(template);
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "s%d", i);
        send_start(harness, id, &peers[i]);
    }
    cr_expect_eq(ask_count(harness), 6); /* spd has seen the starts */
    expect_lives_on(harness, "lives", pid);
    cr_expect(raw_peer_silent(&peers[0], 0));
    family_continue(template);
    for (int i = 0; i < 5; i++)
        cr_expect(take_answer(&peers[i]));
    cr_expect_eq(template_of(harness), template);
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_supervisor, template_stopped_for_good_is_replaced_at_init_timeout)
{
    struct harness *harness = harness_start(PROBE_FORKED "init_timeout = 1s\n");
    struct balance balance = balance_note(harness);
    pid_t pid = ask_started(harness, "lives", "probe", NULL);
    pid_t template = template_of(harness);

    family_stop(template);
    ask_refused(harness, "a", "probe", NULL, SP_EINIT, "does not answer");
    ask_started(harness, "a", "probe", NULL);
    cr_expect_neq(template_of(harness), template);
    expect_lives_on(harness, "lives", pid);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- what spd is started with ---- */

static void crash_and_go_on(const struct harness *harness)
{
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer loud;
    char *fds;

    cr_assert_eq(kill(pid, SIGKILL), 0);
    ask_until_restarted(harness, "a", 1);
    fds = session_call(harness, "a", "fds");
    cr_expect_eq(strncmp(fds, "0 /dev/null\n1 socket:", 21), 0, "%s", fds);
    free(fds);
    session_send(harness, "a", "flood 100", &loud);
    cr_expect(wait_readable(loud.fd, WAIT_MS));
    raw_peer_close(&loud);
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
}

static void expect_mode(const struct harness *harness, const char *name,
                        mode_t mode)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "%s%s", harness_runtime_dir(harness), name);
    cr_assert_eq(stat(path, &st), 0, "%s", path);
    cr_expect_eq(st.st_mode & 07777, mode, "%s: %o", path, st.st_mode);
}

/* Whatever takes the number of one that is not there would get its output. */
static void expect_standard_fds(const struct harness *harness)
{
    if (geteuid() != 0) /* nobody else may look into spd */
        return;
    for (int fd = 0; fd <= 2; fd++) {
        char path[64], target[128];
        ssize_t len;

        snprintf(path, sizeof path, "/proc/%d/fd/%d",
                 (int)harness_spd(harness), fd);
        len = readlink(path, target, sizeof target - 1);
        cr_assert_gt(len, 0, "%s", path);
        target[len] = '\0';
        cr_expect(strcmp(target, "/dev/null") == 0 || strstr(target, "/log"),
                  "%s: %s", path, target);
    }
}

/* Runs spd under this, and has it work. */
static void expect_works(const char *const before[])
{
    struct harness *harness = harness_start_under(PROBE, before);
    struct balance balance = balance_note(harness);

    crash_and_go_on(harness);
    balance_check(harness, &balance);
    expect_standard_fds(harness);
    ask_started(harness, "a", "probe", NULL);
    expect_mode(harness, "", 0700);
    expect_mode(harness, "/control", 0600);
    expect_mode(harness, "/sessions", 0700);
    expect_mode(harness, "/sessions/a", 0600);
    harness_stop(harness);
}

#define UNDER_SHELL(script) {"sh", "-c", script "\nexec \"$@\"", "sh", NULL}

Test(faults_supervisor, works_when_started_with_every_signal_blocked_or_ignored)
{
    expect_works((const char *const[]){"env", "--block-signal", NULL});
    expect_works((const char *const[]){"env", "--ignore-signal", NULL});
}

Test(faults_supervisor, works_when_started_with_0_1_and_2_closed)
{
    static const char *const all[] = UNDER_SHELL("exec <&- >&- 2>&-");
    static const char *const two[] = UNDER_SHELL("exec <&- >&-");
    static const char *const one[] = UNDER_SHELL("exec >&-");

    expect_works(all);
    expect_works(two);
    expect_works(one);
}

Test(faults_supervisor, works_when_started_with_odd_umasks)
{
    static const char *const none[] = UNDER_SHELL("umask 0777");
    static const char *const all[] = UNDER_SHELL("umask 0");

    expect_works(none);
    expect_works(all);
}

struct one_child {
    const struct harness *harness;
    struct balance balance;
};

/* Of those that it was started with. */
static bool has_one_child(void *context)
{
    struct one_child *alone = context;

    alone->balance = balance_note(alone->harness);
    return alone->balance.children == 1;
}

static void kill_and_wait(pid_t pid)
{
    cr_assert_gt(pid, 1);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_assert(wait_pid_gone(pid, WAIT_MS));
}

static void end_inherited(pid_t pid, void *context)
{
    char state = family_state(pid);

    cr_expect_neq(state, 'Z');
    cr_assert_eq(kill(pid, SIGKILL), 0);
    ++*(int *)context;
}

/* A child of spd's own that has not said hello by then would be killed. */
static void outlast_patience(const struct harness *harness)
{
    int64_t deadline = deadline_after(2500);

    while (deadline_left(deadline) > 0) {
        ask_started(harness, "b", "kv", NULL);
        cr_assert_eq(ask_stop(harness, "b"), SP_OK);
    }
}

#define SHORT "init_timeout = 1s\n"

/* One that has ended already is reaped, one that lives is left alone. */
Test(faults_supervisor, works_when_started_with_children)
{
    static const char *const children[] =
        UNDER_SHELL("sleep 1000 & (exit 3) &");
    struct harness *harness = harness_start_under(
        PROBE SHORT "[module kv]\n" SHORT "[module echo]\n" SHORT
                    "[module counter]\n" SHORT,
        children);
    struct one_child alone = {.harness = harness};
    struct balance balance;
    int found = 0;

    cr_assert(wait_for(has_one_child, &alone, WAIT_MS));
    balance = alone.balance;
    outlast_patience(harness);
    crash_and_go_on(harness);
    balance_check(harness, &balance);
    kill_and_wait(family_template(harness, "probe"));
    kill_and_wait(family_template(harness, "kv"));
    balance_check(harness, &balance); /* the two are reaped */
    family_each(harness, end_inherited, &found);
    cr_expect_eq(found, 1);
    balance.children = 0;
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- a storm of signals ---- */

struct storm {
    pid_t pids[3];
    const int *signals[3];
};

/* A process that sends so many signals to each, and ends. */
static pid_t storm_start(const struct storm *storm, int rounds)
{
    pid_t pid = fork();

    cr_assert_geq(pid, 0);
    if (pid > 0)
        return pid;
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < 3; i++)
            for (const int *number = storm->signals[i]; *number; number++)
                kill(storm->pids[i], *number);
    _exit(0);
}

static bool storm_is_over(pid_t pid)
{
    int status;

    return waitpid(pid, &status, WNOHANG) == pid;
}

Test(faults_supervisor, works_on_in_a_storm_of_signals)
{
    /* those that end nobody, and SIGHUP, which reloads */
    static const int for_spd[] = {SIGCHLD, SIGCONT, SIGHUP,   SIGPIPE,
                                  SIGURG,  SIGCHLD, SIGWINCH, 0};
    static const int for_worker[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH, 0};
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    pid_t lives = ask_started(harness, "lives", "probe", NULL);
    struct storm storm = {{harness_spd(harness), template_of(harness), lives},
                          {for_spd, for_worker, for_worker}};
    pid_t sender = storm_start(&storm, 2000);

    do {
        pid_t pid = ask_started(harness, "a", "probe", NULL);

        session_expect(harness, "a", "echo x", "x");
        expect_lives_on(harness, "lives", lives);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_expect_neq(ask_until_restarted(harness, "a", 1), pid);
        cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    } while (!storm_is_over(sender));
    expect_lives_on(harness, "lives", lives);
    balance_check(harness, &balance);
    harness_stop(harness);
}
