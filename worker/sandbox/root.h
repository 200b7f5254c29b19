/* SPDX-License-Identifier: MIT */
/* worker/sandbox/root.h - a file system in which there is nothing but what the
 * module may read, and that for reading only. */
#ifndef SANDBOX_ROOT_H
#define SANDBOX_ROOT_H

#include <stdbool.h>

#include "fault.h"
#include "libraries.h"
#include "wire/sandbox.h"

struct root {
    /* shown to load the module, and not for good */
    const char *module;        /* borrowed; NULL: there is none such */
    bool libraries[LIBRARIES];
};

/* Gives this process, in a mount namespace of its own, a new root with library
 * folders, the files (as of sandbox_prepare()) and the paths of allow_read.
 * -1: fault says what could not be shown. */
int root_enter(struct root *root, const struct sandbox_record *orders,
               const char *const *files, struct fault *fault);

/* Takes away what was there only for the module to be loaded, from every process
 * that has this root.  -1: fault says what is left. */
int root_empty(const struct root *root, struct fault *fault);

#endif
