/* SPDX-License-Identifier: MIT */
/* The framing of server-sent events: fields, each on its line, and an empty
 * line at the end of an event.  A line ends with CR, LF or CR LF, so that data
 * is cut at each of these into several fields, which the browser joins by LF:
 * nothing that a session says can end its event or begin a field.  Called by
 * outlet.c and stream.c. */
#include "sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <openssl/evp.h>

bool sse_type_valid(const char *type)
{
    size_t size = strspn(type, "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    return size >= 1 && size <= SSE_TYPE_MAX && type[size] == '\0';
}

/* ---- text --------------------------------------------------------------- */

/* First bytes, and the least second byte and the greatest behind them: what
 * RFC 3629 allows, without longer forms, surrogates, or more than U+10FFFF. */
static const struct {
    unsigned char first, last, least, most;
    size_t size;
} characters[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The bytes of the character at `at`; 0: there is none. */
static size_t character_size(const unsigned char *at, size_t left)
{
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        size_t size = characters[i].size;

        if (*at < characters[i].first || *at > characters[i].last)
            continue;
        if (size > left || (size > 1 && (at[1] < characters[i].least ||
                                         at[1] > characters[i].most)))
            return 0;
        for (size_t k = 2; k < size; k++)
            if ((at[k] & 0xc0) != 0x80)
                return 0;
        return size;
    }
    return 0;
}

bool sse_is_text(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    while (size > 0) {
        size_t step = character_size(at, size);

        if (step == 0)
            return false;
        at += step;
        size -= step;
    }
    return true;
}

/* ---- events ------------------------------------------------------------- */

/* The bytes up to the next line break, or all. */
static size_t line_size(const char *at, size_t left)
{
    size_t size = 0;

    while (size < left && at[size] != '\r' && at[size] != '\n')
        size++;
    return size;
}

/* The bytes of the line break at `at`; 0: there is none. */
static size_t break_size(const char *at, size_t left)
{
    if (left == 0)
        return 0;
    return at[0] == '\r' && left > 1 && at[1] == '\n' ? 2 : 1;
}

static bool add(struct evbuffer *out, const char *bytes, size_t size)
{
    return size == 0 || evbuffer_add(out, bytes, size) == 0;
}

/* Data that ends with a line break has an empty line behind it. */
static bool add_data(struct evbuffer *out, const char *at, size_t left)
{
    for (;;) {
        size_t size = line_size(at, left), skip;

        if (!add(out, "data: ", 6) || !add(out, at, size) || !add(out, "\n", 1))
            return false;
        skip = break_size(at + size, left - size);
        if (skip == 0)
            return add(out, "\n", 1);
        at += size + skip;
        left -= size + skip;
    }
}

bool sse_add(struct evbuffer *out, const char *type, const void *data,
             size_t size)
{
    struct evbuffer *event = evbuffer_new();
    bool added;

    if (!event)
        return false;
    added = (!type || evbuffer_add_printf(event, "event: %s\n", type) >= 0) &&
            add_data(event, size > 0 ? data : "", size) &&
            evbuffer_add_buffer(out, event) == 0;
    evbuffer_free(event);
    return added;
}

bool sse_add_base64(struct evbuffer *out, const void *bytes, size_t size)
{
    /* EVP_EncodeBlock() writes a NUL, too */
    unsigned char *text = malloc(size / 3 * 4 + 5);
    bool added;
    int written;

    if (!text)
        return false;
    written = EVP_EncodeBlock(text, bytes, (int)size);
    added = sse_add(out, "base64", text, (size_t)written);
    free(text);
    return added;
}

void sse_json(char *out, size_t size, const char *text)
{
    size_t len = 0;

    if (!sse_is_text(text, strlen(text)))
        text = "";
    out[len++] = '"';
    while (*text) {
        size_t step = character_size((const unsigned char *)text, strlen(text));

        if (len + 6 + 2 > size) /* the longest escape, a quote, the NUL */
            break;
        if (*text == '"' || *text == '\\')
            out[len++] = '\\';
        if ((unsigned char)*text < 0x20)
            len += (size_t)sprintf(out + len, "\\u%04x", *text);
        else
            memcpy(out + len, text, step);
        len += (unsigned char)*text < 0x20 ? 0 : step;
        text += step;
    }
    strcpy(out + len, "\"");
}
