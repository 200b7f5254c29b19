/* SPDX-License-Identifier: MIT */
/* frontend/response.h - an HTML response in the making, with the headers that
 * keep it in its place. */
#ifndef FRONTEND_RESPONSE_H
#define FRONTEND_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;
struct evhttp_request;

struct response {
    struct evhttp_request *request; /* borrowed, until it is sent */
    struct evbuffer *body;          /* owned */
};

/* Begins a response.  False: no memory; the request is answered with 500. */
bool response_begin(struct response *response, struct evhttp_request *request);

/* Appends HTML of our own, as printf() has it.  Strings that are not ours go
 * through response_text(). */
__attribute__((format(printf, 2, 3))) void
response_html(struct response *response, const char *format, ...);

/* Appends anybody's text, escaped. */
void response_text(struct response *response, const char *text);
void response_bytes(struct response *response, const void *bytes, size_t size);

/* Sends it, which ends the response and the request. */
void response_send(struct response *response, int status);

/* Sends a file of ours, which lives as long as the program. */
void response_asset(struct evhttp_request *request, const char *type,
                    const void *bytes, size_t size);

/* Answers a form: "see there" (303), where the browser goes by GET, so that
 * reloading the page sends nothing twice. */
void response_redirect(struct evhttp_request *request, const char *path);

#endif
