/* SPDX-License-Identifier: MIT */
/* base/text.h - strangers' bytes as text that is safe to print. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/* Copies len bytes to out as printable UTF-8: control characters and bytes
 * that are not UTF-8 become \xNN.  Cut between characters so that it fits
 * out_size (at least 1) with its NUL.  Returns the length written. */
size_t text_printable(char *out, size_t out_size, const void *bytes,
                      size_t len);

/* The largest n <= limit such that the first n of the len bytes do not end
 * inside a UTF-8 character. */
size_t text_cut(const char *text, size_t len, size_t limit);

#endif
