/* SPDX-License-Identifier: MIT */
/* worker/sandbox/seccomp.h - which system calls a process may make.  Two
 * filters a template, one on top of the other; sessions inherit both, since
 * loading one costs more than a whole start. */
#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

struct seccomp_profile {
    uint32_t allow;  /* enum sandbox_allow */
    bool reads;      /* allow_read names something */
    bool scoped;     /* signals do not leave a session */
    bool loading;    /* the module is not loaded yet */
    int control_fd;  /* the only one that descriptors come by */
};

/* A compiled filter. */
struct seccomp_program {
    void *code;  /* owned; struct sock_filter */
    size_t size; /* in bytes */
};

/* Compiles a filter, in a child: what libseccomp takes would stay in the heap,
 * and each page of that makes every fork dearer.  -1: fault says why. */
int seccomp_compile(const struct seccomp_profile *profile,
                    struct seccomp_program *out_program, struct fault *fault);

/* Puts it on, for good, and frees it.  -1: fault says why. */
int seccomp_enter(struct seccomp_program *program, struct fault *fault);

#endif
