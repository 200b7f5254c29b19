/* SPDX-License-Identifier: MIT */
/* frontend/cause.h - why a process ended, for those who do not know signals. */
#ifndef FRONTEND_CAUSE_H
#define FRONTEND_CAUSE_H

struct cause {
    const char *brief; /* two words */
    const char *title; /* behind "Process 4711" */
    const char *words; /* a sentence */
};

/* What the supervisor's words on an end mean. */
struct cause cause_of(const char *text);

#endif
