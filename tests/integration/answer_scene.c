/* SPDX-License-Identifier: MIT */
/* A server and its clients on one base.  Used by test_answer and others. */
#define _GNU_SOURCE
#include "answer_scene.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "nng_once.h"
#include "support/harness.h"
#include "support/leaks.h"
#include "support/wait.h"

struct answers answers;

/* ---- the server --------------------------------------------------------- */

static bool is_for_events(struct evhttp_request *request)
{
    return strcmp(evhttp_request_get_uri(request), "/events") == 0;
}

static void on_request(struct evhttp_request *request, void *context)
{
    const struct asking *asking = &answers.asking;
    struct sp_plug_ask ask = {
        .message = asking->message,
        .size = strlen(asking->message),
        .arg = asking->arg,
        .arg_size = asking->arg ? strlen(asking->arg) : 0,
        .timeout_ms = asking->timeout_ms,
        .flags = asking->flags,
        .answered = asking->answered,
        .context = context,
        .gone = asking->gone,
    };

    answers.received++;
    if (is_for_events(request)) {
        cr_assert_eq(sp_plug_stream(answers.plug, answers.async, request,
                                    asking->watch),
                     SP_OK);
        return;
    }
    if (asking->content_type)
        evhttp_add_header(evhttp_request_get_output_headers(request),
                          "Content-Type", asking->content_type);
    cr_assert_eq(sp_plug_answer(answers.plug, answers.async, request, &ask),
                 SP_OK);
}

static void listen_on_loopback(void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    struct evhttp_bound_socket *bound;

    answers.http = evhttp_new(answers.base);
    cr_assert(answers.http);
    evhttp_set_allowed_methods(answers.http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_gencb(answers.http, on_request, &answers);
    bound = evhttp_bind_socket_with_handle(answers.http, "127.0.0.1", 0);
    cr_assert(bound);
    cr_assert_eq(getsockname(evhttp_bound_socket_get_fd(bound),
                             (struct sockaddr *)&address, &size),
                 0);
    answers.port = ntohs(address.sin_port);
}

void answers_start_of(const char *config, const char *module)
{
    struct sp_plug_options *options = sp_plug_options_new();

    memset(&answers, 0, sizeof answers);
    nng_once_if_channel();
    answers.harness = harness_start(config);
    answers.base = event_base_new();
    cr_assert_eq(sp_client_open(harness_runtime_dir(answers.harness),
                                &answers.client),
                 SP_OK);
    cr_assert_eq(sp_async_new(answers.client, &answers.async), SP_OK);
    cr_assert_eq(sp_attach(answers.base, answers.async, &answers.attachment),
                 SP_OK);
    cr_assert_eq(sp_plug_options_set_key_file(options, NULL, NULL, 0), SP_OK);
    cr_assert_eq(sp_plug_options_set_module(options, module), SP_OK);
    cr_assert_eq(sp_plug_new(answers.client, options, &answers.plug), SP_OK);
    sp_plug_options_free(options);
    listen_on_loopback();
}

void answers_start(const char *config)
{
    answers_start_of(config, "probe");
}

void answers_stop(void)
{
    if (answers.http)
        evhttp_free(answers.http);
    sp_plug_free(answers.plug);
    sp_detach(answers.attachment);
    sp_async_free(answers.async);
    sp_client_close(answers.client);
    event_base_free(answers.base);
    libevent_global_shutdown();
    harness_stop(answers.harness);
    leaks_check();
}

static void time_out(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    *(bool *)context = true;
}

void answers_turn_until(bool (*condition)(void *context), void *context)
{
    static const struct timeval patience = {.tv_sec = WAIT_MS / 1000};
    static const struct timeval tick = {.tv_usec = 5000};
    bool timed_out = false, ticked;
    struct event *timer = evtimer_new(answers.base, time_out, &timed_out),
                 *ticker = event_new(answers.base, -1, EV_PERSIST, time_out,
                                     &ticked);

    cr_assert(timer && ticker);
    evtimer_add(timer, &patience);
    evtimer_add(ticker, &tick);
    while (!condition(context)) {
        cr_assert_neq(event_base_loop(answers.base, EVLOOP_ONCE), -1);
        cr_assert_not(timed_out, "nothing comes");
    }
    event_free(timer);
    event_free(ticker);
}

/* ---- a client ----------------------------------------------------------- */

static void note_header(struct evhttp_request *request, const char *name,
                        char *out, size_t size)
{
    const char *value =
        evhttp_find_header(evhttp_request_get_input_headers(request), name);

    snprintf(out, size, "%s", value ? value : "");
}

static void on_reply(struct evhttp_request *request, void *context)
{
    struct reply *reply = context;
    ev_ssize_t size;

    reply->over = true;
    if (!request || evhttp_request_get_response_code(request) == 0)
        return;
    reply->status = evhttp_request_get_response_code(request);
    size = evbuffer_copyout(evhttp_request_get_input_buffer(request),
                            reply->body, sizeof reply->body - 1);
    reply->body[size > 0 ? size : 0] = '\0';
    note_header(request, "Set-Cookie", reply->cookie, sizeof reply->cookie);
    reply->cookie[strcspn(reply->cookie, ";")] = '\0';
    note_header(request, "Content-Type", reply->type, sizeof reply->type);
    note_header(request, "Content-Length", reply->length, sizeof reply->length);
    note_header(request, "Cache-Control", reply->cache, sizeof reply->cache);
    note_header(request, "Retry-After", reply->retry, sizeof reply->retry);
}

static void send_request(struct reply *reply, enum evhttp_cmd_type method,
                         const char *cookie)
{
    struct evhttp_request *request = evhttp_request_new(on_reply, reply);
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    memset(reply, 0, sizeof *reply);
    reply->connection = evhttp_connection_base_new(answers.base, NULL,
                                                   "127.0.0.1", answers.port);
    cr_assert(reply->connection);
    evhttp_add_header(headers, "Host", "127.0.0.1");
    if (*cookie)
        evhttp_add_header(headers, "Cookie", cookie);
    cr_assert_eq(evhttp_make_request(reply->connection, request, method, "/"),
                 0);
}

void reply_ask(struct reply *reply, const char *cookie)
{
    send_request(reply, EVHTTP_REQ_GET, cookie);
}

void reply_head(struct reply *reply, const char *cookie)
{
    send_request(reply, EVHTTP_REQ_HEAD, cookie);
}

static bool is_over(void *context)
{
    return ((struct reply *)context)->over;
}

void reply_await(struct reply *reply)
{
    answers_turn_until(is_over, reply);
    reply_hang_up(reply);
}

void reply_hang_up(struct reply *reply)
{
    evhttp_connection_free(reply->connection);
    reply->connection = NULL;
}

struct reply reply_to(const char *message, const char *cookie)
{
    struct reply reply;

    answers.asking.message = message;
    reply_ask(&reply, cookie);
    reply_await(&reply);
    return reply;
}

int answers_dial(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(answers.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert(fd >= 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void answers_reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};

    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
                            sizeof at_once),
                 0);
    close(fd);
}

void cookie_id(const char *cookie, char out[SP_ID_MAX + 1])
{
    const char *begin = strchr(cookie, '=');
    size_t size;

    cr_assert(begin);
    size = strcspn(++begin, ".");
    cr_assert(size <= SP_ID_MAX);
    memcpy(out, begin, size);
    out[size] = '\0';
}
