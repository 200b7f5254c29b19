/* SPDX-License-Identifier: MIT */
/* support/http.h - an HTTP client for tests: one request a connection, to a
 * port of 127.0.0.1, with any bytes.  What goes wrong with the connection
 * fails the test. */
#ifndef SUPPORT_HTTP_H
#define SUPPORT_HTTP_H

#include <stddef.h>
#include <stdint.h>

struct http_request {
    uint16_t port;
    const char *method;  /* NULL: GET */
    const char *path;    /* NULL: / */
    const char *host;    /* the Host header; NULL: the address */
    const char *headers; /* more, each with its CRLF; NULL: none */
    const void *body;    /* sent with its Content-Length; NULL: none */
    size_t body_size;
};

/* A response: two strings that point into the bytes that came. */
struct http_response {
    int status;
    const char *head; /* the header lines, each with its CRLF */
    const char *body;
    size_t body_size;
    char *bytes; /* owned */
};

/* Sends a request and reads the response to the end of the connection.  The
 * caller frees it with http_free(). */
struct http_response http_send(const struct http_request *request);

/* The same with all the bytes of a request (or less, or more than one). */
struct http_response http_send_raw(uint16_t port, const void *bytes,
                                   size_t size);

/* Sends a request without a body on a connection that is the caller's to read
 * from and to close. */
int http_dial(const struct http_request *request);

void http_free(struct http_response *response);

/* Copies the value of the first header of this name to out; "" if there is
 * none. */
void http_header(const struct http_response *response, const char *name,
                 char *out, size_t size);

#endif
