/* SPDX-License-Identifier: MIT */
/* Takes durations and prints their median and what few of them exceed.  What
 * is measured, and how often, is the business of others; medians over rounds
 * are made by scripts/bench.sh. */
#define _GNU_SOURCE
#include "samples.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spans.h"

uint64_t samples_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void samples_init(struct samples *samples, size_t room)
{
    samples->ns = malloc(room * sizeof *samples->ns);
    if (!samples->ns) {
        fprintf(stderr, "bench: no memory for %zu samples\n", room);
        exit(1);
    }
    memset(samples->ns, 0xff, room * sizeof *samples->ns);
    samples->room = room;
    samples->count = 0;
}

void samples_fini(struct samples *samples)
{
    free(samples->ns);
    *samples = (struct samples){0};
}

void samples_add_ns(struct samples *samples, uint64_t ns)
{
    assert(samples->count < samples->room);
    samples->ns[samples->count++] = ns;
}

void samples_add(struct samples *samples, uint64_t start)
{
    uint64_t now = samples_clock();

    samples_add_ns(samples, now - start);
    spans_add(start, now, 1);
}

static int samples_compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static double samples_quantile(const struct samples *samples, size_t permille)
{
    return (double)samples->ns[(samples->count - 1) * permille / 1000] / 1000;
}

struct samples_figures samples_figures(struct samples *samples)
{
    assert(samples->count > 0);
    qsort(samples->ns, samples->count, sizeof *samples->ns, samples_compare);
    return (struct samples_figures){
        .p50 = samples_quantile(samples, 500),
        .p99 = samples_quantile(samples, 990),
        .p999 = samples_quantile(samples, 999),
        .max = samples_quantile(samples, 1000),
    };
}

void samples_print(struct samples *samples)
{
    struct samples_figures figures = samples_figures(samples);

    printf("p50 %.3f\np99 %.3f\np999 %.3f\n", figures.p50, figures.p99,
           figures.p999);
    samples_fini(samples);
}
