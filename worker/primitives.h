/* SPDX-License-Identifier: MIT */
/* worker/primitives.h - how each primitive is tried.  In a process of its own,
 * which then ends: some cannot be undone. */
#ifndef WORKER_PRIMITIVES_H
#define WORKER_PRIMITIVES_H

#include <sys/types.h>

#include "wire/primitive.h"

/* Tries one.  uid: to become before, SANDBOX_NO_UID for none.  Left UNKNOWN is
 * what spd alone can know. */
void primitive_try(enum primitive primitive, uid_t uid,
                   struct primitive_finding *out_finding);

#endif
