/* SPDX-License-Identifier: MIT */
/* Responses: headers, body, sending.  What a page says is page.c's; this file
 * sees to it that a page can do nothing but show itself. */
#include "response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/util.h>

#include "html.h"

/* Referrer-Policy is not no-referrer: with that, browsers send the forms of
 * our own page with "Origin: null". */
static const struct {
    const char *name, *value;
} headers[] = {
    {"Content-Type", "text/html; charset=utf-8"},
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static void add_header(struct evhttp_request *request, const char *name,
                       const char *value)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

static void add_policy(struct response *response)
{
    char policy[256];

    snprintf(policy, sizeof policy,
             "default-src 'none'; style-src 'nonce-%s'; img-src data:; "
             "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
             response->nonce);
    add_header(response->request, "Content-Security-Policy", policy);
}

static void make_nonce(char out[RESPONSE_NONCE_SIZE + 1])
{
    unsigned char random[RESPONSE_NONCE_SIZE / 2];

    evutil_secure_rng_get_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        sprintf(out + 2 * i, "%02x", random[i]);
}

bool response_begin(struct response *response, struct evhttp_request *request)
{
    response->request = request;
    response->body = evbuffer_new();
    if (!response->body) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return false;
    }
    make_nonce(response->nonce);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        add_header(request, headers[i].name, headers[i].value);
    add_policy(response);
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
    add_header(response->request, "Content-Length", size);
    evbuffer_drain(response->body, evbuffer_get_length(response->body));
}

void response_send(struct response *response, int status)
{
    if (evhttp_request_get_command(response->request) == EVHTTP_REQ_HEAD)
        leave_out_body(response);
    evhttp_send_reply(response->request, status, NULL, response->body);
    evbuffer_free(response->body);
}

void response_redirect(struct evhttp_request *request, const char *path)
{
    add_header(request, "Location", path);
    add_header(request, "Cache-Control", "no-store");
    evhttp_send_reply(request, 303, NULL, NULL);
}
