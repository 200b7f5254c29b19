/* SPDX-License-Identifier: MIT */
/* The sessions of visitors under load: a number in the memory of a process.
 *
 *   add      adds one, answers the number
 *   add/MS   adds one, answers the number MS milliseconds later, as who has to
 *            ask somebody else first
 *   get      answers the number
 *
 * The number is the answer's own: it is taken when the one is added. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/module.h>

#define MS_MAX 10000

/* An answer to come. */
struct later {
    struct sp_call *call; /* owned; NULL: there is none */
    unsigned long long number;
};

struct visitor {
    unsigned long long number;
    struct later later[SP_TIMERS]; /* by the number of its timer */
};

static enum sp_handled reply_number(struct sp_call *call,
                                    unsigned long long number)
{
    char text[24];

    return sp_reply(call, text,
                    (size_t)snprintf(text, sizeof text, "%llu", number));
}

/* The MS of "add/MS"; 0: none that may be. */
static unsigned parse_ms(const char *text, size_t size)
{
    unsigned ms = 0;

    if (size == 0 || size > 5)
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        ms = ms * 10 + (unsigned)(text[i] - '0');
    }
    return ms <= MS_MAX ? ms : 0;
}

static enum sp_handled add_later(struct sp_session *session,
                                 struct visitor *visitor, struct sp_call *call,
                                 unsigned ms)
{
    int timer = 0;

    if (ms == 0)
        return sp_reply_error(call, "usage: add/MS, 1 to %d", MS_MAX);
    while (timer < SP_TIMERS && visitor->later[timer].call)
        timer++;
    if (timer == SP_TIMERS)
        return sp_reply_error(call, "busy");
    if (sp_timer_start(session, timer, ms, 0) != SP_OK)
        return sp_reply_error(call, "no timer");
    visitor->later[timer] = (struct later){call, ++visitor->number};
    return SP_LATER;
}

static enum sp_handled visitor_call(struct sp_session *session, void *state,
                                    struct sp_call *call, const void *request,
                                    size_t size)
{
    struct visitor *visitor = state;

    if (size == 3 && memcmp(request, "add", 3) == 0)
        return reply_number(call, ++visitor->number);
    if (size == 3 && memcmp(request, "get", 3) == 0)
        return reply_number(call, visitor->number);
    if (size > 4 && memcmp(request, "add/", 4) == 0)
        return add_later(session, visitor, call,
                         parse_ms((const char *)request + 4, size - 4));
    return SP_UNKNOWN;
}

static void visitor_timer(struct sp_session *session, void *state, int timer)
{
    struct visitor *visitor = state;
    struct later later = visitor->later[timer];

    (void)session;
    visitor->later[timer].call = NULL;
    reply_number(later.call, later.number);
}

static enum sp_init visitor_init(struct sp_session *session, const void *arg,
                                 size_t size, void **out_state)
{
    (void)arg;
    (void)size;
    *out_state = calloc(1, sizeof(struct visitor));
    if (*out_state)
        return SP_INIT_OK;
    sp_init_error(session, "out of memory");
    return SP_INIT_FAIL;
}

static void visitor_terminate(struct sp_session *session, void *state,
                              enum sp_end end, const char *text)
{
    struct visitor *visitor = state;

    (void)session;
    (void)end;
    (void)text;
    for (int timer = 0; timer < SP_TIMERS; timer++)
        if (visitor->later[timer].call)
            sp_reply_error(visitor->later[timer].call, "the visitor ends");
    free(visitor);
}

SP_MODULE(.name = "visitor", .init = visitor_init, .handle_call = visitor_call,
          .handle_timer = visitor_timer, .terminate = visitor_terminate);
