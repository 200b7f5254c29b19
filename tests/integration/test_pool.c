/* SPDX-License-Identifier: MIT */
/* Processes that wait for a session: a start takes one, and nobody can tell but
 * by the time that it took.  All other suites can be run with a pool, too: see
 * SP_TEST_POOL in support/harness.h. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(pool, .fini = leaks_check);

#define PROBE HARNESS_PROBE_CONFIG
#define POOL_2 PROBE "pool = 2\n"

/* ---- how many there are ---- */

struct wanted {
    const struct harness *harness;
    size_t count;
};

static bool is_so(void *context)
{
    const struct wanted *wanted = context;

    return (size_t)ask_counter(wanted->harness, "pooled") == wanted->count &&
           family_count(wanted->harness, FAMILY_POOLED) == wanted->count;
}

static void expect_pooled(const struct harness *harness, size_t count)
{
    struct wanted wanted = {harness, count};

    cr_assert(wait_for(is_so, &wanted, WAIT_MS), "pooled: %lld, named: %zu",
              (long long)ask_counter(harness, "pooled"),
              family_count(harness, FAMILY_POOLED));
}

/* A template that has forked its first session, and its pool. */
static struct harness *start_full(const char *config, size_t count)
{
    struct harness *harness = harness_start(config);

    ask_started(harness, "first", "probe", NULL);
    expect_pooled(harness, count);
    return harness;
}

struct pids {
    pid_t pids[8];
    size_t count;
};

static void note(pid_t pid, void *context)
{
    struct pids *pids = context;

    if (family_is(pid, FAMILY_POOLED) && pids->count < 8)
        pids->pids[pids->count++] = pid;
}

static struct pids pooled_of(const struct harness *harness)
{
    struct pids pids = {.count = 0};

    family_each(harness, note, &pids);
    return pids;
}

static bool is_among(const struct pids *pids, pid_t pid)
{
    for (size_t i = 0; i < pids->count; i++)
        if (pids->pids[i] == pid)
            return true;
    return false;
}

static void signal_all(const struct pids *pids, int number)
{
    for (size_t i = 0; i < pids->count; i++)
        cr_assert_eq(kill(pids->pids[i], number), 0);
}

/* ---- a start ---- */

Test(pool, gives_a_start_its_process_and_is_filled_again)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);
    pid_t pid = ask_started(harness, "a", "probe", "hello");
    char *named;

    cr_expect(is_among(&before, pid), "%d was not pooled", (int)pid);
    session_expect(harness, "a", "echo x", "x");
    cr_expect_eq(family_named(harness, "sp:a"), pid);
    named = session_call(harness, "a", "pid");
    cr_expect_eq(atoi(named), pid);
    expect_pooled(harness, 2);
    free(named);
    harness_stop(harness);
}

Test(pool, is_told_of_by_stats_alone)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids pids = pooled_of(harness);
    char json[64];
    struct answer answer;

    cr_expect_eq(ask_count(harness), 1);
    cr_expect_eq(ask_counter(harness, "sessions"), 1);
    cr_expect_eq(ask_counter(harness, "processes"), 1);
    snprintf(json, sizeof json, "{\"op\":\"stop\",\"pid\":%d}",
             (int)pids.pids[0]);
    answer = ask(harness, json);
    cr_expect_eq(answer.error, SP_ENOENT);
    answer_fini(&answer);
    harness_stop(harness);
}

Test(pool, gives_each_session_a_canary_of_its_own)
{
    struct harness *harness = start_full(POOL_2, 2);
    char *a, *b;

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    a = session_call(harness, "a", "canary");
    b = session_call(harness, "b", "canary");
    cr_expect_str_neq(a, b);
    free(a);
    free(b);
    harness_stop(harness);
}

Test(pool, a_session_of_it_is_restarted_as_any_other)
{
    struct harness *harness = start_full(POOL_2, 2);

    ask_started(harness, "a", "probe", "hello");
    session_end_by(harness, "a", "exit 1");
    ask_until_restarted(harness, "a", 1);
    session_expect(harness, "a", "echo x", "x");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    harness_stop(harness);
}

Test(pool, a_failed_init_is_told_and_not_tried_again)
{
    struct harness *harness = start_full(POOL_2, 2);

    ask_refused(harness, "a", "probe", "fail no luck", SP_EINIT, "no luck");
    ask_refused(harness, "b", "probe", "crash", SP_EINIT, "");
    harness_stop(harness);
}

/* ---- its processes end ---- */

Test(pool, a_process_that_is_killed_harms_nobody_and_is_replaced)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);
    struct session_facts facts;

    signal_all(&before, SIGKILL);
    for (size_t i = 0; i < before.count; i++)
        cr_assert(wait_pid_gone(before.pids[i], WAIT_MS));
    expect_pooled(harness, 2);
    cr_expect_eq(ask_info(harness, "first", &facts), SP_OK);
    cr_expect_eq(facts.restarts, 0);
    harness_stop(harness);
}

Test(pool, a_process_that_is_told_to_stop_is_no_session_that_stops)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);

    signal_all(&before, SIGTERM);
    for (size_t i = 0; i < before.count; i++)
        cr_assert(wait_pid_gone(before.pids[i], WAIT_MS));
    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "echo x", "x");
    harness_stop(harness);
}

/* The record has been sent to a process that then ends without having read
 * it: the caller gets another one. */
Test(pool, a_process_that_ends_in_the_hand_over_is_made_up_for)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);
    pid_t pid;

    for (size_t i = 0; i < before.count; i++)
        family_stop(before.pids[i]); /* found by a sweep, and killed */
    pid = ask_started(harness, "a", "probe", "hello");
    cr_expect_not(is_among(&before, pid));
    session_expect(harness, "a", "echo x", "x");
    cr_expect_eq(ask_counter(harness, "restarts"), 0);
    harness_stop(harness);
}

Test(pool, starts_while_its_processes_are_killed_all_succeed)
{
    struct harness *harness = start_full(POOL_2, 2);
    char id[16];

    for (int i = 0; i < 20; i++) {
        struct pids pids = pooled_of(harness);

        for (size_t j = 0; j < pids.count; j++)
            kill(pids.pids[j], SIGKILL);
        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, "probe", NULL);
        session_expect(harness, id, "echo x", "x");
    }
    cr_expect_eq(ask_counter(harness, "restarts"), 0);
    harness_stop(harness);
}

/* ---- its template ends ---- */

static bool are_gone(void *context)
{
    const struct pids *pids = context;

    for (size_t i = 0; i < pids->count; i++)
        if (kill(pids->pids[i], 0) == 0)
            return false;
    return true;
}

static void expect_gone(struct pids *pids)
{
    cr_assert(wait_for(are_gone, pids, WAIT_MS));
}

Test(pool, ends_with_its_template)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);

    cr_assert_eq(kill(family_template(harness, "probe"), SIGKILL), 0);
    expect_gone(&before);
    ask_started(harness, "a", "probe", NULL);
    expect_pooled(harness, 2);
    harness_stop(harness);
}

/* What a crash has told of addresses is of no use in the next session. */
Test(pool, is_of_a_template_of_which_no_session_has_crashed)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);
    char *first, *next;

    ask_started(harness, "b", "probe", NULL);
    first = session_call(harness, "b", "address");
    session_end_by(harness, "first", "crash");
    ask_until_restarted(harness, "first", 1);
    ask_started(harness, "a", "probe", NULL);
    next = session_call(harness, "a", "address");
    cr_expect_str_neq(first, next);
    ask_stop(harness, "b");
    expect_gone(&before);
    free(first);
    free(next);
    harness_stop(harness);
}

Test(pool, does_not_use_up_what_a_template_may_fork)
{
    struct harness *harness = harness_start(
        "[module other]\npath = @PROBE@\npool = 0\n" POOL_2
        "template_forks = 3\n");
    char *first, *second;

    ask_started(harness, "a", "probe", NULL);
    expect_pooled(harness, 1);
    ask_started(harness, "later", "other", "slow 100");
    cr_expect_eq(ask_counter(harness, "pooled"), 1);
    ask_started(harness, "b", "probe", NULL);
    ask_started(harness, "c", "probe", NULL);
    first = session_call(harness, "a", "address");
    second = session_call(harness, "c", "address");
    cr_expect_str_eq(first, second);
    cr_expect_eq(ask_counter(harness, "templates_started"), 2);
    free(first);
    free(second);
    harness_stop(harness);
}

/* Then its processes are nobody else's, and can be counted. */
static bool has_another_uid(pid_t pid)
{
    struct stat st;
    char path[32];

    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    cr_assert_eq(stat(path, &st), 0);
    return st.st_uid != geteuid();
}

static bool is_in_backoff(void *context)
{
    struct session_facts facts;

    return ask_info(context, "first", &facts) == SP_OK &&
           strcmp(facts.state, "backoff") == 0;
}

/* Its template may have two sessions beside it, and has one and a pooled
 * process: "first" has crashed too often to be started again soon. */
static struct harness *start_at_limit(void)
{
    static const char *const before[] = {"prlimit", "--nproc=3", NULL};
    struct harness *harness;

    if (geteuid() != 0)
        cr_skip("only root's templates have users of their own");
    harness = harness_start_under(
        PROBE "pool = 1\nrestart_delay = 1h\nmax_restart_delay = 1h\n",
        before);
    ask_started(harness, "first", "probe", NULL);
    expect_pooled(harness, 1);
    if (!has_another_uid(family_template(harness, "probe"))) {
        harness_stop(harness);
        cr_skip("this build's templates are not confined");
    }
    session_end_by(harness, "first", "crash");
    ask_until_restarted(harness, "first", 1);
    session_end_by(harness, "first", "crash");
    cr_assert(wait_for(is_in_backoff, harness, WAIT_MS));
    ask_started(harness, "second", "probe", NULL);
    expect_pooled(harness, 1);
    return harness;
}

Test(pool, gives_one_back_where_no_more_processes_may_be_made)
{
    struct harness *harness = start_at_limit();

    ask_ok(harness, "{\"op\":\"restart\",\"id\":\"first\"}");
    cr_expect_eq(ask_counter(harness, "restarts"), 2);
    cr_expect_eq(ask_counter(harness, "pooled"), 0);
    session_expect(harness, "first", "echo x", "x");
    session_expect(harness, "second", "echo x", "x");
    harness_stop(harness);
}

Test(pool, is_none_where_each_session_has_a_template_of_its_own)
{
    struct harness *harness = harness_start(POOL_2 "template = none\n");

    ask_started(harness, "a", "probe", NULL);
    ask_started(harness, "b", "probe", NULL);
    cr_expect_eq(ask_counter(harness, "pooled"), 0);
    harness_stop(harness);
}

Test(pool, of_earlier_settings_ends_and_is_not_handed_over)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);
    pid_t pid;

    harness_configure(harness, POOL_2 "max_message = 8K\n");
    ask_ok(harness, "{\"op\":\"reload\"}");
    pid = ask_started(harness, "a", "probe", NULL);
    cr_expect_not(is_among(&before, pid));
    expect_gone(&before);
    expect_pooled(harness, 2);
    harness_stop(harness);
}

/* ---- bounds ---- */

Test(pool, leaves_room_for_the_sessions_that_there_may_be)
{
    struct harness *harness =
        harness_start(PROBE "pool = 8\nmax_sessions = 3\n");

    ask_started(harness, "a", "probe", NULL);
    expect_pooled(harness, 2);
    ask_started(harness, "b", "probe", NULL);
    ask_started(harness, "c", "probe", NULL);
    expect_pooled(harness, 0);
    ask_refused(harness, "d", "probe", NULL, SP_ELIMIT, "max_sessions");
    cr_expect_eq(ask_stop(harness, "a"), SP_OK);
    expect_pooled(harness, 1);
    harness_stop(harness);
}

Test(pool, leaves_room_for_the_sessions_of_all_modules)
{
    struct harness *harness = harness_start(
        "[supervisor]\nmax_sessions = 3\nadmin_reserve = 0\n" POOL_2);

    ask_started(harness, "a", "probe", NULL);
    expect_pooled(harness, 2);
    ask_started(harness, "b", "kv", NULL);
    ask_started(harness, "c", "probe", NULL);
    ask_refused(harness, "d", "kv", NULL, SP_ELIMIT, "max_sessions");
    harness_stop(harness);
}

Test(pool, costs_nothing_when_its_sessions_are_gone)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct balance balance = balance_note(harness);
    char id[16];

    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "s%d", i);
        ask_started(harness, id, "probe", NULL);
        cr_expect_eq(ask_stop(harness, id), SP_OK);
    }
    expect_pooled(harness, 2);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- the end of spd ---- */

static size_t count_names(const struct harness *harness)
{
    char path[128];
    size_t count = 0;
    DIR *directory;

    snprintf(path, sizeof path, "%s/pool", harness_runtime_dir(harness));
    directory = opendir(path);
    cr_assert_not_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 2;
}

Test(pool, has_no_name_left_of_those_that_are_gone)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before;

    ask_started(harness, "a", "probe", NULL);
    expect_pooled(harness, 2);
    before = pooled_of(harness);
    signal_all(&before, SIGKILL);
    expect_gone(&before);
    expect_pooled(harness, 2);
    cr_expect_eq(count_names(harness), 2);
    harness_stop(harness);
}

Test(pool, ends_with_a_supervisor_that_is_killed)
{
    struct harness *harness = start_full(POOL_2, 2);
    struct pids before = pooled_of(harness);

    harness_kill_spd(harness);
    expect_gone(&before);
    harness_start_spd(harness);
    ask_started(harness, "a", "probe", NULL);
    expect_pooled(harness, 2);
    cr_expect_eq(count_names(harness), 2);
    harness_stop(harness);
}
