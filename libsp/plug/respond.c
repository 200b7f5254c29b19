/* SPDX-License-Identifier: MIT */
/* Outcomes as HTTP: statuses, headers, bodies.  What a session says is
 * anybody's words: without a type of the server's own it is plain text, which
 * no browser runs.  Called by answer.c. */
#include "respond.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>

#define TEXT_PLAIN "text/plain; charset=utf-8"

int sp_plug_status(enum sp_error error)
{
    switch (error) {
    case SP_OK:
        return 200;
    case SP_EREQUEST:
        return 400;
    case SP_EIGNORED:
        return 403;
    case SP_ENOENT:
        return 404;
    case SP_EMSGSIZE:
        return 413;
    case SP_EREPLY:
        return 422;
    case SP_EDIED:
    case SP_EENDED:
    case SP_EINIT:
    case SP_EPROTO:
        return 502;
    case SP_ELIMIT:
    case SP_EAGAIN:
    case SP_ENOMEM:
    case SP_ENOSUP:
        return 503;
    case SP_ETIMEDOUT:
        return 504;
    case SP_EINVAL:
    case SP_EBADID:
    case SP_EALREADY:
    case SP_EMODULE:
    case SP_ELOAD:
    case SP_EPERM:
    case SP_ESYSTEM:
    case SP_EFORKED:
        break;
    }
    return 500;
}

static void set_default(struct evkeyvalq *headers, const char *name,
                        const char *value)
{
    if (!evhttp_find_header(headers, name))
        evhttp_add_header(headers, name, value);
}

void respond_prepare(struct evhttp_request *request, int status)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char seconds[16];

    set_default(headers, "Cache-Control", "no-store");
    snprintf(seconds, sizeof seconds, "%d", SP_PLUG_RETRY_AFTER);
    if (status == 503)
        set_default(headers, "Retry-After", seconds);
}

static void free_bytes(const void *bytes, size_t size, void *context)
{
    (void)bytes;
    (void)size;
    free(context);
}

/* The reply's bytes, which are not copied. */
static bool add_reply(struct evbuffer *body, struct sp_result *result)
{
    size_t size;
    void *bytes = sp_result_take(result, &size);

    if (!bytes)
        return false;
    if (evbuffer_add_reference(body, bytes, size, free_bytes, bytes) == 0)
        return true;
    free(bytes);
    return false;
}

static bool add_error(struct evbuffer *body,
                      const struct sp_plug_outcome *outcome)
{
    bool own = outcome->error == SP_EREPLY && outcome->result;
    const char *text = own ? sp_result_text(outcome->result)
                           : sp_strerror(outcome->error);

    return evbuffer_add_printf(body, "%s\n", text) >= 0;
}

static void set_type(struct evkeyvalq *headers, bool is_reply)
{
    if (!is_reply)
        evhttp_remove_header(headers, "Content-Type");
    set_default(headers, "Content-Type", TEXT_PLAIN);
    set_default(headers, "X-Content-Type-Options", "nosniff");
}

/* libevent sends what is in the body also as the answer to HEAD. */
static void leave_out_body(struct evkeyvalq *headers, struct evbuffer *body)
{
    char size[32];

    snprintf(size, sizeof size, "%zu", evbuffer_get_length(body));
    set_default(headers, "Content-Length", size);
    evbuffer_drain(body, evbuffer_get_length(body));
}

void respond_send(struct evhttp_request *request,
                  const struct sp_plug_outcome *outcome)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    bool is_reply = outcome->error == SP_OK;
    int status = outcome->status;

    set_type(headers, is_reply);
    if (!body || !(is_reply ? add_reply(body, outcome->result)
                            : add_error(body, outcome)))
        status = sp_plug_status(SP_ENOMEM);
    if (body && evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
        leave_out_body(headers, body);
    evhttp_send_reply(request, status, NULL, body);
    if (body)
        evbuffer_free(body);
}
