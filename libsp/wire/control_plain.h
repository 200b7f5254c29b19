/* SPDX-License-Identifier: MIT */
/* wire/control_plain.h - the plain form of a request: what control_scan() takes
 * and is right in every way.  Pure. */
#ifndef WIRE_CONTROL_PLAIN_H
#define WIRE_CONTROL_PLAIN_H

#include "control.h"

/* False: it is another form, or something is wrong with it: control.c finds out
 * what.  Else as control_request_decode(). */
bool control_plain_decode(const void *json, size_t size,
                          struct control_request *out_request);

/* Whether a request has that form, but for an argument. */
bool control_plain(const struct control_request *request);
/* Encodes one that has; as control_request_encode(). */
char *control_plain_encode(const struct control_request *request,
                           size_t *out_size);

#endif
