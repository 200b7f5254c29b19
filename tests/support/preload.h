/* SPDX-License-Identifier: MIT */
/* support/preload.h - a supervisor whose processes, templates and sessions
 * included, have a library of the test's before libc.
 *
 *     struct preload preload;
 *     struct harness *harness =
 *         preload_start(&preload, SP_TEST_SHIM_CALLS, HARNESS_PROBE_CONFIG);
 *     ...
 *     harness_stop(harness);
 *     preload_fini(&preload);
 */
#ifndef SUPPORT_PRELOAD_H
#define SUPPORT_PRELOAD_H

#include <stdint.h>

#include "support/harness.h"
#include "support/leftovers.h"

struct preload {
    char dir[LEFTOVERS_DIRECTORY_SIZE]; /* owned */
    char words[3][256];                 /* of the environment */
    const char *before[5];
    volatile int64_t *clock_s; /* owned; what shim_clock shows is off by this */
};

/* The configuration must have no [supervisor].  The preload must live as long
 * as the harness. */
struct harness *preload_start(struct preload *out_preload, const char *library,
                              const char *config);
void preload_fini(struct preload *preload);

#endif
