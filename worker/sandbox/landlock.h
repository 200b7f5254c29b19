/* SPDX-License-Identifier: MIT */
/* worker/sandbox/landlock.h - files, TCP, and whom signals reach, by the
 * kernel's Landlock.  Three layers, each opened as a descriptor before there is
 * a filter, and put on when it is its turn:
 *
 *   LOAD     before the module is loaded: library folders, the module's file
 *            and allow_read can be read, and nothing else; of a command module
 *            the first two and the interpreter can be run, too
 *   SEALED   after that: allow_read alone; none of a command module
 *   SESSION  in each session: its siblings are out of reach */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stdbool.h>

#include "fault.h"
#include "wire/sandbox.h"

enum landlock_layer {
    LANDLOCK_LOAD,
    LANDLOCK_SEALED,
    LANDLOCK_SESSION,
    LANDLOCK_LAYERS
};

struct landlock {
    int abi;
    int fds[LANDLOCK_LAYERS]; /* owned; -1: put on, or there is none */
};

/* files: as of sandbox_prepare().  -1: fault says what is missing. */
int landlock_open(const struct sandbox_record *orders,
                  const char *const *files, struct landlock *out_landlock,
                  struct fault *fault);

/* Puts a layer on this process, for good, and closes it.  -1 and errno. */
int landlock_enter(struct landlock *landlock, enum landlock_layer layer);

/* Whether on this kernel a signal cannot leave the processes below a layer. */
bool landlock_scopes_signals(void);

#endif
