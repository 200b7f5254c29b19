/* SPDX-License-Identifier: MIT */
/* An outlet: chunks of one response, in the buffer of its connection.  Once an
 * event is lost all are, until the client has taken everything: then it is told
 * how many, in their place.  Called by stream.c. */
#include "outlet.h"

#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>

#include "sse.h"

static size_t pending(const struct outlet *outlet)
{
    struct evhttp_connection *connection =
        evhttp_request_get_connection(outlet->request);

    return evbuffer_get_length(bufferevent_get_output(
        evhttp_connection_get_bufferevent(connection)));
}

/* The client has taken all. */
static void on_drained(struct evhttp_connection *connection, void *context)
{
    (void)connection;
    outlet_tell_lost(context);
}

/* Hands bytes to the connection, whatever waits there. */
static void queue(struct outlet *outlet, struct evbuffer *bytes)
{
    size_t before = pending(outlet);

    evhttp_send_reply_chunk_with_cb(outlet->request, bytes, on_drained, outlet);
    outlet->queued += pending(outlet) - before;
}

/* Whether an event of this size is lost, which is noted then. */
static bool is_lost(struct outlet *outlet, size_t size)
{
    if (outlet->lost == 0 && size <= SP_PLUG_STREAM_BYTES &&
        pending(outlet) + size <= SP_PLUG_STREAM_BYTES)
        return false;
    outlet->lost++;
    return true;
}

enum sp_error outlet_send(struct outlet *outlet, const char *type,
                          const void *data, size_t size, bool binary)
{
    struct evbuffer *event;
    enum sp_error error = SP_OK;

    if (is_lost(outlet, size))
        return SP_EAGAIN;
    event = evbuffer_new();
    if (!event || !(binary ? sse_add_base64(event, data, size)
                           : sse_add(event, type, data, size))) {
        outlet->lost++;
        error = SP_ENOMEM;
    } else if (is_lost(outlet, evbuffer_get_length(event))) {
        error = SP_EAGAIN;
    } else {
        queue(outlet, event);
    }
    if (event)
        evbuffer_free(event);
    return error;
}

void outlet_say(struct outlet *outlet, const char *type, const char *json)
{
    outlet_send(outlet, type, json, strlen(json), false);
}

bool outlet_insist(struct outlet *outlet, const char *type, const char *json)
{
    struct evbuffer *event = evbuffer_new();
    bool added = event && sse_add(event, type, json, strlen(json));

    if (added)
        queue(outlet, event);
    if (event)
        evbuffer_free(event);
    return added;
}

void outlet_add(struct outlet *outlet, const char *bytes)
{
    struct evbuffer *buffer = evbuffer_new();

    if (buffer && evbuffer_add(buffer, bytes, strlen(bytes)) == 0)
        queue(outlet, buffer);
    if (buffer)
        evbuffer_free(buffer);
}

void outlet_tell_lost(struct outlet *outlet)
{
    char number[32];

    snprintf(number, sizeof number, "%llu", outlet->lost);
    if (outlet->lost > 0 && outlet_insist(outlet, "lost", number))
        outlet->lost = 0;
}

bool outlet_is_empty(const struct outlet *outlet)
{
    return pending(outlet) == 0;
}

unsigned outlet_look(struct outlet *outlet)
{
    size_t taken = outlet->queued - pending(outlet);
    bool stands = !outlet_is_empty(outlet) && taken == outlet->last_taken;

    outlet->stalled = stands ? outlet->stalled + 1 : 0;
    outlet->last_taken = taken;
    return outlet->stalled;
}
