/* SPDX-License-Identifier: MIT */
/* Escaping: the only way for text that is not ours into a page (page.c). */
#include "html.h"

#include <stdbool.h>
#include <string.h>

#include <event2/buffer.h>

static const char *reference_of(unsigned char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* The shortest sequences of each length, with the bits of its first byte: what
 * a longer one could also say is not UTF-8. */
static const struct {
    unsigned char mask, lead;
    unsigned long least;
} lengths[] = {
    {0x80, 0x00, 0x20}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};

static bool is_character(unsigned long code, unsigned long least)
{
    return code >= least && code <= 0x10ffff &&
           !(code >= 0xd800 && code <= 0xdfff) &&
           !(code >= 0x7f && code <= 0x9f);
}

/* The length of the printable character at text, or 0. */
static size_t character_size(const unsigned char *text, size_t left)
{
    for (size_t extra = 0; extra < sizeof lengths / sizeof *lengths; extra++) {
        unsigned long code = text[0] & (unsigned char)~lengths[extra].mask;

        if ((text[0] & lengths[extra].mask) != lengths[extra].lead)
            continue;
        if (extra >= left)
            return 0;
        for (size_t i = 1; i <= extra; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (text[i] & 0x3f);
        }
        return is_character(code, lengths[extra].least) ? extra + 1 : 0;
    }
    return 0;
}

void html_escape(struct evbuffer *out, const void *bytes, size_t size)
{
    const unsigned char *text = bytes;
    size_t at = 0;

    while (at < size) {
        const char *reference = reference_of(text[at]);
        size_t len = character_size(text + at, size - at);

        if (reference)
            evbuffer_add(out, reference, strlen(reference));
        else if (len > 0)
            evbuffer_add(out, text + at, len);
        else
            evbuffer_add(out, "\xef\xbf\xbd", 3);
        at += len > 0 ? len : 1;
    }
}
