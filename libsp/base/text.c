/* SPDX-License-Identifier: MIT */
/* Strangers' bytes as text: used for log lines, error texts and JSON.  What is
 * printable is decided byte by byte and without a locale. */
#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The size of the UTF-8 character at bytes (RFC 3629: shortest form, no
 * surrogates, up to U+10FFFF), or 0. */
static size_t utf8_size(const uint8_t *bytes, size_t len)
{
    uint8_t first = bytes[0];

    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return len >= 2 && is_continuation(bytes[1]) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        if (len < 3 || !is_continuation(bytes[1]) || !is_continuation(bytes[2]))
            return 0;
        if ((first == 0xe0 && bytes[1] < 0xa0) ||
            (first == 0xed && bytes[1] > 0x9f))
            return 0;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if (len < 4 || !is_continuation(bytes[1]) ||
            !is_continuation(bytes[2]) || !is_continuation(bytes[3]))
            return 0;
        if ((first == 0xf0 && bytes[1] < 0x90) ||
            (first == 0xf4 && bytes[1] > 0x8f))
            return 0;
        return 4;
    }
    return 0;
}

/* C0 and DEL; C1 controls are two bytes, 0xc2 0x80 to 0xc2 0x9f. */
static bool is_control(const uint8_t *bytes, size_t size)
{
    return (size == 1 && (bytes[0] < 0x20 || bytes[0] == 0x7f)) ||
           (size == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

size_t text_printable(char *out, size_t out_size, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    size_t written = 0;

    while (len > 0) {
        size_t size = utf8_size(in, len);

        if (size > 0 && !is_control(in, size)) {
            if (written + size >= out_size)
                break;
            memcpy(out + written, in, size);
            written += size;
        } else {
            if (written + 4 >= out_size)
                break;
            snprintf(out + written, 5, "\\x%02x", in[0]);
            written += 4;
            size = 1;
        }
        in += size;
        len -= size;
    }
    out[written] = '\0';
    return written;
}

size_t text_cut(const char *text, size_t len, size_t limit)
{
    if (len <= limit)
        return len;
    while (limit > 0 && is_continuation((uint8_t)text[limit]))
        limit--;
    return limit;
}
