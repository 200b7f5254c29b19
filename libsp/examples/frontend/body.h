/* SPDX-License-Identifier: MIT */
/* frontend/body.h - the fields of a form that was sent. */
#ifndef FRONTEND_BODY_H
#define FRONTEND_BODY_H

#include <stddef.h>

struct evhttp_request;

/* The largest body that the server takes (server.c). */
#define BODY_MAX 8192

enum body_verdict {
    BODY_OK,
    BODY_MISSING,  /* no such field, or it is empty */
    BODY_TOO_LONG, /* longer than size - 1 */
    BODY_NO_FORM,  /* not application/x-www-form-urlencoded */
};

/* Copies the value of a field to out, with its NUL.  What follows a NUL that
 * was sent is cut off. */
enum body_verdict body_field(struct evhttp_request *request, const char *name,
                             char *out, size_t size);

#endif
