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

#endif
