/* SPDX-License-Identifier: MIT */
/* No more descriptors in spd, in a template, in a session; no more processes.
 * It is said at once and clearly, nobody spins, and when there is room again
 * all goes on. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/asking.h"
#include "support/balance.h"
#include "support/family.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/unprivileged.h"
#include "support/wait.h"

TestSuite(faults_resources, .fini = leaks_check);

#define PROBE HARNESS_FREE_CONFIG

/* ---- limits, and what they cost ---- */

/* Sets a limit of another process; the one it had. */
static struct rlimit limit_to(pid_t pid, enum __rlimit_resource what,
                              rlim_t most)
{
    struct rlimit before, low;

    cr_assert_eq(prlimit(pid, what, NULL, &before), 0);
    low = before;
    low.rlim_cur = most;
    cr_assert_eq(prlimit(pid, what, &low, NULL), 0);
    return before;
}

static void limit_restore(pid_t pid, enum __rlimit_resource what,
                          const struct rlimit *before)
{
    cr_assert_eq(prlimit(pid, what, before, NULL), 0);
}

static int64_t cpu_us(pid_t pid)
{
    struct timespec used;
    clockid_t clock;

    cr_assert_eq(clock_getcpuclockid(pid, &clock), 0);
    cr_assert_eq(clock_gettime(clock, &used), 0);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* While this peer waits in vain, the process does next to nothing: less than
 * 5 % of the time. */
static void expect_idle_while_waiting(pid_t pid, struct raw_peer *peer)
{
    int64_t begun_ms = clock_now_ms();
    int64_t used_us = cpu_us(pid);

    cr_expect(raw_peer_silent(peer, 1000));
    used_us = cpu_us(pid) - used_us;
    cr_expect_lt(used_us, (clock_now_ms() - begun_ms) * 1000 / 20,
                 "%lld us of CPU in %lld ms", (long long)used_us,
                 (long long)(clock_now_ms() - begun_ms));
}

/* A stated time is 100 ms; a test has twenty times that. */
enum { REFUSAL_MS = 20 * 100 };

static void expect_refused_soon(const struct harness *harness, const char *id,
                                enum sp_error error, const char *text)
{
    int64_t begun_ms = clock_now_ms();

    ask_refused(harness, id, "probe", NULL, error, text);
    cr_expect_lt(clock_now_ms() - begun_ms, REFUSAL_MS);
}

/* Connects and asks, but waits for nothing: it may be closed at any moment, or
 * not be accepted at all. */
static void send_blindly(const char *path, const char *request,
                         struct raw_peer *out_peer)
{
    size_t size = strlen(request);
    uint8_t head[WIRE_HANDSHAKE_SIZE + WIRE_FRAME_HEADER_SIZE + 4];
    struct buf bytes = BUF_EMPTY;

    wire_handshake_put(head, WIRE_REQ);
    wire_frame_put(head + WIRE_HANDSHAKE_SIZE, 4 + size);
    wire_u32_put(head + sizeof head - 4, 1u << 31 | 1);
    cr_assert(buf_append(&bytes, head, sizeof head) &&
              buf_append(&bytes, request, size));
    raw_peer_connect(out_peer, path);
    raw_peer_try_send(out_peer, buf_data(&bytes), buf_size(&bytes));
    buf_fini(&bytes);
}

/* Asks what will not be answered; returns when that has been read. */
static void send_and_wait(const char *path, const char *request,
                          const char *then, struct raw_peer *out_peer)
{
    struct raw_message reply;

    raw_peer_open(out_peer, path, WIRE_REQ);
    raw_peer_send_request(out_peer, 1, request, strlen(request));
    raw_peer_send_request(out_peer, 2, then, strlen(then));
    raw_peer_recv_reply(out_peer, 2, &reply);
    raw_message_fini(&reply);
}

static void close_all(struct raw_peer *peers, int count)
{
    for (int i = 0; i < count; i++)
        raw_peer_close(&peers[i]);
}

/* ---- descriptors of spd ---- */

enum { PEERS = 100, SPD_FDS = 160 };

static int fill_with_sessions(const struct harness *harness)
{
    int started = 0;
    enum sp_error error;
    char id[16];

    do {
        snprintf(id, sizeof id, "s%d", started);
        error = ask_start(harness, id, "probe", NULL);
        started += error == SP_OK;
    } while (error == SP_OK && started < SPD_FDS);
    cr_expect_eq(error, SP_ELIMIT, "%s", sp_error_name(error));
    cr_assert_gt(started, 5);
    return started;
}

static void stop_all(const struct harness *harness, int count)
{
    char id[16];

    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof id, "s%d", i);
        cr_expect_eq(ask_stop(harness, id), SP_OK);
    }
}

static struct harness *start_with_few_descriptors(void)
{
    static const char *const prlimit[] = {"prlimit", "--nofile=160:160", NULL};

    return harness_start_under(PROBE, prlimit);
}

Test(faults_resources, sessions_up_to_spd_s_descriptors_are_refused_then_come)
{
    struct harness *harness = start_with_few_descriptors();
    struct balance balance = balance_note(harness);

    for (int round = 0; round < 2; round++) {
        int started = fill_with_sessions(harness);

        for (int i = 0; i < 5; i++)
            expect_refused_soon(harness, "more", SP_ELIMIT,
                                "Too many open files");
        session_expect(harness, "s0", "echo x", "x");
        stop_all(harness, started);
    }
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* At its bound an endpoint gives up whoever is idle. */
Test(faults_resources, newcomers_are_served_when_idle_clients_have_all_of_spd_s)
{
    struct harness *harness = start_with_few_descriptors();
    struct balance balance = balance_note(harness);
    struct raw_peer idle[PEERS];
    char path[RUNDIR_PATH_SIZE];
    int started = fill_with_sessions(harness);

    harness_control_path(harness, path);
    for (int i = 0; i < PEERS; i++)
        raw_peer_open(&idle[i], path, WIRE_REQ);
    cr_expect_eq(ask_count(harness), (size_t)started);
    expect_refused_soon(harness, "more", SP_ELIMIT, "Too many open files");
    stop_all(harness, started);
    close_all(idle, PEERS);
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_resources, spd_does_not_spin_when_busy_clients_have_all_of_its)
{
    static const char wait[] =
        "{\"op\":\"wait\",\"id\":\"s0\",\"for\":\"gone\",\"timeout_ms\":60000}";
    struct harness *harness = start_with_few_descriptors();
    struct balance balance = balance_note(harness);
    struct raw_peer busy[PEERS];
    char path[RUNDIR_PATH_SIZE];
    int started = fill_with_sessions(harness);
    int count = 0;

    harness_control_path(harness, path);
    /* to count them takes some */
    for (; ask_descriptors(harness) + 3 < SPD_FDS && count < PEERS; count++)
        send_and_wait(path, wait, "{\"op\":\"ping\"}", &busy[count]);
    cr_assert(count > 0 && count < PEERS, "%d", count);
    while (count < PEERS)
        send_blindly(path, wait, &busy[count++]);
    expect_idle_while_waiting(harness_spd(harness), &busy[0]);
    session_expect(harness, "s0", "echo x", "x"); /* sessions go on */
    close_all(busy, PEERS);
    stop_all(harness, started);
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- descriptors of a template ---- */

static pid_t template_of(const struct harness *harness)
{
    pid_t pid = family_template(harness, "probe");

    cr_assert_gt(pid, 1, "the template is not found");
    return pid;
}

Test(faults_resources, template_without_descriptors_refuses_starts_and_lives)
{
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    struct rlimit before;
    pid_t template;

    ask_started(harness, "lives", "probe", NULL);
    template = template_of(harness);
    before = limit_to(template, RLIMIT_NOFILE,
                      (rlim_t)family_fds(template) + 1);
    for (int i = 0; i < 5; i++)
        expect_refused_soon(harness, "a", SP_ESYSTEM, "Too many open files");
    session_expect(harness, "lives", "echo x", "x");
    limit_restore(template, RLIMIT_NOFILE, &before);
    ask_started(harness, "a", "probe", NULL);
    cr_expect_eq(template_of(harness), template);
    cr_expect_eq(family_fds(template), 5, "it keeps what it was sent");
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- descriptors of a session ---- */

enum { SESSION_ROOM = 4 };

Test(faults_resources, session_whose_descriptors_idle_clients_have_serves_all)
{
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer idle[20];
    char path[RUNDIR_PATH_SIZE];

    session_expect(harness, "a", "echo x", "x");
    limit_to(pid, RLIMIT_NOFILE, (rlim_t)family_fds(pid) + SESSION_ROOM);
    harness_session_path(harness, "a", path);
    for (int i = 0; i < 20; i++)
        raw_peer_open(&idle[i], path, WIRE_REQ);
    for (int i = 0; i < 5; i++)
        session_expect(harness, "a", "echo x", "x");
    close_all(idle, 20);
    session_expect(harness, "a", "echo x", "x");
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_resources, session_whose_descriptors_callers_have_does_not_spin)
{
    struct harness *harness = harness_start(PROBE);
    struct balance balance = balance_note(harness);
    pid_t pid = ask_started(harness, "a", "probe", NULL);
    struct raw_peer callers[20];
    char path[RUNDIR_PATH_SIZE];
    int count = 0;
    rlim_t most;

    session_expect(harness, "a", "echo x", "x");
    most = (rlim_t)family_fds(pid) + SESSION_ROOM;
    limit_to(pid, RLIMIT_NOFILE, most);
    harness_session_path(harness, "a", path);
    for (; family_fds(pid) < most && count < 20; count++)
        send_and_wait(path, "never", "echo x", &callers[count]);
    cr_assert(count > 0 && count < 20, "%d", count);
    while (count < 20)
        send_blindly(path, "never", &callers[count++]);
    expect_idle_while_waiting(pid, &callers[0]);
    close_all(callers, 20);
    session_expect(harness, "a", "echo x", "x");
    balance_check(harness, &balance);
    harness_stop(harness);
}

/* ---- processes ---- */

Test(faults_resources, template_that_may_not_fork_refuses_starts_and_lives)
{
    struct harness *harness;
    struct balance balance;
    struct rlimit before;
    pid_t template;

    unprivileged_become();
    harness = harness_start(PROBE);
    balance = balance_note(harness);
    ask_started(harness, "lives", "probe", NULL);
    template = template_of(harness);
    before = limit_to(template, RLIMIT_NPROC, 0);
    for (int i = 0; i < 5; i++)
        expect_refused_soon(harness, "a", SP_ESYSTEM,
                            strerrordesc_np(EAGAIN));
    session_expect(harness, "lives", "echo x", "x");
    limit_restore(template, RLIMIT_NPROC, &before);
    ask_started(harness, "a", "probe", NULL);
    cr_expect_eq(template_of(harness), template);
    balance_check(harness, &balance);
    harness_stop(harness);
}

Test(faults_resources, spd_that_may_not_fork_refuses_starts_and_recovers)
{
    struct harness *harness;
    struct balance balance;
    struct rlimit before;
    pid_t spd;

    unprivileged_become();
    harness = harness_start(PROBE);
    balance = balance_note(harness);
    spd = harness_spd(harness);
    before = limit_to(spd, RLIMIT_NPROC, 0);
    for (int i = 0; i < 5; i++)
        expect_refused_soon(harness, "a", SP_ESYSTEM,
                            strerrordesc_np(EAGAIN));
    ask_started(harness, "k", "kv", NULL); /* its template is there */
    limit_restore(spd, RLIMIT_NPROC, &before);
    ask_started(harness, "a", "probe", NULL);
    balance_check(harness, &balance);
    harness_stop(harness);
}
