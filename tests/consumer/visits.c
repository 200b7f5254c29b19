/* SPDX-License-Identifier: MIT */
/* A web server that counts each visitor's visits in a process of his own, and
 * never waits for one. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <sp/event.h>
#include <sp/evhttp.h>

struct server {
    struct event_base *base;
    struct evhttp *http;
    struct event *stop; /* SIGTERM */
    struct sp_client *client;
    struct sp_async *async;
    struct sp_attachment *attachment;
    struct sp_plug *plug;
};

/* What this program has for a request that waits: here, since when. */
struct visit {
    struct timespec begun;
};

static void visit_end(struct visit *visit, const char *id, const char *what)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC);
    fprintf(stderr, "%s: %s after %.1f ms\n", *id ? id : "-", what,
            (double)(now.tv_sec - visit->begun.tv_sec) * 1e3 +
                (double)(now.tv_nsec - visit->begun.tv_nsec) / 1e6);
    free(visit);
}

/* Answers with what the session has said.  An error is left to the plug, which
 * knows its status and text. */
static bool on_answered(struct evhttp_request *request,
                        const struct sp_plug_outcome *outcome, void *visit)
{
    bool is_ours = outcome->error == SP_OK;
    struct evbuffer *body = is_ours ? evbuffer_new() : NULL;

    if (is_ours) {
        if (body)
            evbuffer_add_printf(body, "visit %s\n",
                                (const char *)sp_result_data(outcome->result));
        evhttp_send_reply(request, body ? outcome->status : 503, NULL, body);
    }
    if (body)
        evbuffer_free(body);
    visit_end(visit, outcome->id, sp_error_name(outcome->error));
    return is_ours;
}

/* The client has hung up before that. */
static void on_gone(const char *id, enum sp_progress progress, void *visit)
{
    (void)progress;
    visit_end(visit, id, "hung up");
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct server *server = context;
    struct visit *visit = malloc(sizeof *visit);
    struct sp_plug_ask ask = {
        .message = "incr visits",
        .size = 11,
        .timeout_ms = 2000,
        .answered = on_answered,
        .context = visit,
        .gone = on_gone,
    };
    enum sp_error error = SP_ENOMEM;

    if (visit) {
        timespec_get(&visit->begun, TIME_UTC);
        error = sp_plug_answer(server->plug, server->async, request, &ask);
    }
    if (error == SP_OK)
        return;
    free(visit);
    evhttp_send_error(request, sp_plug_status(error), NULL);
}

/* A key of this process alone: after a restart all visitors are new ones. */
static enum sp_error make_plug(struct server *server)
{
    struct sp_plug_options *options = sp_plug_options_new();
    enum sp_error error = SP_ENOMEM;

    if (options)
        error = sp_plug_options_set_key_file(options, NULL, NULL, 0);
    if (error == SP_OK)
        error = sp_plug_options_set_plain_http(options, true); /* loopback */
    if (error == SP_OK)
        error = sp_plug_options_set_module(options, "kv");
    if (error == SP_OK)
        error = sp_plug_new(server->client, options, &server->plug);
    sp_plug_options_free(options);
    return error;
}

static enum sp_error reach_sessions(struct server *server)
{
    enum sp_error error = sp_client_open(NULL, &server->client);

    if (error == SP_OK)
        error = sp_async_new(server->client, &server->async);
    if (error == SP_OK)
        error = sp_attach(server->base, server->async, &server->attachment);
    return error == SP_OK ? make_plug(server) : error;
}

static void on_stop(evutil_socket_t number, short what, void *base)
{
    (void)number;
    (void)what;
    event_base_loopbreak(base);
}

static bool listen_on(struct server *server, unsigned short port)
{
    server->http = evhttp_new(server->base);
    server->stop = evsignal_new(server->base, SIGTERM, on_stop, server->base);
    if (!server->http || !server->stop || event_add(server->stop, NULL) < 0)
        return false;
    evhttp_set_gencb(server->http, on_request, server);
    if (evhttp_bind_socket(server->http, "127.0.0.1", port) < 0)
        return false;
    printf("http://127.0.0.1:%u/\n", port);
    return fflush(stdout) == 0;
}

/* The HTTP server first: its requests may wait for sessions. */
static void close_all(struct server *server)
{
    if (server->http)
        evhttp_free(server->http);
    sp_plug_free(server->plug);
    sp_detach(server->attachment);
    sp_async_free(server->async);
    sp_client_close(server->client);
    if (server->stop)
        event_free(server->stop);
    if (server->base)
        event_base_free(server->base);
}

int main(int argc, char **argv)
{
    struct server server = {.base = event_base_new()};
    unsigned short port = argc > 1 ? (unsigned short)atoi(argv[1]) : 8080;
    enum sp_error error = server.base ? reach_sessions(&server) : SP_ENOMEM;
    bool is_up = error == SP_OK && listen_on(&server, port);

    signal(SIGPIPE, SIG_IGN);
    if (error != SP_OK)
        fprintf(stderr, "%s\n", sp_strerror(error));
    else if (!is_up)
        perror("cannot listen");
    else
        event_base_dispatch(server.base);
    close_all(&server);
    return is_up ? 0 : 1;
}
