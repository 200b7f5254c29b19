/* SPDX-License-Identifier: MIT */
/* nng_once.h - what nng opens once for the process, and keeps, is not what a
 * test has left open. */
#ifndef NNG_ONCE_H
#define NNG_ONCE_H

#include <stdbool.h>

/* Has nng open it, before a test notes what there is. */
void nng_once(void);

/* Whether $SP_CHANNEL names nng.  A binary of tests that do not choose a
 * channel is run once more so: sp_over_nng() in CMakeLists.txt. */
bool nng_is_channel(void);

/* nng_once() then. */
void nng_once_if_channel(void);

#endif
