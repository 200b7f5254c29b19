/* SPDX-License-Identifier: MIT */
/* What there is to know of a session. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "meter.h"
#include "module.h"
#include "process.h"
#include "session_own.h"

const char *session_id(const struct session *session)
{
    return session->id;
}

const char *session_module_name(const struct session *session)
{
    return module_name(session->module);
}

enum session_state session_state(const struct session *session)
{
    return session->state;
}

const char *session_state_name(enum session_state state)
{
    static const char *const names[] = {
#define NAME(NAME, name) name,
        SESSION_STATE_TABLE(NAME)
#undef NAME
    };

    return names[state];
}

bool session_was_ready(const struct session *session)
{
    return session->was_ready;
}

bool session_paused(const struct session *session)
{
    return session->process && process_paused(session->process);
}

pid_t session_pid(const struct session *session)
{
    return session->process ? process_pid(session->process) : 0;
}

uid_t session_uid(const struct session *session)
{
    return session->uid;
}

unsigned session_restarts(const struct session *session)
{
    return session->restarts;
}

int64_t session_age_ms(const struct session *session, int64_t now_ms)
{
    return now_ms - session->started_ms;
}

enum sp_error session_error(const struct session *session)
{
    return session->error;
}

const struct end *session_last_end(const struct session *session)
{
    const struct end *end = &session_past(session)->end;

    return end->kind == END_NONE ? NULL : end;
}

bool session_busy(const struct slot_view *told)
{
    return told->doing != SLOT_NOTHING || told->waiting > 0 ||
           told->subscribers > 0;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t session_active_ms(const struct session *session,
                          const struct slot_view *told)
{
    return later(later(session->started_ms, session->ready_ms),
                 later(session->touched_ms, told->active_ms));
}

static void describe_fate(const struct session *session,
                          char out[FACTS_FATE_SIZE])
{
    char words[END_TEXT_MAX];

    end_describe(&session_past(session)->end, words);
    if (session->given_up)
        snprintf(out, FACTS_FATE_SIZE, "given up after %u restarts; last: %s",
                 session->restarts, words);
    else
        snprintf(out, FACTS_FATE_SIZE, "%s", words);
}

void session_facts(const struct session *session, struct session_facts *out)
{
    *out = (struct session_facts){
        .state = session_state_name(session->state),
        .command = *module_settings(session->module)->command,
        .paused = session_paused(session),
        .uid = session->uid,
        .pid = session_pid(session),
        .restarts = session->restarts,
        .now_ms = clock_now_ms(),
        .end = session_past(session)->end,
    };
    snprintf(out->id, sizeof out->id, "%s", session->id);
    snprintf(out->module, sizeof out->module, "%s",
             module_name(session->module));
    out->age_ms = session_age_ms(session, out->now_ms);
    if (session->process) {
        process_look(session->process, &out->told);
        out->log_dropped = process_log_meter(session->process)->dropped;
    }
    if (!session_busy(&out->told))
        out->idle_ms = out->now_ms - session_active_ms(session, &out->told);
    if (out->told.doing != SLOT_NOTHING && out->told.doing_since_ms > 0)
        out->doing_ms = out->now_ms - out->told.doing_since_ms;
    if (session->state == SESSION_GONE)
        describe_fate(session, out->fate);
}
