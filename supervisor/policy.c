/* SPDX-License-Identifier: MIT */
/* The restart budget: at most max_restarts within any max_ms, for each session
 * on its own, so that one that crashes cannot spend another's; and a delay that
 * doubles until a process has lived for a stable time. */
#include "policy.h"

#include <assert.h>
#include <string.h>

static bool wants_restart(enum policy_restart restart, bool normal)
{
    switch (restart) {
    case POLICY_PERMANENT:
        return true;
    case POLICY_TRANSIENT:
        return !normal;
    case POLICY_TEMPORARY:
        return false;
    }
    return false;
}

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

/* 0, then first_delay doubled with each restart, up to max_delay.  Half of it
 * is fixed and half is chance ("equal jitter"), so that sessions that crashed
 * together do not start together. */
static int64_t delay(const struct policy_settings *settings, unsigned streak,
                     uint32_t random)
{
    int64_t ms = settings->first_delay_ms;

    if (streak == 0)
        return 0;
    while (--streak > 0 && ms < settings->max_delay_ms)
        ms *= 2;
    if (ms > settings->max_delay_ms)
        ms = settings->max_delay_ms;
    return ms - ms / 2 + random % (ms / 2 + 1);
}

/* Never given up, and no delay; but one that does so again and again without
 * having lived meanwhile is slowed down like one that crashes. */
static struct policy_verdict recycle(const struct policy_settings *settings,
                                     struct policy_history *history,
                                     const struct policy_end *end)
{
    struct policy_verdict verdict = {POLICY_RESTART, 0};

    if (end->lived_ms >= settings->first_delay_ms)
        history->recycles = 0;
    else if (history->recycles < 63)
        verdict.delay_ms = delay(settings, history->recycles++, end->random);
    else
        verdict.delay_ms = settings->max_delay_ms;
    return verdict;
}

struct policy_verdict policy_decide(const struct policy_settings *settings,
                                    struct policy_history *history,
                                    const struct policy_end *end)
{
    struct policy_verdict verdict = {POLICY_FINAL, 0};

    assert(settings->max_restarts <= POLICY_RESTARTS_MAX);
    if (!end->recycled && !wants_restart(settings->restart, end->normal))
        return verdict;
    if (end->lived_ms >= settings->stable_ms)
        *history = (struct policy_history){0};
    forget(history, end->now_ms - settings->max_ms);
    if (end->recycled)
        return recycle(settings, history, end);
    if (history->count >= settings->max_restarts) {
        verdict.decision = POLICY_GIVE_UP;
        return verdict;
    }
    verdict.decision = POLICY_RESTART;
    verdict.delay_ms = delay(settings, history->streak, end->random);
    history->restarts_ms[history->count++] = end->now_ms;
    if (history->streak < 63) /* doubling ends long before */
        history->streak++;
    return verdict;
}
