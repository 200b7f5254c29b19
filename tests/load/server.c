/* SPDX-License-Identifier: MIT */
/* A server that gives each visitor a session and never waits for one: POST
 * /WORD is a call of this word to the visitor's session.  GET /tally tells what
 * has become of all requests, for those who check that none is missing.
 *
 *   load-server RUNTIME_DIR [CONNECTIONS]
 *
 * prints its address, and ends by SIGTERM.  CONNECTIONS: to sessions, at once.
 * Visitors keep their ID in the header X-Session, since wrk keeps no cookies,
 * and get back what they say in X-Visitor. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include <sp/event.h>
#include <sp/evhttp.h>

#include "tally.h"

#define TIMEOUT_MS 5000 /* of a request */
#define BACKLOG 4096    /* visitors who come all at once */
#define WORD_MAX 32

struct server {
    struct event_base *base;
    struct sp_client *client;
    struct sp_async *async;
    struct sp_attachment *attachment;
    struct sp_plug *plug;
    struct evhttp *http;
    struct event *end; /* SIGTERM */
    struct tally tally;
};

/* ---- requests ----------------------------------------------------------- */

static bool count_answer(struct evhttp_request *request,
                         const struct sp_plug_outcome *outcome, void *server)
{
    (void)request;
    tally_answer(&((struct server *)server)->tally, outcome);
    return false; /* the plug answers it */
}

static void count_gone(const char *id, enum sp_progress progress, void *server)
{
    (void)id;
    (void)progress;
    ((struct server *)server)->tally.hung_up++;
}

static void echo_header(struct evhttp_request *request, const char *name)
{
    const char *value =
        evhttp_find_header(evhttp_request_get_input_headers(request), name);

    if (value)
        evhttp_add_header(evhttp_request_get_output_headers(request), name,
                          value);
}

/* The path without its slash is what the session is asked. */
static void on_request(struct evhttp_request *request, void *context)
{
    struct server *server = context;
    const char *word = evhttp_request_get_uri(request) + 1;
    struct sp_plug_ask ask = {
        .message = word,
        .size = strnlen(word, WORD_MAX),
        .timeout_ms = TIMEOUT_MS,
        .answered = count_answer,
        .context = server,
        .gone = count_gone,
    };
    enum sp_error error;

    server->tally.received++;
    echo_header(request, "X-Visitor");
    error = sp_plug_answer(server->plug, server->async, request, &ask);
    if (error != SP_OK)
        evhttp_send_error(request, sp_plug_status(error), NULL);
}

static void on_tally(struct evhttp_request *request, void *context)
{
    struct server *server = context;
    struct evbuffer *body = evhttp_request_get_output_buffer(request);

    tally_print(&server->tally, sp_async_outstanding(server->async), body);
    evhttp_send_reply(request, 200, NULL, NULL);
}

/* ---- its life ----------------------------------------------------------- */

static bool listen_on_loopback(struct server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    struct evconnlistener *listener = evconnlistener_new_bind(
        server->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
        BACKLOG, (struct sockaddr *)&address, sizeof address);

    if (!listener)
        return false;
    if (getsockname(evconnlistener_get_fd(listener),
                    (struct sockaddr *)&address, &size) < 0 ||
        !evhttp_bind_listener(server->http, listener)) {
        evconnlistener_free(listener);
        return false;
    }
    printf("http://127.0.0.1:%u\n", ntohs(address.sin_port));
    return fflush(stdout) == 0;
}

static bool start_http(struct server *server)
{
    server->http = evhttp_new(server->base);
    if (!server->http)
        return false;
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_max_headers_size(server->http, 4096);
    evhttp_set_max_body_size(server->http, 4096);
    evhttp_set_timeout(server->http, 60);
    evhttp_set_gencb(server->http, on_request, server);
    evhttp_set_cb(server->http, "/tally", on_tally, server);
    return listen_on_loopback(server);
}

/* With a key of this server's own: its visitors are its own, too. */
static enum sp_error make_plug(struct server *server)
{
    struct sp_plug_options *options = sp_plug_options_new();
    enum sp_error error = SP_ENOMEM;

    if (options)
        error = sp_plug_options_set_key_file(options, NULL, NULL, 0);
    if (error == SP_OK)
        error = sp_plug_options_set_header(options, "X-Session");
    if (error == SP_OK)
        error = sp_plug_options_set_module(options, "visitor");
    if (error == SP_OK)
        error = sp_plug_new(server->client, options, &server->plug);
    sp_plug_options_free(options);
    return error;
}

static enum sp_error open_sessions(struct server *server, const char *dir,
                                   size_t connections)
{
    enum sp_error error = sp_client_open(dir, &server->client);

    if (error == SP_OK)
        error = sp_async_new(server->client, &server->async);
    if (error == SP_OK && connections > 0)
        error = sp_async_set_limit(server->async, SP_ASYNC_CONNECTIONS,
                                   connections);
    if (error == SP_OK)
        error = sp_attach(server->base, server->async, &server->attachment);
    if (error == SP_OK)
        error = make_plug(server);
    return error;
}

static void on_end(evutil_socket_t number, short what, void *base)
{
    (void)number;
    (void)what;
    event_base_loopbreak(base);
}

static bool start(struct server *server, const char *dir, size_t connections)
{
    enum sp_error error;

    server->base = event_base_new();
    if (!server->base)
        return false;
    server->end = evsignal_new(server->base, SIGTERM, on_end, server->base);
    if (!server->end || event_add(server->end, NULL) < 0)
        return false;
    error = open_sessions(server, dir, connections);
    if (error != SP_OK)
        fprintf(stderr, "load-server: %s: %s\n", dir, sp_strerror(error));
    return error == SP_OK && start_http(server);
}

/* The HTTP server first: it may have requests that wait for sessions. */
static void stop(struct server *server)
{
    if (server->http)
        evhttp_free(server->http);
    sp_plug_free(server->plug);
    sp_detach(server->attachment);
    sp_async_free(server->async);
    sp_client_close(server->client);
    if (server->end)
        event_free(server->end);
    if (server->base)
        event_base_free(server->base);
}

int main(int argc, char **argv)
{
    struct server server = {0};
    bool started;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "Usage: load-server RUNTIME_DIR [CONNECTIONS]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    started = start(&server, argv[1], argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
    if (started)
        event_base_dispatch(server.base);
    else
        fprintf(stderr, "load-server: cannot start\n");
    stop(&server);
    return started ? 0 : 1;
}
