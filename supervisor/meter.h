/* SPDX-License-Identifier: MIT */
/* supervisor/meter.h - how much one process logs: lines a second, and what is
 * over that.  Pure; logsink.c uses it, and whoever owns the process embeds one.
 * All zero is a fresh one. */
#ifndef SUPERVISOR_METER_H
#define SUPERVISOR_METER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "bucket.h"

struct log_meter {
    struct bucket lines;
    uint64_t dropped; /* in all */
    uint64_t unsaid;  /* of these, not told yet */
    int64_t due_ms;   /* when they are told; while unsaid > 0 */
    pid_t pid;        /* who wrote the latest of them */
    TAILQ_ENTRY(log_meter) link; /* the logsink's, while unsaid > 0 */
};

/* How long drops are gathered before a line says how many. */
#define METER_SAY_MS 1000

/* Whether one more line may be logged; if not, it is counted. */
bool meter_pass(struct log_meter *meter, uint64_t rate, int64_t now_ms);

/* What has been dropped since this was last asked. */
uint64_t meter_take_unsaid(struct log_meter *meter);

#endif
