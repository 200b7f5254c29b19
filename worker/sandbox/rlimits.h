/* SPDX-License-Identifier: MIT */
/* worker/sandbox/rlimits.h - resource limits, soft and hard alike, so that
 * nobody can raise them again.  One that is lower already stays. */
#ifndef SANDBOX_RLIMITS_H
#define SANDBOX_RLIMITS_H

#include <sys/resource.h>

#include "fault.h"
#include "wire/sandbox.h"

/* Those of a template, which its sessions inherit.  -1: fault says which. */
int rlimits_template(const struct sandbox_record *orders, rlim_t open_files,
                     struct fault *fault);

/* Those that only a session can live with.  -1 and errno. */
int rlimits_session(const struct sandbox_record *orders, rlim_t open_files);

/* How many descriptors a session may have: those of the orders, or fewer where
 * spd itself may not have one more.  That one, of just this number, is the
 * template's control socket, which a session thus cannot have. */
rlim_t rlimits_open_files(const struct sandbox_record *orders);

/* How many processes and threads there may be for a program to get one more:
 * those of the orders in strict, where it has a user namespace to itself.  Else
 * its user's are counted, and half of what there may be is left to others.  To
 * be asked before there is a sandbox. */
rlim_t rlimits_processes(const struct sandbox_record *orders);
/* In the program's process.  -1 and errno. */
int rlimits_program(rlim_t processes);

#endif
