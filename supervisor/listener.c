/* SPDX-License-Identifier: MIT */
/* Opens, watches and closes a session's listening socket. */
#include "listener.h"

#include <event2/event.h>
#include <unistd.h>

#include "runtime.h"

static void on_closed(evutil_socket_t fd, short what, void *arg)
{
    struct listener *listener = arg;

    (void)fd;
    (void)what;
    event_del(&listener->closed);
    listener->dead = true;
    listener->on_shut(listener->context);
}

/* Asks for the end of it alone (EV_CLOSED): not for each client that comes. */
int listener_adopt(struct listener *listener, int fd, struct event_base *base,
                   const struct runtime *runtime, const char *id,
                   void (*on_shut)(void *context), void *context)
{
    *listener = (struct listener){.fd = fd,
                                  .linked = true,
                                  .runtime = runtime,
                                  .id = id,
                                  .on_shut = on_shut,
                                  .context = context};
    event_assign(&listener->closed, base, listener->fd,
                 EV_CLOSED | EV_PERSIST, on_closed, listener);
    if (event_add(&listener->closed, NULL) == 0)
        return 0;
    listener_close(listener);
    return -1;
}

int listener_open(struct listener *listener, struct event_base *base,
                  const struct runtime *runtime, const char *id,
                  void (*on_shut)(void *context), void *context)
{
    int fd = runtime_listen_session(runtime, id);

    if (fd < 0) {
        *listener = (struct listener){.fd = -1};
        return -1;
    }
    return listener_adopt(listener, fd, base, runtime, id, on_shut, context);
}

void listener_unlink(struct listener *listener)
{
    if (listener->linked)
        runtime_unlink_session(listener->runtime, listener->id);
    listener->linked = false;
}

void listener_close(struct listener *listener)
{
    if (listener->fd < 0)
        return;
    event_del(&listener->closed);
    listener_unlink(listener);
    close(listener->fd);
    listener->fd = -1;
}
