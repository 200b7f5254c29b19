/* SPDX-License-Identifier: MIT */
/* supervisor/confined.h - what confines a process now, as the kernel tells it:
 * not what it was meant to be. */
#ifndef SUPERVISOR_CONFINED_H
#define SUPERVISOR_CONFINED_H

#include <sys/types.h>

#define CONFINED_TEXT_SIZE 400

/* "none", or the tier whose marks it bears and what is seen of it; "unclear"
 * for some of them alone; "" if the kernel does not say. */
void confined_text(pid_t pid, char out[CONFINED_TEXT_SIZE]);

#endif
