/* SPDX-License-Identifier: MIT */
/* Responses: headers, body, sending.  What a page says is page.c's; this file
 * sees to it that a page can do nothing but show itself. */
#include "response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>

#include "html.h"

/* What a page may load and run is what is served beside it; it may be framed by
 * another page of ours.  Referrer-Policy is not no-referrer: with that,
 * browsers send the forms of our own page with "Origin: null". */
static const struct {
    const char *name, *value;
} headers[] = {
    {"Content-Type", "text/html; charset=utf-8"},
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "SAMEORIGIN"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; "
     "connect-src 'self'; frame-src 'self'; img-src data:; "
     "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"},
};

/* In place of one that the plug has set. */
static void set_header(struct evhttp_request *request, const char *name,
                       const char *value)
{
    struct evkeyvalq *out = evhttp_request_get_output_headers(request);

    evhttp_remove_header(out, name);
    evhttp_add_header(out, name, value);
}

static void set_headers(struct evhttp_request *request)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        set_header(request, headers[i].name, headers[i].value);
}

bool response_begin(struct response *response, struct evhttp_request *request)
{
    response->request = request;
    response->body = evbuffer_new();
    if (!response->body) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return false;
    }
    set_headers(request);
    return true;
}

void response_html(struct response *response, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    evbuffer_add_vprintf(response->body, format, args);
    va_end(args);
}

void response_text(struct response *response, const char *text)
{
    html_escape(response->body, text, strlen(text));
}

void response_bytes(struct response *response, const void *bytes, size_t size)
{
    html_escape(response->body, bytes, size);
}

/* libevent sends what is in the body also as the answer to HEAD. */
static void leave_out_body(struct response *response)
{
    char size[32];

    snprintf(size, sizeof size, "%zu", evbuffer_get_length(response->body));
    set_header(response->request, "Content-Length", size);
    evbuffer_drain(response->body, evbuffer_get_length(response->body));
}

void response_send(struct response *response, int status)
{
    if (evhttp_request_get_command(response->request) == EVHTTP_REQ_HEAD)
        leave_out_body(response);
    evhttp_send_reply(response->request, status, NULL, response->body);
    evbuffer_free(response->body);
}

void response_asset(struct evhttp_request *request, const char *type,
                    const void *bytes, size_t size)
{
    struct response response;

    if (!response_begin(&response, request))
        return;
    set_header(request, "Content-Type", type);
    set_header(request, "Cache-Control", "no-cache");
    evbuffer_add_reference(response.body, bytes, size, NULL, NULL);
    response_send(&response, HTTP_OK);
}

void response_redirect(struct evhttp_request *request, const char *path)
{
    set_header(request, "Location", path);
    set_header(request, "Cache-Control", "no-store");
    evhttp_send_reply(request, 303, NULL, NULL);
}
