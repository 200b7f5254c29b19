/* SPDX-License-Identifier: MIT */
/* worker/primitives_own.h - a trial of each primitive: for primitives.c, which
 * has those of all tiers and of default, and primitives_strict.c.  errno is 0
 * when one begins. */
#ifndef WORKER_PRIMITIVES_OWN_H
#define WORKER_PRIMITIVES_OWN_H

#include "finding.h"
#include "wire/primitive.h"

#define PRIMITIVE_TRY_(NAME, word, NEED, follows)                              \
    void try_##NAME(struct primitive_finding *finding);
PRIMITIVE_TABLE(PRIMITIVE_TRY_)
#undef PRIMITIVE_TRY_

#endif
