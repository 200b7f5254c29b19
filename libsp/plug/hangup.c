/* SPDX-License-Identifier: MIT */
/* A hang-up: the HTTP connection tells by its close callback that it is no
 * more, and an event of ours that the client has hung up, for which evhttp does
 * not look while it waits for us.
 *
 * That event is one of reading: libevent's EV_CLOSED does not come with a
 * reset, which epoll then tells again and again to nobody.  Called by answer.c
 * and stream.c. */
#define _GNU_SOURCE
#include "hangup.h"

#include <poll.h>
#include <stddef.h>

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
    /* a connection that fails while it is written to leaves it to us */
    if (!evhttp_request_get_connection(hangup->request))
        evhttp_request_free(hangup->request);
    hangup->gone(hangup->context);
}

static evutil_socket_t socket_of(const struct hangup *hangup)
{
    struct evhttp_connection *connection =
        evhttp_request_get_connection(hangup->request);

    return bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
}

static bool is_gone(const struct hangup *hangup)
{
    struct pollfd poller = {.fd = socket_of(hangup), .events = POLLRDHUP};

    return poll(&poller, 1, 0) > 0;
}

static void on_event(evutil_socket_t fd, short what, void *context);

/* The client is there, and has sent more than its request: that stays where it
 * is until the answer, so the socket would wake us for nothing. */
static bool look_now_and_then(struct hangup *hangup)
{
    static const struct timeval pause = {.tv_sec = 1};
    struct event_base *base = event_get_base(hangup->event);

    event_del(hangup->event);
    return event_assign(hangup->event, base, -1, EV_PERSIST, on_event,
                        hangup) == 0 &&
           event_add(hangup->event, &pause) == 0;
}

/* It is readable, or a second has passed.  Who is told that the client has gone
 * may free the server, so the connection is not in the middle of its end then.
 */
static void on_event(evutil_socket_t fd, short what, void *context)
{
    struct hangup *hangup = context;
    struct evhttp_connection *connection =
        evhttp_request_get_connection(hangup->request);

    (void)what;
    if (!is_gone(hangup) && (fd < 0 || look_now_and_then(hangup)))
        return;
    hangup_unwatch(hangup);
    evhttp_connection_free(connection);
    hangup->gone(hangup->context);
}

bool hangup_watch(struct hangup *hangup, struct evhttp_request *request,
                  void (*gone)(void *context), void *context)
{
    struct evhttp_connection *connection =
        evhttp_request_get_connection(request);
    struct event_base *base = evhttp_connection_get_base(connection);

    *hangup = (struct hangup){request, NULL, gone, context};
    hangup->event = event_new(base, socket_of(hangup), EV_READ, on_event,
                              hangup);
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
