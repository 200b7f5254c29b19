/* SPDX-License-Identifier: MIT */
/* worker/warm.h - what a pooled process does while it waits, so that the
 * session it becomes need not: it has the kernel put in its page tables what it will
 * read and write.  It takes no memory that a session does not. */
#ifndef WORKER_WARM_H
#define WORKER_WARM_H

struct slot;

void warm_up(struct slot *slot);

#endif
