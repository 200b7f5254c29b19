/* SPDX-License-Identifier: MIT */
/* worker/sandbox/namespaces.h - in strict: namespaces of its own for a template
 * and its sessions, all of one user namespace, in which nobody has a capability
 * once they are set up.
 *
 * The pid namespace is that of the sessions alone: the template cannot be in it,
 * since its forks are to be children of spd.  Its holder (holder.h) is. */
#ifndef SANDBOX_NAMESPACES_H
#define SANDBOX_NAMESPACES_H

#include <sys/types.h>

#include "fault.h"
#include "holder.h"
#include "root.h"
#include "wire/sandbox.h"

struct namespaces {
    struct root root;
    struct holder holder;
};

/* Enters them, with a root of its own and a holder that has said to spd, by
 * control_fd, who it is.  The process must have one thread, and the uid that it
 * is to keep.  files: as of sandbox_prepare(); supervisor: spd's pid.  The
 * kernel forgets the death link over it.  -1: fault says what is missing. */
int namespaces_enter(struct namespaces *namespaces,
                     const struct sandbox_record *orders,
                     const char *const *files, pid_t supervisor,
                     int control_fd, struct fault *fault);

/* Once the module is loaded: nothing is left in the root but allow_read, and
 * what a program needs to be run.  -1:
 * fault says why not. */
int namespaces_seal(struct namespaces *namespaces, struct fault *fault);

#endif
