/* SPDX-License-Identifier: MIT */
/* What the supervisor takes to start, stop, replace and reap a session, and
 * whether that depends on how many live.  Against the spd of $SP_RUNTIME_DIR,
 * with two modules that do the same: "lasting" is always replaced after a
 * crash, "fleeting" never.
 *
 *   bench-supervision COUNT FLOOD CRASHES IDLE_MS LIVE...
 *   bench-supervision refusals COUNT
 *
 * For each LIVE, in rising order and then back to the first, there are so many
 * sessions besides, and everything is done COUNT times: a machine that grows
 * slower or faster meanwhile does so for all of them alike.  Prints lines
 * "metric live value".  With the last LIVE it also disturbs: see disturbance.h.
 * The second form starts sessions until the supervisor refuses one, and then
 * COUNT more. */
#define _GNU_SOURCE
#include "bench.h"
#include "disturbance.h"
#include "measure.h"
#include "memory.h"
#include "samples.h"
#include "usage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

/* With many live, so that starting them is over in every respect. */
#define SETTLE_MS 300
/* How often all sessions are listed. */
#define LISTS 10

struct spd {
    pid_t pid;
    pid_t template; /* of "lasting" */
};

/* ---- the supervisor ---- */

/* With no other session than this one, a template's is the first child. */
static struct spd spd_find(struct bench *bench)
{
    struct spd spd;
    char path[64];
    FILE *children;
    int pid = 0;

    bench_check(bench, sp_ping(bench->client, bench->result), "ping");
    spd.pid = sp_result_pid(bench->result);
    bench_start(bench, "first", "lasting");
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)spd.pid,
             (int)spd.pid);
    children = fopen(path, "re");
    if (!children || fscanf(children, "%d", &pid) != 1) {
        perror(path);
        exit(1);
    }
    fclose(children);
    spd.template = (pid_t)pid;
    bench_end(bench, "first");
    return spd;
}

static void nap(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

static void print(const char *metric, size_t live, double value)
{
    printf("%s %zu %.3f\n", metric, live, value);
    fflush(stdout);
}

/* And frees them. */
static void print_samples(const char *metric, size_t live,
                          struct samples *samples)
{
    char tail[64];
    struct samples_figures figures = samples_figures(samples);

    snprintf(tail, sizeof tail, "%s_p99", metric);
    print(metric, live, figures.p50);
    print(tail, live, figures.p99);
    samples_fini(samples);
}

/* ---- start and stop ---- */

struct starts {
    struct samples start, answer, stop; /* times */
    struct samples spd, template, session; /* CPU times of a start */
};

static void start_and_stop(struct bench *bench, const struct spd *spd,
                           const char *id, struct starts *starts)
{
    uint64_t spd_ran = usage_now(spd->pid).ran;
    uint64_t template_ran = usage_now(spd->template).ran;
    uint64_t start = samples_clock();
    pid_t pid = bench_start(bench, id, "lasting");

    samples_add(&starts->start, start);
    bench_call(bench, id);
    samples_add(&starts->answer, start);
    samples_add_ns(&starts->session, usage_now(pid).ran);
    samples_add_ns(&starts->spd, usage_now(spd->pid).ran - spd_ran);
    samples_add_ns(&starts->template,
                   usage_now(spd->template).ran - template_ran);
    start = samples_clock();
    bench_end(bench, id);
    samples_add(&starts->stop, start);
}

static void measure_starts(struct bench *bench, const struct spd *spd,
                           size_t count, size_t live)
{
    struct starts starts;
    char id[32];

    samples_init(&starts.start, count);
    samples_init(&starts.answer, count);
    samples_init(&starts.stop, count);
    samples_init(&starts.spd, count);
    samples_init(&starts.template, count);
    samples_init(&starts.session, count);
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "new-%zu", i);
        start_and_stop(bench, spd, id, &starts);
    }
    print_samples("start", live, &starts.start);
    print_samples("answer", live, &starts.answer);
    print_samples("stop", live, &starts.stop);
    print_samples("start_cpu_spd", live, &starts.spd);
    print_samples("start_cpu_template", live, &starts.template);
    print_samples("start_cpu_session", live, &starts.session);
}

/* ---- crash and replacement ---- */

static void kill_and_see(pid_t pid)
{
    struct pollfd exited = {.fd = pidfd_open(pid, 0), .events = POLLIN};

    if (exited.fd < 0 || pidfd_send_signal(exited.fd, SIGKILL, NULL, 0) < 0 ||
        poll(&exited, 1, -1) != 1) {
        perror("bench: kill");
        exit(1);
    }
    close(exited.fd);
}

static void measure_crashes(struct bench *bench, size_t count, size_t live)
{
    struct samples samples;
    pid_t pid = bench_start(bench, "crashing", "lasting");

    bench_call(bench, "crashing");
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t start;

        nap(2); /* it counts as stable, so that its restart is not delayed */
        start = samples_clock();
        kill_and_see(pid);
        bench_call(bench, "crashing");
        samples_add(&samples, start);
        bench_check(bench, sp_session_pid(bench->client, "crashing", &pid,
                                          bench->result), "pid");
    }
    bench_end(bench, "crashing");
    print_samples("crash", live, &samples);
}

/* ---- ends ---- */

static bool is_gone(struct bench *bench, const char *id)
{
    struct sp_session_info *info;
    bool gone;

    bench_check(bench, sp_info(bench->client, id, &info, bench->result),
                "info");
    gone = strcmp(sp_info_state(info), "gone") == 0;
    sp_info_free(info);
    return gone;
}

/* From the kill until `info` says so. */
static void measure_ends(struct bench *bench, size_t count, size_t live)
{
    struct samples samples;
    char id[32];

    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        pid_t pid;
        uint64_t start;

        snprintf(id, sizeof id, "ending-%zu", i);
        pid = bench_start(bench, id, "fleeting");
        start = samples_clock();
        kill(pid, SIGKILL);
        while (!is_gone(bench, id))
            continue;
        samples_add(&samples, start);
    }
    print_samples("end", live, &samples);
}

/* ---- what there is ---- */

static void measure_info(struct bench *bench, size_t count, size_t live)
{
    struct samples samples;

    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        struct sp_session_info *info;
        uint64_t start = samples_clock();

        bench_check(bench, sp_info(bench->client, "live-0", &info,
                                   bench->result), "info");
        samples_add(&samples, start);
        sp_info_free(info);
    }
    print_samples("info", live, &samples);
}

static void measure_list(struct bench *bench, size_t live)
{
    struct samples samples;

    samples_init(&samples, LISTS);
    for (size_t i = 0; i < LISTS; i++) {
        struct sp_session_list *list;
        uint64_t start = samples_clock();

        bench_check(bench, sp_list(bench->client, &list, bench->result),
                    "list");
        samples_add(&samples, start);
        if (sp_list_count(list) != live)
            measure_wrong("list");
        sp_list_free(list);
    }
    print_samples("list", live, &samples);
}

/* What each session more than with `few` takes of spd's own memory, in bytes;
 * none has an argument. */
static void print_spd_memory(const struct spd *spd, size_t few, size_t live)
{
    static long memory_few;
    long memory = memory_anonymous(spd->pid);

    if (live > few)
        print("memory_spd", live, (double)(memory - memory_few) * 1024 /
                                      (double)(live - few));
    else
        memory_few = memory;
}

/* The supervisor's own CPU time of an end, with nobody asking. */
static void measure_reaping(struct bench *bench, const struct spd *spd,
                            size_t count, size_t live)
{
    struct samples samples;
    char id[32];

    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t before;
        pid_t pid;

        snprintf(id, sizeof id, "reaped-%zu", i);
        pid = bench_start(bench, id, "fleeting");
        nap(1); /* it is at rest again */
        before = usage_now(spd->pid).ran;
        kill(pid, SIGKILL);
        while (kill(pid, 0) == 0)
            nap(1);
        nap(1); /* the same */
        samples_add_ns(&samples, usage_now(spd->pid).ran - before);
    }
    print_samples("end_cpu_spd", live, &samples);
}

/* ---- the whole ---- */

static void start_live(struct bench *bench, pid_t *pids, size_t from,
                       size_t to, const char *module)
{
    char id[32];

    for (size_t i = from; i < to; i++) {
        snprintf(id, sizeof id, "live-%zu", i);
        pids[i] = bench_start(bench, id, module);
    }
}

static void end_live(struct bench *bench, size_t from, size_t to)
{
    char id[32];

    for (size_t i = from; i < to; i++) {
        snprintf(id, sizeof id, "live-%zu", i);
        bench_end(bench, id);
    }
}

static void measure_level(struct bench *bench, const struct spd *spd,
                          size_t count, size_t live)
{
    nap(SETTLE_MS);
    measure_info(bench, count, live);
    measure_list(bench, live);
    measure_starts(bench, spd, count, live);
    measure_crashes(bench, count, live);
    measure_ends(bench, count, live);
    measure_reaping(bench, spd, count, live);
}

static void disturb(struct bench *bench, const struct spd *spd,
                    const struct disturbance_plan *plan)
{
    struct disturbance_figures figures;

    disturbance_measure(bench, spd->pid, plan, &figures);
#define PRINT(name) print(#name, plan->live, figures.name);
    DISTURBANCE_FIGURES(PRINT)
#undef PRINT
}

static size_t number(const char *text)
{
    return strtoul(text, NULL, 10);
}

/* levels: depth numbers, the last of which is plan->live. */
static void measure_all(struct bench *bench, size_t count,
                        struct disturbance_plan *plan, char **levels,
                        size_t depth)
{
    struct spd spd = spd_find(bench);
    pid_t *pids = calloc(plan->live, sizeof *pids);
    size_t lasting = 0;

    if (!pids)
        bench_check(bench, SP_ENOMEM, "start");
    for (size_t i = 0; i < depth; i++) {
        size_t live = number(levels[i]), before = lasting;

        /* those that the flood ends are part of the last level */
        lasting = live < plan->live ? live : live - plan->flood;
        start_live(bench, pids, before, lasting, "lasting");
        start_live(bench, pids, lasting, live, "fleeting");
        print_spd_memory(&spd, number(levels[0]), live);
        measure_level(bench, &spd, count, live);
    }
    plan->pids = pids;
    disturb(bench, &spd, plan);
    for (size_t i = depth - 1; i-- > 0;) {
        size_t live = number(levels[i]);

        end_live(bench, live, lasting);
        lasting = live;
        measure_level(bench, &spd, count, live);
    }
    end_live(bench, 0, lasting);
    free(pids);
}

/* ---- refusals ---- */

static void measure_refusals(struct bench *bench, size_t count)
{
    struct samples samples;
    char id[32];
    size_t started = 0;

    samples_init(&samples, count);
    while (samples.count < count) {
        uint64_t start = samples_clock();
        enum sp_error error;

        snprintf(id, sizeof id, "live-%zu", started);
        error = sp_start(bench->client, id, "lasting", NULL, 0, bench->result);
        if (error == SP_ELIMIT)
            samples_add(&samples, start);
        else
            bench_check(bench, error, "start");
        started += error == SP_OK;
    }
    print("refusal_max", started, samples_figures(&samples).max);
    print_samples("refusal", started, &samples);
    end_live(bench, 0, started);
}

/* ---- main ---- */

static int usage(const char *program)
{
    fprintf(stderr,
            "usage: %s COUNT FLOOD CRASHES IDLE_MS LIVE... | refusals COUNT\n",
            program);
    return 2;
}

int main(int argc, char **argv)
{
    struct bench bench;

    measure_deadline("supervision");
    if (argc == 3 && strcmp(argv[1], "refusals") == 0 && number(argv[2]) > 0) {
        bench_open(&bench);
        measure_refusals(&bench, number(argv[2]));
    } else if (argc > 5 && number(argv[1]) > 0 &&
               number(argv[2]) <= number(argv[argc - 1])) {
        struct disturbance_plan plan = {.live = number(argv[argc - 1]),
                                        .flood = number(argv[2]),
                                        .crashes = number(argv[3]),
                                        .idle_ms = (long)number(argv[4])};

        bench_open(&bench);
        measure_all(&bench, number(argv[1]), &plan, argv + 5,
                    (size_t)argc - 5);
    } else {
        return usage(argv[0]);
    }
    bench_close(&bench);
    return 0;
}
