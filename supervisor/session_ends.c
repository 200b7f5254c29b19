/* SPDX-License-Identifier: MIT */
/* What is told and counted of the ends of a session's processes, and of its
 * own. */
#define _GNU_SOURCE
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "counters.h"
#include "module.h"
#include "session_own.h"

void session_tell(const struct session *session, enum event_kind kind,
                  const char *text)
{
    session->world->on_event(session->world->context, kind, session, text);
}

/* Each is counted here and told of, whoever has found it out. */
static void report_violation(const struct session *session)
{
    const struct end *end = &session_past(session)->end;
    char text[END_TEXT_MAX];

    end_violation(end, text);
    log_warn("session %s (%s, pid %d): violation: %s", session->id,
             module_name(session->module), (int)end->pid, text);
    session->world->counters->violations++;
    session_tell(session, EVENT_VIOLATION, text);
}

void session_count_limit(const struct session *session)
{
    struct counters *counters = session->world->counters;

    if (end_limit_is_violation(session_past(session)->end.limit))
        report_violation(session);
    switch (session_past(session)->end.limit) {
    case END_LIMIT_CALL:
        counters->hangs++;
        return;
    case END_LIMIT_INIT:
        counters->init_timeouts++;
        return;
    case END_LIMIT_STOP:
        counters->stop_timeouts++;
        return;
    case END_LIMIT_LISTENER:
        counters->listeners_shut++;
        return;
    case END_LIMIT_SUSPENDED:
        counters->suspended++;
        return;
    case END_LIMIT_CONTRACT:
    case END_LIMIT_SANDBOX:
    case END_LIMIT_CHILD:
    case END_LIMIT_NONE:
    case END_LIMIT_CPU:
    case END_LIMIT_OUTPUT:
        return;
    }
}

static void count_recycle(const struct session *session)
{
    const struct end *end = &session_past(session)->end;
    uint64_t max_calls = module_settings(session->module)->max_calls;

    if (!end_recycled(end))
        return;
    if (max_calls > 0 && end->told.calls + end->told.casts >= max_calls)
        session->world->counters->call_recycles++;
    else
        session->world->counters->memory_recycles++;
}

void session_report_end(const struct session *session, const char *next)
{
    const struct end *end = &session_past(session)->end;
    char text[END_TEXT_MAX + 64];
    char words[END_TEXT_MAX];

    end_describe(end, words);
    log_info("session %s (%s): %s; %s", session->id,
             module_name(session->module), words, next);
    count_recycle(session);
    if (end_normal(end) || end_recycled(end))
        return;
    session->world->counters->crashes++;
    snprintf(text, sizeof text, "%s; %s", words, next);
    session_tell(session, EVENT_CRASH, text);
}

/* Without a past nothing is known of it. */
void session_report_later(struct session *session, const char *next)
{
    if (session->past)
        session->past->unreported = next;
}

void session_report_due(struct session *session)
{
    const char *next = session_past(session)->unreported;

    if (!next)
        return;
    session->past->unreported = NULL;
    session_report_end(session, next);
}

enum event_kind session_fate_event(const struct session *session)
{
    if (!session->was_ready)
        return EVENT_REFUSAL;
    if (session->given_up)
        return EVENT_GIVE_UP;
    if (session->order.asked == END_ASKED_IDLE ||
        session->order.asked == END_ASKED_LIFETIME)
        return EVENT_EXPIRY;
    return EVENT_STOP;
}

void session_count_fate(const struct session *session)
{
    struct counters *counters = session->world->counters;

    switch (session_fate_event(session)) {
    case EVENT_REFUSAL:
        counters->starts_failed++;
        if (session->error != SP_EIGNORED &&
            session->order.asked == END_ASKED_NOT)
            throttle_failed(module_throttle(session->module), clock_now_ms(),
                            session->text ? session->text : "");
        return;
    case EVENT_GIVE_UP:
        counters->given_up++;
        return;
    case EVENT_EXPIRY:
        if (session->order.asked == END_ASKED_IDLE)
            counters->idle_expiries++;
        else
            counters->lifetime_expiries++;
        return;
    default:
        if (session->order.asked == END_ASKED_NOT)
            counters->finished++;
        else
            counters->stops++;
        return;
    }
}
