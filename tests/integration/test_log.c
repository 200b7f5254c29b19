/* SPDX-License-Identifier: MIT */
/* What sessions write to standard error: lines of spd's log, bounded in length
 * and in number, whoever writes how much. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(log, .fini = leaks_check);

/* A handler that floods does not hear that it is to stop. */
#define PROBE HARNESS_PROBE_CONFIG "stop_timeout = 100ms\n"
#define RATE "log_rate = 20\n"
/* The same logic as a module of its own: its log is not shared. */
#define OTHER "[module other]\npath = @PROBE@\n"

#define ENDLESS "flood 1000000000"

static void expect_logged(const struct harness *harness, const char *text)
{
    cr_assert(harness_wait_log(harness, text, WAIT_MS), "no '%s'", text);
}

/* ---- each line ---- */

Test(log, each_line_names_session_module_and_pid)
{
    struct harness *harness = harness_start(PROBE);
    pid_t pid = ask_started(harness, "alice", "probe", NULL);
    char line[128];

    session_expect(harness, "alice", "stderr one\n\ntwo\nthree", "");
    session_expect(harness, "alice", "log four", "");
    snprintf(line, sizeof line,
             "session alice (probe, pid %d): one\n"
             "spd: session alice (probe, pid %d): two\n",
             (int)pid, (int)pid);
    expect_logged(harness, line);
    snprintf(line, sizeof line,
             "session alice (probe, pid %d): three\n"
             "spd: session alice (probe, pid %d): four\n",
             (int)pid, (int)pid);
    expect_logged(harness, line);
    harness_stop(harness);
}

Test(log, foreign_bytes_are_escaped)
{
    struct harness *harness = harness_start(PROBE);

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a",
                   "stderr \x1b[2J\r\t\xff\xc0\x80 \xc2\x9b fürs %s", "");
    expect_logged(harness,
                  "): \\x1b[2J\\x0d\\x09\\xff\\xc0\\x80 \\xc2\\x9b fürs %s\n");
    harness_stop(harness);
}

Test(log, a_line_cannot_pass_for_another_session_s_or_spd_s_own)
{
    struct harness *harness = harness_start(PROBE);
    char *log;

    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", "stderr x\nspd: error: all is lost\rspd: y",
                   "");
    session_expect(harness, "a", "log last", "");
    expect_logged(harness, "): last\n");
    log = harness_log(harness);
    cr_expect_null(strstr(log, "\nspd: error: "), "%s", log);
    cr_expect_null(strstr(log, "\rspd: "), "%s", log);
    free(log);
    harness_stop(harness);
}

Test(log, longer_lines_are_cut_at_the_bound)
{
    enum { BOUND = 2047 };
    struct harness *harness = harness_start(PROBE);
    char request[8 + 4000] = "stderr ";
    char line[8 + BOUND] = "): ";
    char *log;

    memset(request + strlen(request), 'x', 4000);
    memset(line + strlen(line), 'x', BOUND);
    ask_started(harness, "a", "probe", NULL);
    session_expect(harness, "a", request, "");
    expect_logged(harness, strcat(line, "\n"));
    log = harness_log(harness);
    cr_expect_null(strstr(strstr(log, line) + strlen(line), "xxx"));
    free(log);
    harness_stop(harness);
}

/* ---- floods ---- */

/* What spd's log tells of one process. */
struct tally {
    unsigned long logged;
    unsigned long dropped;
    unsigned said; /* how often */
};

static void count_line(struct tally *tally, const char *line)
{
    unsigned long dropped;

    if (strcmp(line, "flood") == 0)
        tally->logged++;
    else if (sscanf(line, "%lu lines dropped", &dropped) == 1) {
        tally->dropped += dropped;
        tally->said++;
    } else if (strcmp(line, "1 line dropped") == 0) {
        tally->dropped++;
        tally->said++;
    }
}

static struct tally tally_of(const struct harness *harness, pid_t pid)
{
    struct tally tally = {0};
    char *log = harness_log(harness), *rest = log, *line, who[32];

    snprintf(who, sizeof who, "pid %d): ", (int)pid);
    while ((line = strsep(&rest, "\n"))) {
        char *found = strstr(line, who);

        if (found)
            count_line(&tally, found + strlen(who));
    }
    free(log);
    return tally;
}

struct reckoning {
    const struct harness *harness;
    pid_t pid;
    unsigned long written;
};

static bool all_told(void *context)
{
    const struct reckoning *reckoning = context;
    struct tally tally = tally_of(reckoning->harness, reckoning->pid);

    cr_assert_leq(tally.logged + tally.dropped, reckoning->written);
    return tally.logged + tally.dropped == reckoning->written;
}

/* Of so many lines each is either logged or counted. */
static void expect_reckoned(const struct harness *harness, pid_t pid,
                            unsigned long written)
{
    struct reckoning reckoning = {harness, pid, written};
    bool told = wait_for(all_told, &reckoning, WAIT_MS);
    struct tally tally = tally_of(harness, pid);

    cr_assert(told, "%lu logged, %lu dropped of %lu", tally.logged,
              tally.dropped, written);
}

/* The number of lines that found room. */
static unsigned long flood(const struct harness *harness, const char *id,
                           const char *request)
{
    char *reply = session_call(harness, id, request);
    unsigned long written = strtoul(reply, NULL, 10);

    free(reply);
    return written;
}

Test(log, each_line_over_the_rate_is_counted_and_that_is_said)
{
    struct harness *harness = harness_start(PROBE RATE);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    int64_t start_ms = clock_now_ms();
    unsigned long written = flood(harness, "a", "flood 1000000");
    struct tally tally;
    int64_t seconds;

    cr_assert_gt(written, 100);
    expect_reckoned(harness, pid, written);
    tally = tally_of(harness, pid);
    seconds = (clock_now_ms() - start_ms) / 1000 + 1;
    cr_expect_geq(tally.logged, 20);
    cr_expect_leq(tally.logged, 20 + 20 * (unsigned long)seconds);
    cr_expect_geq(tally.said, 1);
    cr_expect_leq(tally.said, seconds, "said %u times in %lld s", tally.said,
                  (long long)seconds);
    session_expect(harness, "a", "log after", "");
    expect_logged(harness, "): after\n");
    harness_stop(harness);
}

Test(log, what_was_dropped_is_said_also_of_a_session_that_dies)
{
    struct harness *harness = harness_start(PROBE RATE "restart = temporary\n");

    for (int i = 0; i < 5; i++) {
        pid_t pid = ask_started(harness, "a", "probe", NULL);
        unsigned long written = flood(harness, "a", "flood 2000");
        char text[64];

        cr_assert_eq(kill(pid, SIGKILL), 0);
        ask_until_gone(harness, "a");
        expect_reckoned(harness, pid, written);
        snprintf(text, sizeof text, "session a (probe, pid %d): ", (int)pid);
        expect_logged(harness, text);
    }
    harness_stop(harness);
}

/* One session of module probe floods; each line of another gets through. */
static void log_beside_a_flood(const char *config, const char *module)
{
    struct harness *harness = harness_start(config);
    struct raw_peer flooding;
    pid_t pid;

    ask_started(harness, "a", "probe", NULL);
    pid = ask_started(harness, "b", module, NULL);
    session_send(harness, "a", ENDLESS, &flooding);
    expect_logged(harness, "lines dropped");
    for (int i = 0; i < 20; i++) {
        char text[32];

        snprintf(text, sizeof text, "log line %d.", i);
        session_expect(harness, "b", text, "");
        snprintf(text, sizeof text, "): line %d.\n", i);
        expect_logged(harness, text);
    }
    cr_expect_eq(tally_of(harness, pid).dropped, 0);
    raw_peer_close(&flooding);
    harness_stop(harness);
}

Test(log, of_other_sessions_of_the_module_comes_through_beside_a_flood)
{
    log_beside_a_flood(PROBE RATE, "probe");
}

Test(log, of_other_modules_comes_through_beside_a_flood)
{
    log_beside_a_flood(PROBE RATE OTHER RATE, "other");
}

static double cpu_seconds(pid_t pid)
{
    struct timespec used;
    clockid_t clock;

    cr_assert_eq(clock_getcpuclockid(pid, &clock), 0);
    cr_assert_eq(clock_gettime(clock, &used), 0);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

struct saying {
    const struct harness *harness;
    pid_t pid;
    unsigned often;
};

static bool said_often(void *context)
{
    const struct saying *saying = context;

    return tally_of(saying->harness, saying->pid).said >= saying->often;
}

/* Whoever floods is not worth a whole CPU. */
Test(log, a_flood_costs_spd_a_small_part_of_a_cpu)
{
    struct harness *harness = harness_start(PROBE RATE);
    struct saying saying = {harness, ask_started(harness, "a", "probe", NULL),
                            1};
    struct raw_peer flooding;
    int64_t start_ms;
    double used;

    session_send(harness, "a", ENDLESS, &flooding);
    cr_assert(wait_for(said_often, &saying, WAIT_MS));
    start_ms = clock_now_ms();
    used = cpu_seconds(harness_spd(harness));
    saying.often = 3;
    cr_assert(wait_for(said_often, &saying, WAIT_MS));
    used = cpu_seconds(harness_spd(harness)) - used;
    cr_expect_lt(used * 1000, (double)(clock_now_ms() - start_ms) / 20,
                 "%.2f s", used);
    raw_peer_close(&flooding);
    harness_stop(harness);
}

Test(log, spd_answers_at_once_while_sessions_flood)
{
    enum { FLOODING = 4, LIMIT_MS = 400 };
    struct harness *harness = harness_start(PROBE RATE);
    struct raw_peer flooding[FLOODING];

    for (int i = 0; i < FLOODING; i++) {
        char id[8];

        snprintf(id, sizeof id, "f%d", i);
        ask_started(harness, id, "probe", NULL);
        session_send(harness, id, ENDLESS, &flooding[i]);
    }
    expect_logged(harness, "lines dropped");
    for (int i = 0; i < 50; i++) {
        int64_t start_ms = clock_now_ms();

        ask_started(harness, "a", "probe", NULL);
        cr_expect_lt(clock_now_ms() - start_ms, LIMIT_MS);
        cr_assert_eq(ask_stop(harness, "a"), SP_OK);
    }
    for (int i = 0; i < FLOODING; i++)
        raw_peer_close(&flooding[i]);
    harness_stop(harness);
}
