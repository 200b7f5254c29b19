/* SPDX-License-Identifier: MIT */
/* Sessions as text, in turns.  The IDs are taken at the beginning; a session
 * that goes meanwhile is not listed. */
#define _GNU_SOURCE
#include "lister.h"

#include <event2/event.h>
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

static char *put_number(char *at, int64_t number)
{
    char digits[20]; /* the first is the last one */
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    size_t count = 0;

    if (number < 0)
        *at++ = '-';
    do
        digits[count++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

/* As printf would, in a quarter of its time. */
static char *print_brief(char *at, const struct session *session,
                         int64_t now_ms, const char *last_end)
{
    at = stpcpy(at, "{\"id\":\"");
    at = stpcpy(at, session_id(session));
    at = stpcpy(at, "\",\"module\":\"");
    at = stpcpy(at, session_module_name(session));
    at = stpcpy(at, "\",\"uid\":");
    at = put_number(at, session_uid(session));
    at = stpcpy(at, ",\"state\":\"");
    at = stpcpy(at, session_state_name(session_state(session)));
    at = stpcpy(at, "\",\"paused\":");
    at = stpcpy(at, session_paused(session) ? "true" : "false");
    at = stpcpy(at, ",\"pid\":");
    at = put_number(at, session_pid(session));
    at = stpcpy(at, ",\"restarts\":");
    at = put_number(at, session_restarts(session));
    at = stpcpy(at, ",\"age_ms\":");
    at = put_number(at, session_age_ms(session, now_ms));
    at = stpcpy(at, ",\"last_end\":\"");
    at = stpcpy(at, last_end);
    return stpcpy(at, "\"}");
}

static bool put_brief(struct buf *out, const struct session *session,
                      int64_t now_ms)
{
    const struct end *end = session_last_end(session);
    char words[END_TEXT_MAX] = "";
    char *first;

    if (!buf_reserve(out, BRIEF_SIZE))
        return false;
    if (end)
        end_text(end, words);
    first = (char *)buf_tail(out);
    buf_commit(out,
               (size_t)(print_brief(first, session, now_ms, words) - first));
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
    free(lister->sessions);
    lister->sessions = NULL;
    buf_fini(&lister->out);
}

static bool begin(struct lister *lister)
{
    struct session **sessions =
        registry_sorted(lister->registry, &lister->id_count);

    lister->next = 0;
    lister->removals = lister->registry->removals;
    lister->sessions = sessions;
    lister->ids = sessions
                      ? malloc((lister->id_count + 1) * sizeof *lister->ids)
                      : NULL;
    for (size_t i = 0; lister->ids && i < lister->id_count; i++)
        strcpy(lister->ids[i], session_id(sessions[i]));
    return lister->ids &&
           buf_append(&lister->out, "{\"ok\":true,\"sessions\":[", 23);
}

/* NULL: it has gone meanwhile. */
static const struct session *take_next(struct lister *lister)
{
    size_t next = lister->next++;

    if (lister->registry->removals == lister->removals)
        return lister->sessions[next];
    return registry_find(lister->registry, lister->ids[next]);
}

static bool put_next(struct lister *lister, bool detailed, int64_t now_ms)
{
    const struct session *session = take_next(lister);
    bool first = *(buf_tail(&lister->out) - 1) == '[';

    if (!session)
        return true;
    if (!first && !buf_append(&lister->out, ",", 1))
        return false;
    return detailed ? put_detailed(&lister->out, session)
                    : put_brief(&lister->out, session, now_ms);
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
    int64_t now_ms = clock_now_ms();
    int64_t end_ms = now_ms + LIST_A_TURN_MS;
    bool going_on = lister->ids || begin(lister);

    (void)fd;
    (void)what;
    for (; going_on && lister->next < lister->id_count && now_ms < end_ms;
         now_ms = clock_now_ms())
        going_on = put_next(lister, request->detailed, now_ms);
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
