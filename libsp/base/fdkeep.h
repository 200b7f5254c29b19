/* SPDX-License-Identifier: MIT */
/* base/fdkeep.h - descriptors of a process by explicit list. */
#ifndef BASE_FDKEEP_H
#define BASE_FDKEEP_H

#include <stddef.h>

/* Closes all descriptors but these, which it sorts.  Async-signal-safe.  -1 and
 * errno. */
int fdkeep(int *fds, size_t count);

#endif
