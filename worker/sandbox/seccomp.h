/* SPDX-License-Identifier: MIT */
/* worker/sandbox/seccomp.h - which system calls a process may make.  Two
 * filters a template, one on top of the other; sessions inherit both, since
 * loading one costs more than a whole start.  Of a command module each program
 * puts on the second one: its template and runtime run our own code alone. */
#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

enum seccomp_stage {
    SECCOMP_LOADING, /* the module is not loaded yet */
    SECCOMP_SEALED,  /* it is; a program */
    SECCOMP_STAGES
};

struct seccomp_profile {
    uint32_t allow; /* enum sandbox_allow */
    bool reads;     /* allow_read names something */
    bool scoped;    /* signals do not leave a session */
    int control_fd; /* the only one that descriptors come by */
};

struct seccomp_filters {
    struct sock_fprog programs[SECCOMP_STAGES];
    void *memory; /* owned; of the programs; NULL once all are loaded */
};

/* Compiles both into a file, whatever it held.  What the compiler takes and gives back leaves
 * holes in the heap; who loads the filters is better off without them.  -1:
 * fault says why. */
int seccomp_compile(const struct seccomp_profile *profile, int fd,
                    struct fault *fault);

/* What seccomp_compile() wrote; fd may then be closed.  -1: fault says why. */
int seccomp_take(int fd, struct seccomp_filters *out_filters,
                 struct fault *fault);

/* Loads that of a stage, for good; the last one frees the memory of all.  -1:
 * fault says why. */
int seccomp_enter(struct seccomp_filters *filters, enum seccomp_stage stage,
                  struct fault *fault);

#endif
