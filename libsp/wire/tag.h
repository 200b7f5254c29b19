/* SPDX-License-Identifier: MIT */
/* wire/tag.h - the runtime's own marks in the bodies of requests and replies:
 * NUL, 'S', 'P', tag.  Pure; see PROTOCOL.md, "Body and tag". */
#ifndef WIRE_TAG_H
#define WIRE_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sp/error.h>

#define WIRE_TAG_SIZE 4
/* '!', number, space, text */
#define WIRE_ERROR_MAX (WIRE_TAG_SIZE + 10 + 1 + SP_TEXT_MAX)

enum wire_body_kind {
    WIRE_BODY_PLAIN,      /* the module's bytes, with or without '=' */
    WIRE_BODY_CAST,       /* '>' */
    WIRE_BODY_CAST_ACKED, /* '&' */
    WIRE_BODY_ERROR,      /* '!', see wire_error_get() */
    WIRE_BODY_BAD,        /* the runtime's mark with no tag that it knows */
};

struct wire_body {
    enum wire_body_kind kind;
    const uint8_t *data; /* without mark and tag */
    size_t size;
};

struct wire_body wire_body_get(const uint8_t *body, size_t len);

/* Whether a plain body must be sent with '=' before it. */
bool wire_body_needs_literal(const uint8_t *body, size_t len);

/* Writes mark and tag ('=', '>', '&' or '!'). */
void wire_tag_put(uint8_t out[WIRE_TAG_SIZE], char tag);

/* Writes mark, '!', number, space and text (cut to SP_TEXT_MAX bytes, at the
 * end of a UTF-8 character); returns the size, at most WIRE_ERROR_MAX. */
size_t wire_error_put(uint8_t out[WIRE_ERROR_MAX], enum sp_error error,
                      const char *text, size_t text_len);

/* Parses what follows '!' (wire_body.data) in a reply that a session sent.
 * SP_OK: *out_error is an error that a session may claim, and the text is in
 * data.  SP_EPROTO: it is not. */
enum sp_error wire_error_get(const uint8_t *data, size_t size,
                             enum sp_error *out_error, const char **out_text,
                             size_t *out_text_len);

#endif
