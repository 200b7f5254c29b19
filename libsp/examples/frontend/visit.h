/* SPDX-License-Identifier: MIT */
/* frontend/visit.h - what a session says of itself, as its page shows it. */
#ifndef FRONTEND_VISIT_H
#define FRONTEND_VISIT_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of the session's answer; any bytes but a newline. */
struct line {
    const char *at;
    size_t size;
};

/* The most notes that are shown, whatever a session answers. */
#define VISIT_NOTES_MAX 100

struct visit {
    long pid;
    unsigned long long uptime_ms;
    unsigned long long count;
    struct line said; /* what the system has answered it; size 0: nothing */
    struct line note[VISIT_NOTES_MAX]; /* the oldest first */
    size_t notes;
};

/* Reads the answer to "show", which the visit borrows.  False: it is none. */
bool visit_read(struct visit *out_visit, const char *text, size_t size);

#endif
