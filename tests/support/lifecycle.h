/* SPDX-License-Identifier: MIT */
/* support/lifecycle.h - the lifecycle events that spd keeps. */
#ifndef SUPPORT_LIFECYCLE_H
#define SUPPORT_LIFECYCLE_H

#include <jansson.h>

#include "support/harness.h"

/* All that are kept, oldest first: an array, the caller's to json_decref().
 * Fails if one is missing. */
json_t *lifecycle_events(const struct harness *harness);

/* How many of these are of this session and kind; NULL stands for any. */
unsigned lifecycle_count(const json_t *events, const char *id,
                         const char *kind);

#endif
