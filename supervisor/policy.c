/* SPDX-License-Identifier: MIT */
/* The restart budget: at most max_restarts within any max_ms, for each session
 * on its own, so that one that crashes cannot spend another's. */
#include "policy.h"

#include <assert.h>
#include <string.h>

/* A restart of max_ms ago no longer counts. */
static void forget(struct policy_history *history, int64_t before_ms)
{
    unsigned old = 0;

    while (old < history->count && history->restarts_ms[old] <= before_ms)
        old++;
    history->count -= old;
    memmove(history->restarts_ms, history->restarts_ms + old,
            history->count * sizeof history->restarts_ms[0]);
}

enum policy_decision policy_decide(const struct policy_settings *settings,
                                   struct policy_history *history,
                                   int64_t now_ms, bool normal)
{
    assert(settings->max_restarts <= POLICY_RESTARTS_MAX);
    if (normal)
        return POLICY_FINAL;
    forget(history, now_ms - settings->max_ms);
    if (history->count >= settings->max_restarts)
        return POLICY_GIVE_UP;
    history->restarts_ms[history->count++] = now_ms;
    return POLICY_RESTART;
}
