/* SPDX-License-Identifier: MIT */
/* Base64, strict: one text for one value. */
#include "base64.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *out, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at += 3) {
        size_t left = size - at;
        uint32_t bits = (uint32_t)data[at] << 16;

        if (left > 1)
            bits |= (uint32_t)data[at + 1] << 8;
        if (left > 2)
            bits |= data[at + 2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[bits & 63] : '=';
    }
    *out = '\0';
}

static int value_of(char c)
{
    const char *found = c ? strchr(alphabet, c) : NULL;

    return found ? (int)(found - alphabet) : -1;
}

bool base64_decode(uint8_t *out, size_t *out_size, const char *text, size_t len)
{
    uint8_t *to = out;

    if (len % 4 != 0)
        return false;
    for (size_t at = 0; at < len; at += 4) {
        size_t pad = 0;
        uint32_t bits = 0;

        if (at + 4 == len && text[at + 3] == '=')
            pad = text[at + 2] == '=' ? 2 : 1;
        for (size_t i = 0; i < 4 - pad; i++) {
            int value = value_of(text[at + i]);

            if (value < 0)
                return false;
            bits |= (uint32_t)value << (18 - 6 * i);
        }
        if (pad > 0 && (bits & (pad == 2 ? 0xffff : 0xff)) != 0)
            return false;
        *to++ = (uint8_t)(bits >> 16);
        if (pad < 2)
            *to++ = (uint8_t)(bits >> 8);
        if (pad < 1)
            *to++ = (uint8_t)bits;
    }
    *out_size = (size_t)(to - out);
    return true;
}
