/* SPDX-License-Identifier: MIT */
/* worker/inherit.h - what a fork finds in its page tables. */
#ifndef WORKER_INHERIT_H
#define WORKER_INHERIT_H

/* From here on a fork has the code and constants that its parent has used at
 * hand, of all that is loaded now.  Before the sandbox, which takes what it
 * needs.  Where it cannot be done, forks are slower. */
void inherit_code(void);

#endif
