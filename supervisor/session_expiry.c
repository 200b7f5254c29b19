/* SPDX-License-Identifier: MIT */
/* Looks when a session may have been idle, or have lived, for as long as it may;
 * expiry.c decides. */
#define _GNU_SOURCE
#include <event2/event.h>

#include "base/clock.h"
#include "expiry.h"
#include "module.h"
#include "process.h"
#include "session_own.h"

void session_start_timer(struct session *session, int64_t ms)
{
    struct timeval delay = {(time_t)(ms / 1000),
                            (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(&session->timer, &delay);
}

void session_look_for_expiry(struct session *session)
{
    const struct module_settings *settings = module_settings(session->module);
    struct expiry_settings limits = {(int64_t)settings->idle_timeout,
                                     (int64_t)settings->max_lifetime};
    struct expiry_facts facts = {.started_ms = session->started_ms};
    struct expiry_verdict verdict;
    struct slot_view told;

    if (!limits.idle_timeout && !limits.max_lifetime)
        return;
    process_look(session->process, &told);
    facts.now_ms = clock_now_ms();
    facts.active_ms = session_active_ms(session, &told);
    facts.busy = session_busy(&told);
    verdict = expiry_decide(&limits, &facts);
    if (verdict.asked != END_ASKED_NOT)
        session_stop(session, &(struct session_order){.asked = verdict.asked,
                                                      .by = ASKER_NOBODY});
    else if (verdict.look_ms >= 0)
        session_start_timer(session, verdict.look_ms);
}
