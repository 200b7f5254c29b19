/* SPDX-License-Identifier: MIT */
/* sp_timer_start() and sp_timer_stop(): numbered timers on the session's base.
 * The module chooses numbers, so that it need not keep handles. */
#include "timer.h"

#include <event2/event.h>
#include <stdlib.h>

#include "report.h"
#include "session.h"

struct session_timer {
    struct sp_session *session; /* borrowed */
    struct event *event;        /* owned */
    struct timeval repeat;
    int number;
    bool repeats;
};

static struct timeval from_ms(unsigned ms)
{
    return (struct timeval){ms / 1000, ms % 1000 * 1000};
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct session_timer *timer = arg;
    struct sp_session *session = timer->session;

    (void)fd;
    (void)what;
    if (session->ending)
        return;
    if (timer->repeats)
        evtimer_add(timer->event, &timer->repeat);
    report_begin(session->slot, SLOT_TIMER, NULL);
    if (session->module->handle_timer)
        session->module->handle_timer(session, session->state, timer->number);
    report_end(session->slot);
}

static struct session_timer *session_timer_create(struct sp_session *session,
                                                  int number)
{
    struct session_timer *timer = calloc(1, sizeof *timer);

    if (!timer)
        return NULL;
    timer->session = session;
    timer->number = number;
    timer->event = evtimer_new(session->base, on_timeout, timer);
    if (!timer->event) {
        free(timer);
        return NULL;
    }
    return timer;
}

enum sp_error sp_timer_start(struct sp_session *session, int number,
                             unsigned delay_ms, unsigned repeat_ms)
{
    struct timeval delay = from_ms(delay_ms);
    struct session_timer *timer;

    if (number < 0 || number >= SP_TIMERS)
        return SP_EINVAL;
    timer = session->timers.slots[number];
    if (!timer) {
        timer = session_timer_create(session, number);
        if (!timer)
            return SP_ENOMEM;
        session->timers.slots[number] = timer;
    }
    timer->repeats = repeat_ms > 0;
    timer->repeat = from_ms(repeat_ms);
    return evtimer_add(timer->event, &delay) < 0 ? SP_ENOMEM : SP_OK;
}

void sp_timer_stop(struct sp_session *session, int number)
{
    if (number >= 0 && number < SP_TIMERS && session->timers.slots[number])
        evtimer_del(session->timers.slots[number]->event);
}

void session_timers_fini(struct session_timers *timers)
{
    for (int i = 0; i < SP_TIMERS; i++) {
        struct session_timer *timer = timers->slots[i];

        if (timer) {
            event_free(timer->event);
            free(timer);
            timers->slots[i] = NULL;
        }
    }
}
