/* SPDX-License-Identifier: MIT */
/* What bench-floor measures, on sessions: by the public library, against the
 * spd of $SP_RUNTIME_DIR, with the module echo.
 *
 *   bench-session call COUNT          p50 p99, in microseconds
 *   bench-session start COUNT LIVE    the same, beside LIVE other sessions
 *   bench-session memory COUNT        KiB a session: its own, the machine's */
#include "bench.h"
#include "memory.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void measure_calls(struct bench *bench, size_t count)
{
    struct samples samples;

    samples_init(&samples, count);
    bench_start(bench, "called", MODULE);
    for (size_t i = 0; i < count / 10; i++)
        bench_call(bench, "called");
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        bench_call(bench, "called");
        samples_add(&samples, start);
    }
    bench_end(bench, "called");
    samples_print(&samples);
    samples_fini(&samples);
}

static void measure_starts(struct bench *bench, size_t count, size_t live)
{
    pid_t *others = live_start(bench, live);
    struct samples samples;
    char id[32];

    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start = samples_clock();

        snprintf(id, sizeof id, "new-%zu", i);
        bench_start(bench, id, MODULE);
        bench_call(bench, id);
        samples_add(&samples, start);
        bench_end(bench, id);
    }
    live_end(bench, others, live);
    samples_print(&samples);
    samples_fini(&samples);
}

static void measure_memory(struct bench *bench, size_t count)
{
    struct memory_machine before;
    pid_t *pids;

    /* spd and the template are there before the first session is counted */
    bench_start(bench, "first", MODULE);
    before = memory_machine_now();
    pids = live_start(bench, count);
    memory_print(pids, count, &before);
    live_end(bench, pids, count);
    bench_end(bench, "first");
}

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    struct bench bench;

    bench_open(&bench);
    if (argc == 3 && count > 0 && strcmp(argv[1], "call") == 0) {
        measure_calls(&bench, count);
    } else if (argc == 4 && count > 0 && strcmp(argv[1], "start") == 0) {
        measure_starts(&bench, count, strtoul(argv[3], NULL, 10));
    } else if (argc == 3 && count > 0 && strcmp(argv[1], "memory") == 0) {
        measure_memory(&bench, count);
    } else {
        fprintf(stderr, "usage: %s call COUNT | start COUNT LIVE | "
                        "memory COUNT\n", argv[0]);
        return 2;
    }
    bench_close(&bench);
    return 0;
}
