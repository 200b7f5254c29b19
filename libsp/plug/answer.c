/* SPDX-License-Identifier: MIT */
/* An answer in the making: an HTTP request that waits for a session.  The
 * sessions that the request names are asked one after the other, until one is
 * there; then one that is new.  It ends early when there is nobody left to
 * answer (hangup.c).  What is sent at the end is respond.c's. */
#define _GNU_SOURCE
#include <sp/evhttp.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/http.h>

#include "claims.h"
#include "hangup.h"
#include "respond.h"

struct answer {
    struct sp_plug *plug;   /* borrowed, as the next two */
    struct sp_async *async;
    struct evhttp_request *request;
    struct hangup hangup;
    struct sp_ticket ticket; /* of the call that is outstanding */
    int64_t deadline;        /* ms of the monotonic clock; -1: never */
    struct claims claims;
    unsigned asked; /* of the claims */
    char id[SP_ID_MAX + 1]; /* who is asked; "" before */
    bool made;              /* that ID was made for this request */
    struct sp_plug_ask ask; /* message and argument are in `bytes` */
    unsigned char bytes[];
};

/* ---- time --------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int time_left(const struct answer *answer)
{
    int64_t left = answer->deadline - now_ms();

    if (answer->deadline < 0)
        return SP_TIMEOUT_INFINITE;
    return left < 0 ? 0 : (int)left;
}

/* ---- its life ----------------------------------------------------------- */

/* Ends a session that nobody is to have, and does not wait for it. */
static void end_session(struct answer *answer, const char *id)
{
    sp_async_terminate(answer->async, id, SP_TIMEOUT_DEFAULT, NULL, NULL, NULL);
}

/* There is nobody left to answer.  The program comes last: it may free all. */
static void on_gone(void *context)
{
    struct answer *answer = context;
    enum sp_progress progress = SP_PROGRESS_NOT_SENT;

    sp_async_cancel(answer->async, answer->ticket, &progress);
    if (answer->made)
        end_session(answer, answer->id);
    if (answer->ask.gone)
        answer->ask.gone(answer->id, progress, answer->ask.context);
    free(answer);
}

/* ---- its end ------------------------------------------------------------ */

/* Whether a session that was to be started is not there, and will not be. */
static bool is_not_started(enum sp_error error)
{
    return error == SP_ENOENT || error == SP_ELIMIT || error == SP_EINIT ||
           error == SP_EIGNORED || error == SP_EMODULE || error == SP_ELOAD ||
           error == SP_EPERM || error == SP_ENOSUP;
}

/* A log-in is done, or nothing has changed.  The answer is the error that it
 * has come to then. */
static enum sp_error settle_new_id(struct answer *answer, enum sp_error error)
{
    if (error == SP_OK && !plug_tell(answer->plug, answer->request,
                                     answer->claims.by_header, answer->id))
        error = SP_ENOMEM;
    if (error != SP_OK) {
        if (!is_not_started(error))
            end_session(answer, answer->id);
        return error;
    }
    if (answer->ask.flags & SP_PLUG_KEEP_OLD)
        return SP_OK;
    for (unsigned i = 0; i < answer->claims.count; i++)
        end_session(answer, answer->claims.claim[i].id);
    return SP_OK;
}

/* The visitor is told an ID that he does not have yet, also where the session
 * has failed to answer: it may by the next time. */
static enum sp_error settle(struct answer *answer, enum sp_error error)
{
    bool tell = answer->made && !is_not_started(error);

    if (!answer->made && error == SP_OK)
        tell = answer->claims.claim[answer->asked - 1].stale;
    if (!tell || plug_tell(answer->plug, answer->request,
                           answer->claims.by_header, answer->id))
        return error;
    if (answer->made)
        end_session(answer, answer->id);
    return SP_ENOMEM;
}

static enum sp_visit visit_of(const struct answer *answer)
{
    if (!answer->made)
        return SP_VISIT_KNOWN;
    return answer->asked > 0 ? SP_VISIT_RENEWED : SP_VISIT_NEW;
}

static void respond(struct answer *answer, enum sp_error error,
                    struct sp_result *result)
{
    struct sp_plug_outcome outcome = {
        .error = error,
        .status = sp_plug_status(error),
        .id = answer->id,
        .visit = visit_of(answer),
        .former = "",
        .result = result,
    };

    if (outcome.visit == SP_VISIT_RENEWED)
        outcome.former = answer->claims.claim[0].id;
    if (answer->made && error == SP_ENOENT)
        outcome.status = sp_plug_status(SP_EDIED);
    respond_prepare(answer->request, outcome.status);
    if (!answer->ask.answered ||
        !answer->ask.answered(answer->request, &outcome, answer->ask.context))
        respond_send(answer->request, &outcome);
}

/* result: NULL if there was no call. */
static void finish(struct answer *answer, enum sp_error error,
                   struct sp_result *result)
{
    hangup_unwatch(&answer->hangup);
    if (result && answer->ask.flags & SP_PLUG_NEW_ID)
        error = settle_new_id(answer, error);
    else if (result)
        error = settle(answer, error);
    respond(answer, error, result);
    free(answer);
}

/* ---- asking ------------------------------------------------------------- */

static void try_next(struct answer *answer);

static void on_done(struct sp_async *async, struct sp_result *result,
                    void *context)
{
    struct answer *answer = context;
    enum sp_error error = sp_result_error(result);

    (void)async;
    if (error == SP_ENOENT && !answer->made)
        try_next(answer);
    else
        finish(answer, error, result);
}

/* Whom to ask next; SP_ENOENT: nobody. */
static enum sp_error choose(struct answer *answer)
{
    bool new_id = answer->ask.flags & SP_PLUG_NEW_ID;

    if (!new_id && answer->asked < answer->claims.count) {
        strcpy(answer->id, answer->claims.claim[answer->asked++].id);
        return SP_OK;
    }
    if (answer->ask.flags & SP_PLUG_ONLY_KNOWN)
        return SP_ENOENT;
    sp_session_id_new(answer->id);
    answer->made = true;
    return SP_OK;
}

static enum sp_error ask_session(struct answer *answer)
{
    const struct sp_plug_ask *ask = &answer->ask;
    const struct sp_spec spec = {plug_module(answer->plug), ask->arg,
                                 ask->arg_size};

    return sp_async_call(answer->async, answer->id,
                         answer->made ? &spec : NULL, ask->message, ask->size,
                         time_left(answer), on_done, answer, &answer->ticket);
}

static void try_next(struct answer *answer)
{
    enum sp_error error = choose(answer);

    if (error == SP_OK)
        error = ask_session(answer);
    if (error == SP_OK)
        return;
    answer->id[0] = '\0';
    finish(answer, error, NULL);
}

/* ---- its beginning ------------------------------------------------------ */

static bool are_flags_valid(unsigned flags)
{
    unsigned all = SP_PLUG_ONLY_KNOWN | SP_PLUG_NEW_ID | SP_PLUG_KEEP_OLD;
    bool known = flags & SP_PLUG_ONLY_KNOWN, new_id = flags & SP_PLUG_NEW_ID;

    return !(flags & ~all) && !(known && new_id) &&
           (new_id || !(flags & SP_PLUG_KEEP_OLD));
}

static bool is_valid(const struct sp_plug *plug, const struct sp_async *async,
                     struct evhttp_request *request,
                     const struct sp_plug_ask *ask)
{
    return plug && async && request && ask && !plug->visitors &&
           evhttp_request_get_connection(request) &&
           (ask->message || ask->size == 0) &&
           (ask->arg || ask->arg_size == 0) &&
           ask->timeout_ms >= SP_TIMEOUT_INFINITE &&
           are_flags_valid(ask->flags);
}

static struct answer *create(const struct sp_plug_ask *ask)
{
    struct answer *answer = NULL;
    int timeout_ms = ask->timeout_ms ? ask->timeout_ms : SP_TIMEOUT_DEFAULT;

    if (ask->size <= SIZE_MAX / 4 && ask->arg_size <= SIZE_MAX / 4)
        answer = calloc(1, sizeof *answer + ask->size + ask->arg_size);
    if (!answer)
        return NULL;
    answer->ask = *ask;
    answer->ask.message = answer->bytes;
    answer->ask.arg = answer->bytes + ask->size;
    if (ask->size > 0)
        memcpy(answer->bytes, ask->message, ask->size);
    if (ask->arg_size > 0)
        memcpy(answer->bytes + ask->size, ask->arg, ask->arg_size);
    answer->deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    return answer;
}

enum sp_error sp_plug_answer(struct sp_plug *plug, struct sp_async *async,
                             struct evhttp_request *request,
                             const struct sp_plug_ask *ask)
{
    struct answer *answer;

    if (!is_valid(plug, async, request, ask))
        return SP_EINVAL;
    answer = create(ask);
    if (!answer)
        return SP_ENOMEM;
    answer->plug = plug;
    answer->async = async;
    answer->request = request;
    if (!hangup_watch(&answer->hangup, request, on_gone, answer)) {
        free(answer);
        return SP_ENOMEM;
    }
    claims_read(plug, request, &answer->claims);
    try_next(answer);
    return SP_OK;
}
