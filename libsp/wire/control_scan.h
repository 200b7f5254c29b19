/* SPDX-License-Identifier: MIT */
/* wire/control_scan.h - the plainest form of a request, in one pass: a flat
 * object of texts, as libsp writes a start or a stop.  jansson makes objects of
 * it, which is most of what spd computes for a start.  Pure. */
#ifndef WIRE_CONTROL_SCAN_H
#define WIRE_CONTROL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* X(key): what may be in it. */
#define CONTROL_PLAIN_TABLE(X) X(op) X(id) X(module) X(arg_base64)

/* In the bytes of the request; NULL: not there. */
struct control_text {
    const char *bytes;
    size_t size;
};

struct control_plain {
#define CONTROL_PLAIN_FIELD_(key) struct control_text key;
    CONTROL_PLAIN_TABLE(CONTROL_PLAIN_FIELD_)
#undef CONTROL_PLAIN_FIELD_
};

/* True: all of the bytes are such an object, without white space, each key is
 * one of the table and there once, and each value is printable ASCII without
 * escapes: jansson would say the same.  Nothing is checked besides.  False: it
 * is jansson's to say what it is. */
bool control_scan(const void *json, size_t size,
                  struct control_plain *out_plain);

#endif
