/* SPDX-License-Identifier: MIT */
/* One event on the client's one descriptor.  Everything else is libsp's. */
#include <sp/event.h>

#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

struct sp_attachment {
    struct sp_async *async; /* borrowed */
    struct event *event;    /* owned */
    bool dispatching;
    bool detached; /* inside a callback: it goes when that has returned */
};

static void destroy(struct sp_attachment *attachment)
{
    event_free(attachment->event);
    free(attachment);
}

/* What cannot be dispatched any more, as in a forked process, would be ready
 * for ever. */
static void on_ready(evutil_socket_t fd, short what, void *context)
{
    struct sp_attachment *attachment = context;
    enum sp_error error;

    (void)fd;
    (void)what;
    attachment->dispatching = true;
    error = sp_async_dispatch(attachment->async);
    attachment->dispatching = false;
    if (attachment->detached)
        destroy(attachment);
    else if (error != SP_OK)
        event_del(attachment->event);
}

enum sp_error sp_attach(struct event_base *base, struct sp_async *async,
                        struct sp_attachment **out_attachment)
{
    struct sp_attachment *attachment;

    if (!base || !async || !out_attachment)
        return SP_EINVAL;
    attachment = calloc(1, sizeof *attachment);
    if (!attachment)
        return SP_ENOMEM;
    attachment->async = async;
    attachment->event = event_new(base, sp_async_fd(async),
                                  EV_READ | EV_PERSIST, on_ready, attachment);
    if (!attachment->event) {
        free(attachment);
        return SP_ENOMEM;
    }
    if (event_add(attachment->event, NULL) < 0) {
        destroy(attachment);
        return SP_ESYSTEM;
    }
    *out_attachment = attachment;
    return SP_OK;
}

void sp_detach(struct sp_attachment *attachment)
{
    if (!attachment)
        return;
    event_del(attachment->event);
    attachment->detached = true;
    if (!attachment->dispatching)
        destroy(attachment);
}
