/* SPDX-License-Identifier: MIT */
/* Looks are put off to whole seconds of the clock: with thousands of sessions
 * spd wakes once a second at most, and none of them ends more than a second
 * late. */
#include "expiry.h"

#define LOOK_GRID_MS 1000

/* The earlier of two times; 0: never. */
static int64_t earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

static int64_t on_grid(int64_t ms)
{
    return (ms + LOOK_GRID_MS - 1) / LOOK_GRID_MS * LOOK_GRID_MS;
}

struct expiry_verdict expiry_decide(const struct expiry_settings *settings,
                                    const struct expiry_facts *facts)
{
    int64_t old_at = settings->max_lifetime
                         ? facts->started_ms + settings->max_lifetime
                         : 0;
    int64_t idle_at = 0;
    int64_t look_at;

    if (settings->idle_timeout)
        idle_at = (facts->busy ? facts->now_ms : facts->active_ms) +
                  settings->idle_timeout;
    if (old_at && old_at <= facts->now_ms)
        return (struct expiry_verdict){END_ASKED_LIFETIME, -1};
    if (idle_at && idle_at <= facts->now_ms)
        return (struct expiry_verdict){END_ASKED_IDLE, -1};
    look_at = earlier(old_at, idle_at);
    return (struct expiry_verdict){
        END_ASKED_NOT, look_at ? on_grid(look_at) - facts->now_ms : -1};
}
