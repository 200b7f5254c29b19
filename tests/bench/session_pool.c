/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "session_pool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "measure.h"
#include "samples.h"

#define MODULE "pooled"

static unsigned long long stat_now(struct bench *bench, const char *name)
{
    unsigned long long value = 0;
    struct sp_stat_list *stats;

    bench_check(bench, sp_stats(bench->client, &stats, bench->result),
                "stats");
    for (size_t i = 0; i < sp_stats_count(stats); i++)
        if (strcmp(sp_stats_name(stats, i), name) == 0)
            value = sp_stats_value(stats, i);
    sp_stats_free(stats);
    return value;
}

/* Nothing tells when it is full; each look costs spd little. */
static void wait_until_full(struct bench *bench, size_t count)
{
    while (stat_now(bench, "pooled") < count + 2) /* some are on their way */
        usleep(10000);
}

void session_pool(size_t count, size_t more)
{
    struct samples samples;
    struct bench bench;
    char id[32];

    (void)more;
    bench_open(&bench);
    bench_start(&bench, "first", MODULE); /* has the template begin */
    wait_until_full(&bench, count);
    samples_init(&samples, count);
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "pooled-%zu", i);
        samples_add_ns(&samples, bench_time_start(&bench, id, MODULE));
    }
    bench_end(&bench, "first");
    bench_close(&bench);
    samples_print(&samples);
}
