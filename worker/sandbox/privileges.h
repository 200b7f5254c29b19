/* SPDX-License-Identifier: MIT */
/* worker/sandbox/privileges.h - a uid of its own, and no capability. */
#ifndef SANDBOX_PRIVILEGES_H
#define SANDBOX_PRIVILEGES_H

#include "fault.h"
#include "wire/sandbox.h"

/* For good.  The kernel forgets the death link (PR_SET_PDEATHSIG) over it.
 * -1: fault says what could not be given up. */
int privileges_drop(const struct sandbox_record *orders, struct fault *fault);

/* Its second half: for who has got capabilities in a namespace of its own.  -1:
 * fault says what could not be given up. */
int privileges_drop_capabilities(struct fault *fault);

#endif
