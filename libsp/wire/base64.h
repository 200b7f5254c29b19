/* SPDX-License-Identifier: MIT */
/* wire/base64.h - RFC 4648, section 4, padded.  (None of the libraries that
 * the project stands on has it.) */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of text, with its NUL, for `size` bytes of data. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)

void base64_encode(char *out, const uint8_t *data, size_t size);

/* Decodes len characters into out, which has room for len / 4 * 3 bytes.
 * False: not base64 (white space, wrong padding and stray bits included). */
bool base64_decode(uint8_t *out, size_t *out_size, const char *text,
                   size_t len);

#endif
