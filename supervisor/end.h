/* SPDX-License-Identifier: MIT */
/* supervisor/end.h - how a process ended, as a value and in words.  Pure. */
#ifndef SUPERVISOR_END_H
#define SUPERVISOR_END_H

#include <stdbool.h>
#include <stddef.h>

enum end_kind {
    END_NONE,     /* it has not */
    END_EXITED,   /* code: its exit status */
    END_SIGNALED, /* code: the signal */
    END_UNBORN,   /* there never was a process, or none that said hello */
};

struct end {
    enum end_kind kind;
    int code;
    bool core; /* a core file was written */
};

#define END_TEXT_MAX 64

/* Whether a module or a stop meant it to end so. */
bool end_normal(const struct end *end);

/* "killed by SIGSEGV", "exit status 3", "" for END_NONE. */
void end_text(const struct end *end, char out[END_TEXT_MAX]);

#endif
