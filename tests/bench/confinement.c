/* SPDX-License-Identifier: MIT */
/* What a tier of the sandbox adds to a start: against the spd of
 * $SP_RUNTIME_DIR, with modules that differ in their tier alone.
 *
 *   bench-confinement COUNT BASE MODULE...
 *
 * COUNT times, a session of each is started and called once, with who goes
 * first changing each time.  Prints a line "module p50 difference" for each
 * MODULE: microseconds to the first answer, and the median of what each start
 * took longer than BASE's in the same turn. */
#include "bench.h"
#include "measure.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tier {
    const char *module;
    uint64_t *ns; /* owned; of each turn */
};

static uint64_t *numbers_new(size_t count)
{
    uint64_t *numbers = calloc(count, sizeof *numbers);

    if (!numbers) {
        fputs("bench: no memory\n", stderr);
        exit(1);
    }
    return numbers;
}

static void measure(struct bench *bench, struct tier *tiers, size_t tier_count,
                    size_t count)
{
    for (size_t i = 0; i < tier_count; i++) /* its template, not counted */
        bench_time_start(bench, "confined", tiers[i].module);
    for (size_t turn = 0; turn < count; turn++)
        for (size_t i = 0; i < tier_count; i++) {
            struct tier *tier = &tiers[(turn + i) % tier_count];

            tier->ns[turn] = bench_time_start(bench, "confined", tier->module);
        }
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* Sorts them. */
static double median(int64_t *ns, size_t count)
{
    qsort(ns, count, sizeof *ns, compare);
    return (double)ns[count / 2] / 1000;
}

static void print_tier(const struct tier *tier, const struct tier *base,
                       size_t count)
{
    int64_t *took = (int64_t *)numbers_new(count);
    int64_t *more = (int64_t *)numbers_new(count);

    for (size_t i = 0; i < count; i++) {
        took[i] = (int64_t)tier->ns[i];
        more[i] = (int64_t)tier->ns[i] - (int64_t)base->ns[i];
    }
    printf("%s %.3f %.3f\n", tier->module, median(took, count),
           median(more, count));
    free(took);
    free(more);
}

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
    size_t tier_count = argc > 3 ? (size_t)argc - 2 : 0;
    struct tier tiers[8];
    struct bench bench;

    if (count == 0 || tier_count > sizeof tiers / sizeof tiers[0]) {
        fprintf(stderr, "usage: %s COUNT BASE MODULE...\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < tier_count; i++)
        tiers[i] = (struct tier){argv[i + 2], numbers_new(count)};
    measure_deadline("confinement");
    bench_open(&bench);
    measure(&bench, tiers, tier_count, count);
    bench_close(&bench);
    for (size_t i = 0; i < tier_count; i++)
        print_tier(&tiers[i], &tiers[0], count);
    for (size_t i = 0; i < tier_count; i++)
        free(tiers[i].ns);
    return 0;
}
