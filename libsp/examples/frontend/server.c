/* SPDX-License-Identifier: MIT */
/* The HTTP server, on libevent's evhttp: where it listens, and how much and
 * how long a stranger may send.  What is answered is routes.c's. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "body.h"
#include "routes.h"

#define HEADERS_MAX 16384 /* bytes; as much as browsers send in cookies */
#define IDLE_MAX 10       /* seconds without a byte */

/* How long no connection is taken when there is no descriptor for one. */
static const struct timeval pause_time = {.tv_usec = 250000};

struct server {
    struct app *app; /* borrowed */
    struct evhttp *http;
    uint16_t port;
};

static void on_request(struct evhttp_request *request, void *arg)
{
    struct server *server = arg;

    routes_answer(server->app, request);
}

static void on_resume(evutil_socket_t fd, short what, void *listener)
{
    (void)fd;
    (void)what;
    evconnlistener_enable(listener);
}

/* Without descriptors the waiting connection stays readable, and the loop
 * would spin on it.  The argument is evhttp's own, of which nothing is known.
 */
static void on_accept_error(struct evconnlistener *listener, void *http)
{
    struct event_base *base = evconnlistener_get_base(listener);

    (void)http;
    if (event_base_once(base, -1, EV_TIMEOUT, on_resume, listener,
                        &pause_time) == 0)
        evconnlistener_disable(listener);
}

static int listen_on_loopback(struct server *server, struct event_base *base,
                              uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    struct evconnlistener *listener;

    listener = evconnlistener_new_bind(
        base, NULL, NULL,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1,
        (struct sockaddr *)&address, sizeof address);
    if (!listener)
        return -1;
    if (getsockname(evconnlistener_get_fd(listener),
                    (struct sockaddr *)&address, &size) < 0 ||
        !evhttp_bind_listener(server->http, listener)) {
        evconnlistener_free(listener);
        return -1;
    }
    evconnlistener_set_error_cb(listener, on_accept_error);
    server->port = ntohs(address.sin_port);
    return 0;
}

/* Methods that no route has are let in, so that they get a page and 405. */
static void set_bounds(struct evhttp *http)
{
    evhttp_set_max_headers_size(http, HEADERS_MAX);
    evhttp_set_max_body_size(http, BODY_MAX);
    evhttp_set_timeout(http, IDLE_MAX);
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD |
                                         EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                         EVHTTP_REQ_DELETE |
                                         EVHTTP_REQ_OPTIONS |
                                         EVHTTP_REQ_PATCH);
    evhttp_set_default_content_type(http, "text/html; charset=utf-8");
}

struct server *server_create(struct event_base *base, uint16_t port,
                             struct app *app)
{
    struct server *server = calloc(1, sizeof *server);
    int saved;

    if (!server)
        return NULL;
    server->app = app;
    server->http = evhttp_new(base);
    if (!server->http) {
        errno = ENOMEM;
        goto fail;
    }
    set_bounds(server->http);
    evhttp_set_gencb(server->http, on_request, server);
    if (listen_on_loopback(server, base, port) == 0)
        return server;
fail:
    saved = errno;
    server_destroy(server);
    errno = saved;
    return NULL;
}

void server_destroy(struct server *server)
{
    if (!server)
        return;
    if (server->http)
        evhttp_free(server->http);
    free(server);
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}
