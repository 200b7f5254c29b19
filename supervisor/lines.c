/* SPDX-License-Identifier: MIT */
/* Cuts at newlines, and at nothing else: whatever might pass for one on
 * somebody's screen is made printable. */
#include "lines.h"

#include <string.h>

#include "base/text.h"

bool lines_next(struct lines *lines, struct lines *out_line)
{
    while (lines->size > 0) {
        const char *newline = memchr(lines->bytes, '\n', lines->size);
        size_t size = newline ? (size_t)(newline - lines->bytes) : lines->size;
        struct lines line = {lines->bytes, size};

        if (newline)
            size++;
        lines->bytes += size;
        lines->size -= size;
        if (line.size > 0) {
            *out_line = line;
            return true;
        }
    }
    return false;
}

void lines_print(const struct lines *line, char out[LINES_SIZE])
{
    text_printable(out, LINES_SIZE, line->bytes, line->size);
}
