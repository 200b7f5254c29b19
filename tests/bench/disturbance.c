/* SPDX-License-Identifier: MIT */
/* Nothing, many ends at once, and one session that crashes without end. */
#define _GNU_SOURCE
#include "disturbance.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "samples.h"
#include "usage.h"

#define CALLS_MAX 1000000
/* Until the supervisor has looked through its children for the last time after
 * one of them has ended. */
#define SETTLE_MS 5000

static void nap(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&left, NULL);
}

/* ---- nothing ---- */

static uint64_t sleeps_of(const pid_t *pids, size_t count)
{
    uint64_t sleeps = 0;

    for (size_t i = 0; i < count; i++)
        sleeps += usage_sleeps(pids[i]);
    return sleeps;
}

static void measure_idle(pid_t spd, const struct disturbance_plan *plan,
                         struct disturbance_figures *out)
{
    double seconds = (double)plan->idle_ms / 1000;
    uint64_t sessions;
    struct usage usage;
    uint64_t sleeps;

    nap(SETTLE_MS);
    sessions = sleeps_of(plan->pids, plan->live);
    usage = usage_now(spd);
    sleeps = usage_sleeps(spd);
    nap(plan->idle_ms);
    out->wakes_spd = (double)(usage_sleeps(spd) - sleeps) / seconds;
    out->cpu_idle = (double)(usage_now(spd).ran - usage.ran) / 1000 / seconds;
    out->wakes_sessions =
        (double)(sleeps_of(plan->pids, plan->live) - sessions) / seconds;
}

/* ---- many ends at once ---- */

static void *flood_kill(void *arg)
{
    const struct disturbance_plan *plan = arg;

    for (size_t i = plan->live - plan->flood; i < plan->live; i++)
        kill(plan->pids[i], SIGKILL);
    return NULL;
}

static bool flood_over(const struct disturbance_plan *plan, size_t *next)
{
    while (*next < plan->live && kill(plan->pids[*next], 0) < 0)
        ++*next;
    return *next == plan->live;
}

static void flood_ping(struct bench *bench, pid_t spd,
                       struct disturbance_figures *out)
{
    uint64_t waited = usage_now(spd).waited + usage_now(gettid()).waited;
    uint64_t start = samples_clock();
    double took, held;

    bench_check(bench, sp_ping(bench->client, bench->result), "ping");
    took = (double)(samples_clock() - start) / 1000;
    waited = usage_now(spd).waited + usage_now(gettid()).waited - waited;
    held = took - (double)waited / 1000;
    if (took > out->flood_max)
        out->flood_max = took;
    if (held > out->flood_held)
        out->flood_held = held;
}

static void measure_flood(struct bench *bench, pid_t spd,
                          const struct disturbance_plan *plan,
                          struct disturbance_figures *out)
{
    size_t next = plan->live - plan->flood;
    uint64_t start = samples_clock();
    pthread_t killer;

    if (pthread_create(&killer, NULL, flood_kill, (void *)plan) != 0)
        bench_check(bench, SP_ENOMEM, "thread");
    do
        flood_ping(bench, spd, out);
    while (!flood_over(plan, &next));
    out->flood_ms = (double)(samples_clock() - start) / 1000000;
    pthread_join(killer, NULL);
    for (int i = 0; i < 100; i++) /* the sweeps that follow */
        flood_ping(bench, spd, out);
}

/* ---- one that crashes ---- */

struct storm {
    size_t crashes;
    atomic_bool over;
};

static void storm_crash(struct bench *bench)
{
    pid_t pid = 0;

    while (pid == 0) /* it waits for its restart */
        bench_check(bench, sp_session_pid(bench->client, "stormy", &pid,
                                          bench->result), "pid");
    kill(pid, SIGKILL);
    while (kill(pid, 0) == 0)
        nap(1);
}

static void *storm_run(void *arg)
{
    struct storm *storm = arg;
    struct bench bench;

    bench_open(&bench);
    for (size_t i = 0; i < storm->crashes; i++)
        storm_crash(&bench);
    bench_close(&bench);
    storm->over = true;
    return NULL;
}

/* Calls until it is over. */
static struct samples_figures call_until(struct bench *bench,
                                         const atomic_bool *over,
                                         int64_t deadline_ns)
{
    struct samples samples;
    struct samples_figures figures;

    samples_init(&samples, CALLS_MAX);
    while (samples.count < CALLS_MAX && !*over &&
           (int64_t)samples_clock() < deadline_ns) {
        uint64_t start = samples_clock();

        bench_call(bench, "called");
        samples_add(&samples, start);
    }
    figures = samples_figures(&samples);
    samples_fini(&samples);
    return figures;
}

static void measure_storm(struct bench *bench,
                          const struct disturbance_plan *plan,
                          struct disturbance_figures *out)
{
    struct storm storm = {.crashes = plan->crashes};
    struct samples_figures figures;
    pthread_t thread;

    bench_start(bench, "called", "lasting");
    bench_start(bench, "stormy", "lasting");
    bench_call(bench, "called");
    figures = call_until(bench, &storm.over,
                         (int64_t)samples_clock() + 1000000000);
    out->quiet = figures.p50;
    out->quiet_p99 = figures.p99;
    if (pthread_create(&thread, NULL, storm_run, &storm) != 0)
        bench_check(bench, SP_ENOMEM, "thread");
    figures = call_until(bench, &storm.over, INT64_MAX);
    out->storm = figures.p50;
    out->storm_p99 = figures.p99;
    while (!storm.over)
        nap(1);
    pthread_join(thread, NULL);
    bench_end(bench, "stormy");
    bench_end(bench, "called");
}

void disturbance_measure(struct bench *bench, pid_t spd,
                         const struct disturbance_plan *plan,
                         struct disturbance_figures *out_figures)
{
    *out_figures = (struct disturbance_figures){0};
    measure_idle(spd, plan, out_figures);
    measure_storm(bench, plan, out_figures);
    measure_flood(bench, spd, plan, out_figures);
}
