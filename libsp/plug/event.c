/* SPDX-License-Identifier: MIT */
/* One event on the client's one descriptor.  Everything else is libsp's. */
#include <sp/event.h>

#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

struct sp_event {
    struct sp_async *async; /* borrowed */
    struct event *event;    /* owned */
    bool dispatching;
    bool detached; /* inside a callback: it goes when that has returned */
};

static void destroy(struct sp_event *event)
{
    event_free(event->event);
    free(event);
}

/* What cannot be dispatched any more, as in a forked process, would be ready
 * for ever. */
static void on_ready(evutil_socket_t fd, short what, void *context)
{
    struct sp_event *event = context;
    enum sp_error error;

    (void)fd;
    (void)what;
    event->dispatching = true;
    error = sp_async_dispatch(event->async);
    event->dispatching = false;
    if (event->detached)
        destroy(event);
    else if (error != SP_OK)
        event_del(event->event);
}

enum sp_error sp_event_attach(struct event_base *base, struct sp_async *async,
                              struct sp_event **out_event)
{
    struct sp_event *event;

    if (!base || !async || !out_event)
        return SP_EINVAL;
    event = calloc(1, sizeof *event);
    if (!event)
        return SP_ENOMEM;
    event->async = async;
    event->event = event_new(base, sp_async_fd(async), EV_READ | EV_PERSIST,
                             on_ready, event);
    if (!event->event) {
        free(event);
        return SP_ENOMEM;
    }
    if (event_add(event->event, NULL) < 0) {
        destroy(event);
        return SP_ESYSTEM;
    }
    *out_event = event;
    return SP_OK;
}

void sp_event_detach(struct sp_event *event)
{
    if (!event)
        return;
    event_del(event->event);
    event->detached = true;
    if (!event->dispatching)
        destroy(event);
}
