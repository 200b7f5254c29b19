/* SPDX-License-Identifier: MIT */
/* plug/sse.h - server-sent events as bytes (HTML standard, 9.2 "Server-sent
 * events").  No sockets. */
#ifndef PLUG_SSE_H
#define PLUG_SSE_H

#include <stdbool.h>
#include <stddef.h>

struct evbuffer;

/* The longest type, in bytes. */
#define SSE_TYPE_MAX 64

/* Whether this is 1 to SSE_TYPE_MAX letters, digits, '_' and '-'. */
bool sse_type_valid(const char *type);

/* Whether bytes are UTF-8, and so can be an event's data as they are. */
bool sse_is_text(const void *bytes, size_t size);

/* Appends one event.  type: valid; NULL: "message".  data: text, whose line
 * breaks each arrive as LF.  False: no memory, and nothing was appended. */
bool sse_add(struct evbuffer *out, const char *type, const void *data,
             size_t size);

/* Appends one event "base64" with any bytes. */
bool sse_add_base64(struct evbuffer *out, const void *bytes, size_t size);

/* Writes text as a JSON string, with its quotes and a NUL: what is not text
 * becomes "".  Cut before the size is reached. */
void sse_json(char *out, size_t size, const char *text);

#endif
