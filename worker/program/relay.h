/* SPDX-License-Identifier: MIT */
/* worker/program/relay.h - what a program writes to its standard error, line by
 * line. */
#ifndef PROGRAM_RELAY_H
#define PROGRAM_RELAY_H

#include <stdbool.h>
#include <stddef.h>

/* What is longer is told in pieces. */
#define RELAY_LINE_MAX 1000

struct relay {
    int fd;    /* borrowed; not blocking */
    bool open; /* nobody has closed its other end */
    void (*tell)(void *context, const char *line);
    void *context;
    size_t size; /* of a line that has no end yet */
    char line[RELAY_LINE_MAX + 1];
};

void relay_init(struct relay *relay, int fd,
                void (*tell)(void *context, const char *line), void *context);

/* Tells the lines that have come, of one read; a NUL byte in them as '?'.
 * False: there is nothing more for now, or for good (it is not open, and a line
 * without an end was told). */
bool relay_take(struct relay *relay);
/* All that has come, and a line that has no end. */
void relay_finish(struct relay *relay);

#endif
