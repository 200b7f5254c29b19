/* SPDX-License-Identifier: MIT */
/* counter: one number.
 *
 *   argument      the number to begin with, 0 without one
 *   get           answers the number
 *   incr [BY]     adds BY (1 without it; may be negative), answers the number
 *   reset         back to where it began, answers the number
 *   wait N        answers the number once it is at least N
 *   every MS      adds 1 every MS milliseconds from now on; 0 ends that
 *
 * incr, reset and every are casts too.  Every change is emitted to the
 * session's SUB peers.  A wrong argument declines the start with a text.
 *
 * Shows: init with an argument and an error text, state, a timer, events, and
 * calls that are answered later. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/module.h>

enum { COUNTER_TICK }; /* its timer */

struct waiter {
    struct sp_call *call;
    int64_t target;
    struct waiter *next;
};

struct counter {
    int64_t first;
    int64_t number;
    struct waiter *waiters; /* each owns its call until it is answered */
};

/* ---- numbers as text ---- */

/* The whole of the size bytes, but for one newline at their end, as a number. */
static bool parse_number(const char *text, size_t size, int64_t *out_number)
{
    char copy[32];
    char *end;
    intmax_t number;

    if (size > 0 && text[size - 1] == '\n')
        size--;
    if (size == 0 || size >= sizeof copy || memchr(text, ' ', size))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    errno = 0;
    number = strtoimax(copy, &end, 10);
    if (end != copy + size || errno != 0)
        return false;
    *out_number = number;
    return true;
}

static enum sp_handled reply_number(struct sp_call *call, int64_t number)
{
    char text[24];

    return sp_reply(call, text,
                    (size_t)snprintf(text, sizeof text, "%" PRId64, number));
}

/* ---- the number changes ---- */

static void answer_waiters(struct counter *counter)
{
    struct waiter **link = &counter->waiters;

    while (*link) {
        struct waiter *waiter = *link;

        if (counter->number < waiter->target) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        reply_number(waiter->call, counter->number);
        free(waiter);
    }
}

static void set_number(struct sp_session *session, struct counter *counter,
                       int64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRId64, number);

    counter->number = number;
    sp_session_emit(session, text, (size_t)len);
    answer_waiters(counter);
}

/* Stays where it is rather than overflow. */
static void add(struct sp_session *session, struct counter *counter, int64_t by)
{
    int64_t sum;

    if (!__builtin_add_overflow(counter->number, by, &sum))
        set_number(session, counter, sum);
}

/* ---- requests ---- */

/* Splits "verb rest"; *out_rest is what follows the space, NULL without one. */
static bool is_verb(const char *verb, const char *request, size_t size,
                    const char **out_rest, size_t *out_size)
{
    size_t len = strlen(verb);

    if (size < len || memcmp(request, verb, len) != 0)
        return false;
    *out_rest = NULL;
    *out_size = 0;
    if (size == len || (size == len + 1 && request[len] == '\n'))
        return true;
    if (request[len] != ' ')
        return false;
    *out_rest = request + len + 1;
    *out_size = size - len - 1;
    return true;
}

/* The requests that change something, as calls and casts alike.  NULL: done;
 * "": not one of them; else what is wrong. */
static const char *change(struct sp_session *session, struct counter *counter,
                          const char *request, size_t size)
{
    const char *rest;
    size_t rest_size;
    int64_t number = 1;

    if (is_verb("incr", request, size, &rest, &rest_size)) {
        if (rest && !parse_number(rest, rest_size, &number))
            return "usage: incr [BY], a whole number";
        add(session, counter, number);
        return NULL;
    }
    if (is_verb("reset", request, size, &rest, &rest_size) && !rest) {
        set_number(session, counter, counter->first);
        return NULL;
    }
    if (is_verb("every", request, size, &rest, &rest_size)) {
        if (!rest || !parse_number(rest, rest_size, &number) || number < 0 ||
            number > 86400000)
            return "usage: every MS, 0 to 86400000";
        sp_timer_stop(session, COUNTER_TICK);
        if (number > 0)
            sp_timer_start(session, COUNTER_TICK, (unsigned)number,
                           (unsigned)number);
        return NULL;
    }
    return "";
}

static enum sp_handled wait_for(struct counter *counter, struct sp_call *call,
                                const char *rest, size_t rest_size)
{
    struct waiter *waiter;
    int64_t target;

    if (!rest || !parse_number(rest, rest_size, &target))
        return sp_reply_error(call, "usage: wait N, a whole number");
    if (counter->number >= target)
        return reply_number(call, counter->number);
    waiter = malloc(sizeof *waiter);
    if (!waiter)
        return sp_reply_error(call, "out of memory");
    *waiter = (struct waiter){call, target, counter->waiters};
    counter->waiters = waiter;
    return SP_LATER;
}

static enum sp_handled counter_call(struct sp_session *session, void *state,
                                    struct sp_call *call, const void *request,
                                    size_t size)
{
    struct counter *counter = state;
    const char *wrong;
    const char *rest;
    size_t rest_size;

    if (is_verb("get", request, size, &rest, &rest_size) && !rest)
        return reply_number(call, counter->number);
    if (is_verb("wait", request, size, &rest, &rest_size))
        return wait_for(counter, call, rest, rest_size);
    wrong = change(session, counter, request, size);
    if (!wrong)
        return reply_number(call, counter->number);
    return *wrong ? sp_reply_error(call, "%s", wrong) : SP_UNKNOWN;
}

static void counter_cast(struct sp_session *session, void *state,
                         const void *message, size_t size)
{
    const char *wrong = change(session, state, message, size);

    if (wrong)
        sp_log(session, "cast dropped: %s", *wrong ? wrong : "unknown");
}

static void counter_timer(struct sp_session *session, void *state, int timer)
{
    if (timer == COUNTER_TICK)
        add(session, state, 1);
}

/* ---- life ---- */

static enum sp_init counter_init(struct sp_session *session, const void *arg,
                                 size_t size, void **out_state)
{
    struct counter *counter = calloc(1, sizeof *counter);

    if (!counter) {
        sp_init_error(session, "out of memory");
        return SP_INIT_FAIL;
    }
    if (size > 0 && !parse_number(arg, size, &counter->first)) {
        sp_init_error(session, "the argument of a counter is a whole number");
        free(counter);
        return SP_INIT_FAIL;
    }
    counter->number = counter->first;
    *out_state = counter;
    return SP_INIT_OK;
}

/* Those who still wait are told, rather than left to see the process end. */
static void counter_terminate(struct sp_session *session, void *state,
                              enum sp_end end, const char *text)
{
    struct counter *counter = state;
    struct waiter *waiter;

    (void)session;
    (void)end;
    (void)text;
    while ((waiter = counter->waiters)) {
        counter->waiters = waiter->next;
        sp_reply_error(waiter->call, "the counter ends at %" PRId64,
                       counter->number);
        free(waiter);
    }
    free(counter);
}

SP_MODULE(.name = "counter", .init = counter_init, .handle_call = counter_call,
          .handle_cast = counter_cast, .handle_timer = counter_timer,
          .terminate = counter_terminate);
