/* SPDX-License-Identifier: MIT */
/* worker/sandbox/death.h - a process ends with spd. */
#ifndef SANDBOX_DEATH_H
#define SANDBOX_DEATH_H

#include <sys/types.h>

/* The kernel kills this process when spd's thread ends.  spd has one thread, so
 * that is spd.  -1 and errno; ESRCH: parent has ended before the link stood.
 * A change of uid undoes it, and it is not inherited. */
int death_link(pid_t parent);

/* The same for who does not see its parent, from another pid namespace: pidfd is
 * spd's. */
int death_link_unseen(int pidfd);

#endif
