/* SPDX-License-Identifier: MIT */
/* A token bucket of lines, and two counters. */
#include "meter.h"

bool meter_pass(struct log_meter *meter, uint64_t rate, int64_t now_ms)
{
    if (bucket_take(&meter->lines, rate, now_ms))
        return true;
    meter->dropped++;
    if (meter->unsaid++ == 0)
        meter->due_ms = now_ms + METER_SAY_MS;
    return false;
}

uint64_t meter_take_unsaid(struct log_meter *meter)
{
    uint64_t unsaid = meter->unsaid;

    meter->unsaid = 0;
    return unsaid;
}
