/* SPDX-License-Identifier: MIT */
/* supervisor/lines.h - a datagram of what a session or template has written, as
 * lines.  Pure; logsink.c says whose they are, and how many may be logged. */
#ifndef SUPERVISOR_LINES_H
#define SUPERVISOR_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* As much as is taken of one datagram, and the size of a line with its NUL. */
#define LINES_SIZE 2048

/* What is left of a datagram; borrowed. */
struct lines {
    const char *bytes;
    size_t size;
};

/* The next line that is not empty, without its newline, as it was written.
 * False: there are no more. */
bool lines_next(struct lines *lines, struct lines *out_line);

/* A line in printable UTF-8, cut to fit. */
void lines_print(const struct lines *line, char out[LINES_SIZE]);

#endif
