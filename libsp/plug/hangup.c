/* SPDX-License-Identifier: MIT */
/* A hang-up: the HTTP connection tells by its close callback that it is no
 * more, and an event of ours that the client has hung up, for which evhttp does
 * not look while it waits for us.
 *
 * That event is one of reading: libevent's EV_CLOSED does not come with a
 * reset, which epoll then tells again and again to nobody.  Called by answer.c
 * and stream.c. */
#include "hangup.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

static void forget_event(struct hangup *hangup)
{
    if (hangup->event)
        event_free(hangup->event);
    hangup->event = NULL;
}

static void on_close(struct evhttp_connection *connection, void *context)
{
    struct hangup *hangup = context;

    (void)connection;
    forget_event(hangup);
    hangup->gone(hangup->context);
}

/* A client that sends its next request already is not looked at any more: those
 * bytes are evhttp's. */
static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct hangup *hangup = context;
    char byte;
    ssize_t size = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    (void)what;
    if (size > 0)
        return;
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        event_add(hangup->event, NULL);
    else /* which calls on_close() */
        evhttp_connection_free(evhttp_request_get_connection(hangup->request));
}

bool hangup_watch(struct hangup *hangup, struct evhttp_request *request,
                  void (*gone)(void *context), void *context)
{
    struct evhttp_connection *connection =
        evhttp_request_get_connection(request);
    struct event_base *base = evhttp_connection_get_base(connection);
    evutil_socket_t fd =
        bufferevent_getfd(evhttp_connection_get_bufferevent(connection));

    *hangup = (struct hangup){request, NULL, gone, context};
    hangup->event = event_new(base, fd, EV_READ, on_readable, hangup);
    if (!hangup->event || event_add(hangup->event, NULL) < 0) {
        forget_event(hangup);
        return false;
    }
    evhttp_connection_set_closecb(connection, on_close, hangup);
    return true;
}

void hangup_look_away(struct hangup *hangup)
{
    forget_event(hangup);
}

void hangup_unwatch(struct hangup *hangup)
{
    evhttp_connection_set_closecb(
        evhttp_request_get_connection(hangup->request), NULL, NULL);
    forget_event(hangup);
}
