/* SPDX-License-Identifier: MIT */
/* Calls and casts on their way from the endpoint to the module and back: who
 * is refused, what spd is told meanwhile, and what is checked afterwards.
 * Every line here is paid for by every message. */
#define _GNU_SOURCE
#include "serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "report.h"
#include "session.h"
#include "wire/sp.h"

/* ---- before ---- */

/* Whether it ended an earlier process of this session. */
static bool has_ended_one(const struct sp_session *session)
{
    const struct slot_request *request = &session->request;

    for (int i = 0; i < START_ENDED_MAX && session->ended[i].id != 0; i++)
        if (session->ended[i].id == request->id &&
            session->ended[i].hash == request->hash)
            return true;
    return false;
}

static enum sp_error admit(void *context,
                           const struct endpoint_request *request)
{
    struct sp_session *session = context;
    const uint8_t *header = request->header;
    size_t size = request->header_size;

    session->request = (struct slot_request){.id = 0}; /* a PUSH has no id */
    if (size == 0)
        return SP_OK;
    session->request.id = wire_u32_get(header + size - sizeof(uint32_t));
    session->request.hash =
        slot_request_hash(header, size, request->data, request->size);
    return has_ended_one(session) ? SP_EENDED : SP_OK;
}

/* ---- after ---- */

static uint64_t peak_memory(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return 0;
    return (uint64_t)usage.ru_maxrss * 1024;
}

/* Never while a client waits for a reply. */
static void recycle_if_due(struct sp_session *session)
{
    char text[SLOT_TEXT_SIZE];
    uint64_t handled = report_handled(session->slot);
    uint64_t peak;

    if (session->waiting > 0)
        return;
    if (session->max_calls > 0 && handled >= session->max_calls) {
        snprintf(text, sizeof text,
                 "max_calls: %" PRIu64 " calls and casts", handled);
        session_recycle(session, text);
    } else if (session->max_memory > 0 &&
               (peak = peak_memory()) > session->max_memory) {
        snprintf(text, sizeof text,
                 "max_memory_recycle: %" PRIu64 " KiB resident", peak / 1024);
        session_recycle(session, text);
    }
}

static void log_slow(struct sp_session *session, const char *what, int64_t ms)
{
    if (session->request.id == 0)
        sp_log(session, "slow %s: %" PRId64 " ms", what, ms);
    else
        sp_log(session, "slow %s: %" PRId64 " ms (request %08" PRIx32 ")",
               what, ms, session->request.id);
}

static void begin(struct sp_session *session, enum slot_doing doing)
{
    session->serving = true;
    report_begin(session->slot, doing, &session->request);
}

static void end(struct sp_session *session, const char *what)
{
    int64_t ms = report_end(session->slot);

    session->serving = false;
    if (session->slow_call > 0 && ms > 0 && (uint64_t)ms > session->slow_call)
        log_slow(session, what, ms);
    recycle_if_due(session);
}

/* ---- the endpoint's handlers ---- */

static void on_call(void *context, struct endpoint_call *call,
                    const uint8_t *data, size_t size)
{
    struct sp_session *session = context;
    enum sp_handled handled = SP_UNKNOWN;

    begin(session, SLOT_CALL);
    if (session->module->handle_call)
        handled = session->module->handle_call(
            session, session->state, (struct sp_call *)call, data, size);
    if (handled == SP_UNKNOWN) {
        const char *text = sp_strerror(SP_EREQUEST);

        endpoint_reply_error(call, SP_EREQUEST, text, strlen(text));
    }
    end(session, "call");
}

static void on_cast(void *context, const uint8_t *data, size_t size)
{
    struct sp_session *session = context;

    begin(session, SLOT_CAST);
    if (session->module->handle_cast)
        session->module->handle_cast(session, session->state, data, size);
    end(session, "cast");
}

/* A reply that the module gives late makes a recycling due, too. */
static void on_load(void *context, unsigned waiting, unsigned subscribers)
{
    struct sp_session *session = context;

    session->waiting = waiting;
    report_load(session->slot, waiting, subscribers);
    if (!session->serving)
        recycle_if_due(session);
}

/* session_run() looks for the next one: not here, since others may have
 * something to say, too. */
static void on_batch(void *context, unsigned messages)
{
    struct sp_session *session = context;

    if (messages < PATIENCE_BATCH)
        return;
    session->batch = messages;
    event_base_loopbreak(session->base);
}

const struct endpoint_handlers serve_handlers = {
    .admit = admit,
    .on_call = on_call,
    .on_cast = on_cast,
    .on_load = on_load,
    .on_batch = on_batch,
};
