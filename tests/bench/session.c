/* SPDX-License-Identifier: MIT */
/* What bench-floor measures, on sessions: by the public library, against the
 * spd of $SP_RUNTIME_DIR, with the module echo.  README.md says what each
 * measure is.
 *
 *   bench-session MEASURE COUNT [MORE] */
#define _GNU_SOURCE
#include "bench.h"
#include "measure.h"
#include "memory.h"
#include "samples.h"
#include "session_frontend.h"
#include "session_pool.h"
#include "session_stream.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define MODULE "echo"

/* As many sessions live-0, live-1, ... that have each answered once.  Their
 * process IDs are the caller's to free(). */
static pid_t *live_start(struct bench *bench, size_t count)
{
    pid_t *pids = calloc(count + 1, sizeof *pids);
    char id[32];

    if (!pids)
        bench_check(bench, SP_ENOMEM, "start");
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "live-%zu", i);
        pids[i] = bench_start(bench, id, MODULE);
        bench_call(bench, id);
    }
    return pids;
}

static void live_end(struct bench *bench, pid_t *pids, size_t count)
{
    char id[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "live-%zu", i);
        bench_end(bench, id);
    }
    free(pids);
}

static void measure_calls(size_t count, size_t more)
{
    struct samples samples;
    struct bench bench;

    (void)more;
    bench_open(&bench);
    samples_init(&samples, count);
    bench_start(&bench, "called", MODULE);
    for (size_t i = 0; i < count / 10; i++)
        bench_call(&bench, "called");
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        bench_call(&bench, "called");
        samples_add(&samples, start);
    }
    bench_end(&bench, "called");
    bench_close(&bench);
    samples_print(&samples);
}

static void measure_starts(size_t count, size_t live)
{
    struct samples samples;
    struct bench bench;
    pid_t *others;
    char id[32];

    bench_open(&bench);
    others = live_start(&bench, live);
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "new-%zu", i);
        samples_add_ns(&samples, bench_time_start(&bench, id, MODULE));
    }
    live_end(&bench, others, live);
    bench_close(&bench);
    samples_print(&samples);
}

static void measure_memory(size_t count, size_t more)
{
    struct memory_machine before;
    struct bench bench;
    pid_t *pids;

    (void)more;
    bench_open(&bench);
    /* spd and the template are there before the first session is counted */
    bench_start(&bench, "first", MODULE);
    before = memory_machine_now();
    pids = live_start(&bench, count);
    memory_print(pids, count, &before);
    live_end(&bench, pids, count);
    bench_end(&bench, "first");
    bench_close(&bench);
}

/* ---- ends ---- */

static void kill_and_see(pid_t pid)
{
    struct pollfd exited = {.fd = pidfd_open(pid, 0), .events = POLLIN};

    if (exited.fd < 0 || pidfd_send_signal(exited.fd, SIGKILL, NULL, 0) < 0 ||
        poll(&exited, 1, -1) != 1)
        measure_fail("kill");
    close(exited.fd);
}

/* From SIGKILL until its successor has answered; called as soon as the process
 * is dead, which is when a caller who had a request there would know. */
static void measure_crashes(size_t count, size_t more)
{
    struct samples samples;
    struct bench bench;
    pid_t pid;

    (void)more;
    bench_open(&bench);
    pid = bench_start(&bench, "crashing", "lasting");
    bench_call(&bench, "crashing");
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start;

        usleep(2000); /* it counts as stable: its restart is not delayed */
        start = samples_clock();
        kill_and_see(pid);
        bench_call(&bench, "crashing");
        samples_add(&samples, start);
        bench_check(&bench, sp_session_pid(bench.client, "crashing", &pid,
                                           bench.result), "pid");
    }
    bench_end(&bench, "crashing");
    bench_close(&bench);
    samples_print(&samples);
}

/* From SIGKILL until the supervisor says that it is gone. */
static void measure_ends(size_t count, size_t more)
{
    struct samples samples;
    struct bench bench;
    char id[32];

    (void)more;
    bench_open(&bench);
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start;
        pid_t pid;

        snprintf(id, sizeof id, "ending-%zu", i);
        pid = bench_start(&bench, id, "fleeting");
        bench_call(&bench, id);
        start = samples_clock();
        kill(pid, SIGKILL);
        bench_check(&bench, sp_wait(bench.client, id, SP_WAIT_GONE,
                                    SP_TIMEOUT_DEFAULT, bench.result), "wait");
        samples_add(&samples, start);
    }
    bench_close(&bench);
    samples_print(&samples);
}

/* In order: its module's terminate runs. */
static void measure_stops(size_t count, size_t more)
{
    struct samples samples;
    struct bench bench;
    char id[32];

    (void)more;
    bench_open(&bench);
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start;

        snprintf(id, sizeof id, "ending-%zu", i);
        bench_start(&bench, id, MODULE);
        bench_call(&bench, id);
        start = samples_clock();
        bench_end(&bench, id);
        samples_add(&samples, start);
    }
    bench_close(&bench);
    samples_print(&samples);
}

static const struct measure measures[] = {
    {"call", measure_calls},
    {"start", measure_starts},
    {"crash", measure_crashes},
    {"end", measure_ends},
    {"stop", measure_stops},
    {"memory", measure_memory},
    {"pipeline", session_pipeline},
    {"fan", session_fan},
    {"cast", session_cast},
    {"cast_one", session_cast_one},
    {"large", session_large},
    {"starts", session_starts},
    {"callers", session_callers},
    {"pool", session_pool},
    {"frontend", session_frontend},
    {"frontend_async", session_frontend_async},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return measure_main(argc, argv, measures);
}
