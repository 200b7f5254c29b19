/* SPDX-License-Identifier: MIT */
/* A stream: the response of one request, which goes on.  The sessions that the
 * request names are read one after the other, until one is there (hub.c); then
 * what is heard of it is sent (news.c), for as long as the client takes it.
 * What may call the program's functions, or leaves the hub, is done by events
 * of our own, since the hub tells many at once. */
#define _GNU_SOURCE
#include <sp/evhttp.h>

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "claims.h"
#include "hangup.h"
#include "hub.h"
#include "news.h"
#include "outlet.h"
#include "respond.h"
#include "sse.h"

/* So many keep-alives without progress end a stream. */
#define STALLED_MAX 4
/* How long the last event of a session is waited for. */
#define LAST_EVENT_MS 200

/* As the browser's Last-Event-ID: that it has been here. */
#define BEEN_HERE "1"

enum state {
    STREAM_ASKING, /* no session has been found yet */
    STREAM_OPEN,
    STREAM_OVER,   /* the last is still to be said */
    STREAM_GONE,   /* in the program's `closed` */
};

struct sp_stream {
    struct reader reader; /* hub.c's, and first */
    struct sp_plug *plug; /* borrowed, as the next two */
    struct sp_async *async;
    struct evhttp_request *request;
    struct hangup hangup;
    struct event *timer; /* owned: time-out, then keep-alive, then the end */
    struct event *turn;  /* owned: what is to be done outside of the hub */
    enum state state;
    enum sp_error error; /* why it is over */
    struct claims claims;
    unsigned asked;             /* of the claims */
    struct sp_plug_watch watch; /* prefix is in `prefix` */
    unsigned char prefix[SP_PREFIX_MAX];
    bool was_opened; /* the program knows of it */
    struct outlet outlet;
};

/* ---- its life ----------------------------------------------------------- */

static void destroy(struct sp_stream *stream)
{
    hub_leave(&stream->reader);
    if (stream->timer)
        event_free(stream->timer);
    if (stream->turn)
        event_free(stream->turn);
    free(stream);
}

static void tell_closed(struct sp_stream *stream)
{
    stream->state = STREAM_GONE;
    if (stream->was_opened && stream->watch.closed)
        stream->watch.closed(stream, stream->watch.context);
}

static void on_gone(void *context)
{
    struct sp_stream *stream = context;

    tell_closed(stream);
    destroy(stream);
}

static void drop_connection(struct sp_stream *stream)
{
    /* which calls on_gone() */
    evhttp_connection_free(evhttp_request_get_connection(stream->request));
}

static void fail(struct sp_stream *stream, enum sp_error error)
{
    struct sp_plug_outcome outcome = {
        .error = error,
        .status = sp_plug_status(error),
        .id = "",
        .former = "",
    };

    hangup_unwatch(&stream->hangup);
    respond_prepare(stream->request, outcome.status);
    respond_send(stream->request, &outcome);
    destroy(stream);
}

static void run_timer(struct event *timer, int ms)
{
    struct timeval time = {ms / 1000, ms % 1000 * 1000};

    event_add(timer, &time);
}

static struct bufferevent *bufferevent_of(const struct sp_stream *stream)
{
    return evhttp_connection_get_bufferevent(
        evhttp_request_get_connection(stream->request));
}

/* ---- its end ------------------------------------------------------------ */

static void be_over(struct sp_stream *stream, enum sp_error error)
{
    stream->state = STREAM_OVER;
    stream->error = error;
    run_timer(stream->timer, stream->watch.flags & SP_PLUG_LIFE ? LAST_EVENT_MS
                                                                : 0);
}

static void finish(struct sp_stream *stream)
{
    struct timeval patience = {stream->watch.keepalive_ms / 1000 * STALLED_MAX +
                                   1, 0};
    struct evhttp_request *request = stream->request;

    outlet_tell_lost(&stream->outlet);
    news_send_over(&stream->outlet, stream->error);
    bufferevent_set_timeouts(bufferevent_of(stream), NULL, &patience);
    hangup_unwatch(&stream->hangup);
    tell_closed(stream);
    destroy(stream);
    evhttp_send_reply_end(request);
}

/* ---- its beginning ------------------------------------------------------ */

/* What a client still sends is nobody's; but it has to be read, since behind it
 * may be the end. */
static void discard(struct evbuffer *input, const struct evbuffer_cb_info *info,
                    void *context)
{
    (void)context;
    if (info->n_added > 0)
        evbuffer_drain(input, evbuffer_get_length(input));
}

static void prepare_connection(struct sp_stream *stream)
{
    struct bufferevent *bufferevent = bufferevent_of(stream);
    long long dead_ms = (long long)stream->watch.keepalive_ms * STALLED_MAX;
    unsigned value = dead_ms > INT_MAX ? INT_MAX : (unsigned)dead_ms;

    bufferevent_set_timeouts(bufferevent, NULL, NULL);
    evbuffer_add_cb(bufferevent_get_input(bufferevent), discard, NULL);
    hangup_look_away(&stream->hangup);
    /* a socket of another kind has no such option, and needs none */
    setsockopt(bufferevent_getfd(bufferevent), IPPROTO_TCP, TCP_USER_TIMEOUT,
               &value, sizeof value);
}

static void set_headers(struct evhttp_request *request)
{
    static const char *const rows[][2] = {
        {"Content-Type", "text/event-stream"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Accel-Buffering", "no"},
        {"Connection", "close"},
    };
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    respond_prepare(request, 200);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        evhttp_remove_header(headers, rows[i][0]);
        evhttp_add_header(headers, rows[i][0], rows[i][1]);
    }
}

static void send_first(struct sp_stream *stream)
{
    const char *been = evhttp_find_header(
        evhttp_request_get_input_headers(stream->request), "Last-Event-ID");
    char text[64];

    snprintf(text, sizeof text, "retry: %d\nid: %s\n", stream->watch.retry_ms,
             BEEN_HERE);
    outlet_add(&stream->outlet, text);
    outlet_say(&stream->outlet, "begun", "{}");
    if (been)
        outlet_say(&stream->outlet, "gap", "{}");
}

static void begin(struct reader *reader)
{
    struct sp_stream *stream = (struct sp_stream *)reader;
    struct claim *claim = &stream->claims.claim[stream->asked - 1];

    if (claim->stale)
        plug_tell(stream->plug, stream->request, stream->claims.by_header,
                  claim->id);
    stream->state = STREAM_OPEN;
    prepare_connection(stream);
    set_headers(stream->request);
    evhttp_send_reply_start(stream->request, 200, NULL);
    if (evhttp_request_get_command(stream->request) == EVHTTP_REQ_HEAD) {
        be_over(stream, SP_OK);
        return;
    }
    send_first(stream);
    run_timer(stream->timer, stream->watch.keepalive_ms);
    event_active(stream->turn, EV_TIMEOUT, 0);
}

static void try_next(struct sp_stream *stream)
{
    struct hub_order order = {NULL, stream->prefix, stream->watch.prefix_size};
    enum sp_error error;

    if (stream->asked == stream->claims.count) {
        fail(stream, SP_ENOENT);
        return;
    }
    order.id = stream->claims.claim[stream->asked++].id;
    error = hub_join(stream->plug, stream->async, &order, &stream->reader);
    if (error != SP_OK)
        fail(stream, error);
    else if (stream->reader.is_ready)
        begin(&stream->reader);
}

/* ---- what is heard ------------------------------------------------------ */

static void hear_end(struct sp_stream *stream, enum sp_error error)
{
    if (stream->state == STREAM_OPEN) {
        be_over(stream, error);
    } else if (stream->state == STREAM_ASKING) {
        stream->error = error;
        event_active(stream->turn, EV_TIMEOUT, 0);
    }
}

static void hear(struct reader *reader, const struct sp_news *news)
{
    struct sp_stream *stream = (struct sp_stream *)reader;

    if (sp_news_kind(news) == SP_NEWS_OVER)
        hear_end(stream, sp_news_error(news));
    else
        news_send(&stream->outlet, news, stream->watch.flags & SP_PLUG_BASE64);
}

/* ---- its own events ----------------------------------------------------- */

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct sp_stream *stream = context;

    (void)fd;
    (void)what;
    if (stream->state != STREAM_ASKING) {
        stream->was_opened = true;
        if (stream->watch.opened)
            stream->watch.opened(stream, stream->watch.context);
        return;
    }
    hub_leave(&stream->reader);
    if (stream->error == SP_ENOENT)
        try_next(stream);
    else
        fail(stream, stream->error);
}

/* A comment, which browsers ignore: a client that is no more is found out by
 * what is sent to it. */
static void keep_alive(struct sp_stream *stream)
{
    if (outlet_look(&stream->outlet) >= STALLED_MAX) {
        drop_connection(stream);
        return;
    }
    if (outlet_is_empty(&stream->outlet))
        outlet_add(&stream->outlet, ":\n\n");
    run_timer(stream->timer, stream->watch.keepalive_ms);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct sp_stream *stream = context;

    (void)fd;
    (void)what;
    switch (stream->state) {
    case STREAM_ASKING:
        fail(stream, SP_ETIMEDOUT);
        break;
    case STREAM_OPEN:
        keep_alive(stream);
        break;
    case STREAM_OVER:
        finish(stream);
        break;
    case STREAM_GONE:
        break;
    }
}

/* ---- the program's words ------------------------------------------------ */

static bool is_valid(const struct sp_plug *plug, const struct sp_async *async,
                     struct evhttp_request *request,
                     const struct sp_plug_watch *watch)
{
    return plug && async && request && watch &&
           evhttp_request_get_connection(request) &&
           watch->prefix_size <= SP_PREFIX_MAX &&
           (watch->prefix || watch->prefix_size == 0) &&
           !(watch->flags & ~(unsigned)(SP_PLUG_LIFE | SP_PLUG_BASE64)) &&
           watch->timeout_ms >= SP_TIMEOUT_INFINITE && watch->retry_ms >= 0 &&
           watch->keepalive_ms >= 0;
}

static void set_watch(struct sp_stream *stream,
                      const struct sp_plug_watch *watch)
{
    struct sp_plug_watch *own = &stream->watch;

    *own = *watch;
    own->prefix = stream->prefix;
    if (own->prefix_size > 0)
        memcpy(stream->prefix, watch->prefix, own->prefix_size);
    own->timeout_ms = own->timeout_ms ? own->timeout_ms : SP_TIMEOUT_DEFAULT;
    own->retry_ms = own->retry_ms ? own->retry_ms : SP_PLUG_RETRY;
    own->keepalive_ms =
        own->keepalive_ms ? own->keepalive_ms : SP_PLUG_KEEPALIVE;
    stream->reader.life = own->flags & SP_PLUG_LIFE;
    stream->reader.ready = begin;
    stream->reader.told = hear;
}

static bool prepare(struct sp_stream *stream)
{
    struct event_base *base = evhttp_connection_get_base(
        evhttp_request_get_connection(stream->request));

    stream->timer = evtimer_new(base, on_timer, stream);
    stream->turn = event_new(base, -1, 0, on_turn, stream);
    return stream->timer && stream->turn &&
           hangup_watch(&stream->hangup, stream->request, on_gone, stream);
}

enum sp_error sp_plug_stream(struct sp_plug *plug, struct sp_async *async,
                             struct evhttp_request *request,
                             const struct sp_plug_watch *watch)
{
    struct sp_stream *stream;

    if (!is_valid(plug, async, request, watch))
        return SP_EINVAL;
    stream = calloc(1, sizeof *stream);
    if (!stream)
        return SP_ENOMEM;
    stream->plug = plug;
    stream->async = async;
    stream->request = stream->outlet.request = request;
    set_watch(stream, watch);
    if (!prepare(stream)) {
        destroy(stream);
        return SP_ENOMEM;
    }
    if (stream->watch.timeout_ms != SP_TIMEOUT_INFINITE)
        run_timer(stream->timer, stream->watch.timeout_ms);
    claims_read(plug, request, &stream->claims);
    try_next(stream);
    return SP_OK;
}

enum sp_error sp_stream_send(struct sp_stream *stream, const char *type,
                             const void *data, size_t size)
{
    if (!stream || stream->state != STREAM_OPEN || (!data && size > 0) ||
        (type && !sse_type_valid(type)))
        return SP_EINVAL;
    if (size > SP_PLUG_STREAM_BYTES)
        return SP_EMSGSIZE;
    if (!sse_is_text(data, size))
        return SP_EINVAL;
    return outlet_send(&stream->outlet, type, data, size, false);
}

const char *sp_stream_id(const struct sp_stream *stream)
{
    return stream->claims.claim[stream->asked - 1].id;
}
