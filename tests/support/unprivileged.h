/* SPDX-License-Identifier: MIT */
/* support/unprivileged.h - for tests of what root is not subject to. */
#ifndef SUPPORT_UNPRIVILEGED_H
#define SUPPORT_UNPRIVILEGED_H

/* Makes the test process nobody's, for good, if it is root's: before the
 * harness is started.  Skips the test, with the reason, where that cannot be or where
 * nobody can run what was built. */
void unprivileged_become(void);

#endif
