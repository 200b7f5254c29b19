/* SPDX-License-Identifier: MIT */
/* worker/sandbox/seccomp.h - which system calls a process may make.  Two
 * filters a template, one on top of the other; sessions inherit both, since
 * loading one costs more than a whole start. */
#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

struct seccomp_profile {
    uint32_t allow;  /* enum sandbox_allow */
    bool reads;      /* allow_read names something */
    bool scoped;     /* signals do not leave a session */
    bool loading;    /* the module is not loaded yet */
    int control_fd;  /* the only one that descriptors come by */
};

/* Compiles and loads the filter, for good.  -1: fault says why. */
int seccomp_enter(const struct seccomp_profile *profile, struct fault *fault);

#endif
