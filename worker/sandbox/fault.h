/* SPDX-License-Identifier: MIT */
/* worker/sandbox/fault.h - why a sandbox cannot be applied: the primitive that
 * failed, by name, and the reason. */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <sp/error.h>

struct fault {
    char text[SP_TEXT_MAX / 2];
};

/* Writes the text, and errno in words behind it.  Returns -1. */
__attribute__((format(printf, 2, 3))) int fault_errno(struct fault *fault,
                                                      const char *format, ...);
/* Writes the text alone.  Returns -1. */
__attribute__((format(printf, 2, 3))) int fault_text(struct fault *fault,
                                                     const char *format, ...);

#endif
