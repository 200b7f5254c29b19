/* SPDX-License-Identifier: MIT */
/* A session and its process: how it gets one, with which listener, and what
 * that tells.  What follows is session.c's. */
#define _GNU_SOURCE
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/magic.h"
#include "base/text.h"
#include "module.h"
#include "process.h"
#include "session_own.h"

void session_remember_error(struct session *session, enum sp_error error,
                            const char *text)
{
    if (session->error != SP_OK)
        return; /* the first one is the cause */
    session->error = error;
    session->text = strdup(text);
}

/* ---- what its process tells ---- */

static void on_ready(void *owner)
{
    session_apply(MAGIC_CAST(session, SESSION_MAGIC, owner), INPUT_READY);
}

static void on_refused(void *owner, enum sp_error error, const char *text)
{
    struct session *session = MAGIC_CAST(session, SESSION_MAGIC, owner);
    char printable[SP_TEXT_MAX + 1];

    text_printable(printable, sizeof printable, text, strlen(text));
    session_remember_error(session, error, printable);
    if (error != SP_EIGNORED)
        log_info("session %s (%s): init failed: %s", session->id,
                 module_name(session->module), printable);
}

const struct session_past session_no_past;

/* NULL: no memory. */
static struct session_past *have_past(struct session *session)
{
    if (!session->past)
        session->past = calloc(1, sizeof *session->past);
    if (!session->past)
        log_error("session %s (%s): no memory to remember its end",
                  session->id, module_name(session->module));
    return session->past;
}

/* What it was doing when it died is not to be done by its successor, even when
 * the client sends it again. */
static void remember_request(struct session_past *past)
{
    const struct slot_request *request = &past->end.told.request;

    if (request->id == 0 || past->end.told.goodbye)
        return;
    memmove(past->ended + 1, past->ended,
            (START_ENDED_MAX - 1) * sizeof past->ended[0]);
    past->ended[0] = *request;
}

void session_remember_end(struct session *session, const struct end *end)
{
    struct session_past *past = have_past(session);

    if (!past)
        return;
    past->end = *end;
    session_count_limit(session);
    past->end.asked = session->order.asked;
    past->end.by = session->order.by;
    remember_request(past);
}

static void on_gone(void *owner, const struct end *end, enum sp_error error,
                    const char *text)
{
    struct session *session = MAGIC_CAST(session, SESSION_MAGIC, owner);
    char words[END_TEXT_MAX];

    session->process = NULL;
    session_remember_end(session, end);
    if (error != SP_OK) {
        session_remember_error(session, error, text);
    } else if (!session->was_ready) {
        end_describe(end, words);
        session_remember_error(session, SP_EINIT, words);
    }
    event_del(&session->timer);
    waiters_tell(&session->waiters, WAIT_ENDED, SP_OK, "", 0);
    session_apply(session, INPUT_ENDED);
}

static const struct process_events process_events = {
    .on_ready = on_ready, .on_refused = on_refused, .on_gone = on_gone};

void session_kill_for(struct session *session, enum end_limit limit)
{
    if (session->process)
        process_kill(session->process, limit);
}

void session_listener_shut(struct listener *listener)
{
    struct session *session =
        MAGIC_CAST(session, SESSION_MAGIC,
                   (char *)listener - offsetof(struct session, listener));

    session_kill_for(session, END_LIMIT_LISTENER);
}

static int open_listener(struct session *session)
{
    return listener_open(&session->listener, session->world->listeners,
                         session->id);
}

int session_open_listener(struct session *session, struct process **out_pooled)
{
    int fd;

    *out_pooled = module_offer_pooled(session->module, session->id, &fd);
    return *out_pooled
               ? listener_adopt(&session->listener, session->world->listeners,
                                fd, session->id)
               : open_listener(session);
}

/* A successor does not inherit a dead one. */
static int renew_listener(struct session *session)
{
    if (!session->listener.dead && session->listener.fd >= 0)
        return 0;
    listener_close(&session->listener, session->world->listeners);
    return open_listener(session);
}

/* ---- its process ---- */

static struct process_plan plan_process(const struct session *session)
{
    return (struct process_plan){.id = session->id,
                                 .arg = session->arg,
                                 .arg_size = session->arg_size,
                                 .listener_fd = session->listener.fd,
                                 .ended = session_past(session)->ended};
}

static int launch(struct session *session)
{
    struct process_plan plan = plan_process(session);

    session->process = process_start(session->world->processes, session->module,
                                     &plan, &process_events, session);
    return session->process ? 0 : -1;
}

int session_launch(struct session *session, struct process *pooled)
{
    struct process_plan plan = plan_process(session);

    if (!pooled ||
        process_hand_over(pooled, &plan, &process_events, session) < 0)
        return launch(session);
    session->process = pooled;
    return 0;
}

int session_relaunch(struct session *session)
{
    return renew_listener(session) < 0 ? -1 : launch(session);
}
