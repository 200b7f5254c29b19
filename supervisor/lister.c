/* SPDX-License-Identifier: MIT */
/* Sessions as text, in turns.  The IDs are taken at the beginning; a session
 * that goes meanwhile is not listed. */
#define _GNU_SOURCE
#include "lister.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "control_own.h"
#include "describe.h"
#include "registry.h"
#include "session.h"

#define LIST_A_TURN_MS 2
#define REQUESTS_MAX 1024
/* An ID, a module's name, numbers and words: none needs to be escaped. */
#define BRIEF_SIZE (1024 + END_TEXT_MAX)

struct list_request {
    struct endpoint_call *call; /* to be answered */
    bool detailed;
    TAILQ_ENTRY(list_request) link;
};

/* ---- one session ---- */

static bool put_brief(struct buf *out, const struct session *session)
{
    const struct end *end = session_last_end(session);
    char words[END_TEXT_MAX] = "";
    int size;

    if (!buf_reserve(out, BRIEF_SIZE))
        return false;
    if (end)
        end_text(end, words);
    size = snprintf(
        (char *)buf_tail(out), BRIEF_SIZE,
        "{\"id\":\"%s\",\"module\":\"%s\",\"uid\":%u,\"state\":\"%s\","
        "\"paused\":%s,\"pid\":%d,\"restarts\":%u,\"age_ms\":%" PRId64
        ",\"last_end\":\"%s\"}",
        session_id(session), session_module_name(session),
        (unsigned)session_uid(session),
        session_state_name(session_state(session)),
        session_paused(session) ? "true" : "false", (int)session_pid(session),
        session_restarts(session), session_age_ms(session), words);
    buf_commit(out, (size_t)size);
    return true;
}

static bool put_detailed(struct buf *out, const struct session *session)
{
    struct process_usage usage;
    struct session_facts facts;
    json_t *object;
    char *text;
    bool put;

    session_facts(session, &facts);
    describe_usage(&facts, &usage);
    object = describe_session(&facts, &usage, facts.now_ms);
    text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    put = text && buf_append(out, text, strlen(text));
    json_decref(object);
    free(text);
    return put;
}

/* ---- all of them ---- */

static void release(struct lister *lister)
{
    free(lister->ids);
    lister->ids = NULL;
    buf_fini(&lister->out);
}

static bool begin(struct lister *lister)
{
    struct session **sessions =
        registry_sorted(lister->registry, &lister->id_count);

    lister->next = 0;
    lister->ids = sessions
                      ? malloc((lister->id_count + 1) * sizeof *lister->ids)
                      : NULL;
    for (size_t i = 0; lister->ids && i < lister->id_count; i++)
        strcpy(lister->ids[i], session_id(sessions[i]));
    free(sessions);
    return lister->ids &&
           buf_append(&lister->out, "{\"ok\":true,\"sessions\":[", 23);
}

static bool put_next(struct lister *lister, bool detailed)
{
    const struct session *session =
        registry_find(lister->registry, lister->ids[lister->next++]);
    bool first = *(buf_tail(&lister->out) - 1) == '[';

    if (!session)
        return true;
    return (first || buf_append(&lister->out, ",", 1)) &&
           (detailed ? put_detailed : put_brief)(&lister->out, session);
}

/* Answers the first request, and forgets it. */
static void finish(struct lister *lister, bool listed)
{
    struct list_request *request = TAILQ_FIRST(&lister->requests);

    TAILQ_REMOVE(&lister->requests, request, link);
    lister->count--;
    if (listed)
        endpoint_reply(request->call, buf_data(&lister->out),
                       buf_size(&lister->out));
    else
        answer_error(request->call, SP_ENOMEM, NULL);
    free(request);
    release(lister);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval at_once = {0, 0};
    struct lister *lister = arg;
    struct list_request *request = TAILQ_FIRST(&lister->requests);
    int64_t end_ms = clock_now_ms() + LIST_A_TURN_MS;
    bool going_on = lister->ids || begin(lister);

    (void)fd;
    (void)what;
    while (going_on && lister->next < lister->id_count &&
           clock_now_ms() < end_ms)
        going_on = put_next(lister, request->detailed);
    if (!going_on)
        finish(lister, false);
    else if (lister->next == lister->id_count)
        finish(lister, buf_append(&lister->out, "]}", 2));
    if (!TAILQ_EMPTY(&lister->requests))
        evtimer_add(&lister->turn, &at_once);
}

void lister_ask(struct lister *lister, struct endpoint_call *call,
                bool detailed)
{
    struct list_request *request =
        lister->count < REQUESTS_MAX ? malloc(sizeof *request) : NULL;

    if (!request) {
        answer_error(call, SP_ELIMIT, "too many lists are asked for");
        return;
    }
    request->call = call;
    request->detailed = detailed;
    TAILQ_INSERT_TAIL(&lister->requests, request, link);
    if (lister->count++ == 0)
        on_turn(-1, 0, lister);
}

/* ---- life ---- */

void lister_init(struct lister *lister, struct event_base *base,
                 const struct registry *registry)
{
    *lister = (struct lister){.registry = registry};
    TAILQ_INIT(&lister->requests);
    evtimer_assign(&lister->turn, base, on_turn, lister);
}

void lister_fini(struct lister *lister)
{
    event_del(&lister->turn);
    while (!TAILQ_EMPTY(&lister->requests))
        finish(lister, false);
}
