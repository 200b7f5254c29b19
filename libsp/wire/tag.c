/* SPDX-License-Identifier: MIT */
/* The runtime's marks in bodies: encode and decode. */
#include "tag.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const uint8_t mark[3] = {0, 'S', 'P'};

static bool has_mark(const uint8_t *body, size_t len)
{
    return len >= sizeof mark && memcmp(body, mark, sizeof mark) == 0;
}

struct wire_body wire_body_get(const uint8_t *body, size_t len)
{
    struct wire_body rest = {WIRE_BODY_BAD, body, len};

    if (!has_mark(body, len)) {
        rest.kind = WIRE_BODY_PLAIN;
        return rest;
    }
    if (len < WIRE_TAG_SIZE)
        return rest;
    rest.data = body + WIRE_TAG_SIZE;
    rest.size = len - WIRE_TAG_SIZE;
    switch (body[3]) {
    case '!':
        rest.kind = WIRE_BODY_ERROR;
        break;
    case '=':
        rest.kind = WIRE_BODY_PLAIN;
        break;
    case '>':
        rest.kind = WIRE_BODY_CAST;
        break;
    case '&':
        rest.kind = WIRE_BODY_CAST_ACKED;
        break;
    }
    return rest;
}

bool wire_body_needs_literal(const uint8_t *body, size_t len)
{
    return has_mark(body, len);
}

void wire_tag_put(uint8_t out[WIRE_TAG_SIZE], char tag)
{
    memcpy(out, mark, sizeof mark);
    out[3] = (uint8_t)tag;
}

size_t wire_error_put(uint8_t out[WIRE_ERROR_MAX], enum sp_error error,
                      const char *text, size_t text_len)
{
    char number[12];
    int digits = snprintf(number, sizeof number, "%u ", (unsigned)error);

    text_len = text_cut(text, text_len, SP_TEXT_MAX);
    wire_tag_put(out, '!');
    memcpy(out + WIRE_TAG_SIZE, number, (size_t)digits);
    memcpy(out + WIRE_TAG_SIZE + digits, text, text_len);
    return WIRE_TAG_SIZE + (size_t)digits + text_len;
}

static bool may_come_from_session(unsigned number)
{
    switch (number) {
#define CASE(name, number, exit, from_session, text)                           \
    case number:                                                               \
        return from_session;
        SP_ERROR_TABLE(CASE)
#undef CASE
    }
    return false;
}

enum sp_error wire_error_get(const uint8_t *data, size_t size,
                             enum sp_error *out_error, const char **out_text,
                             size_t *out_text_len)
{
    unsigned number = 0;
    size_t at = 0;

    while (at < size && at < 4 && data[at] >= '0' && data[at] <= '9')
        number = number * 10 + (unsigned)(data[at++] - '0');
    if (at == 0 || at == size || data[at] != ' ' ||
        size - at - 1 > SP_TEXT_MAX || !may_come_from_session(number))
        return SP_EPROTO;
    *out_error = (enum sp_error)number;
    *out_text = (const char *)data + at + 1;
    *out_text_len = size - at - 1;
    return SP_OK;
}
