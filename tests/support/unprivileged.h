/* SPDX-License-Identifier: MIT */
/* support/unprivileged.h - for tests of what root is not subject to, and of who
 * is somebody else. */
#ifndef SUPPORT_UNPRIVILEGED_H
#define SUPPORT_UNPRIVILEGED_H

/* The tests' own user, and group: whose processes and files are then nobody
 * else's.  It is in no passwd file, in no range that Debian or systemd gives
 * users from, and not in spd's uid_range.  scripts/test.sh finds it here. */
#define UNPRIVILEGED_ID 65521

#define UNPRIVILEGED_TEXT_(id) #id
#define UNPRIVILEGED_TEXT_OF_(id) UNPRIVILEGED_TEXT_(id)
#define UNPRIVILEGED_TEXT UNPRIVILEGED_TEXT_OF_(UNPRIVILEGED_ID)

/* Makes the test process that user's, for good, if it is root's: before the
 * harness is started.  Skips the test, with the reason, where that cannot be,
 * or where this user cannot run what was built. */
void unprivileged_become(void);

/* Has the harness run copies of spd, its worker and its modules, and of the test
 * module, that lie in this directory and are this user's.  In a user namespace
 * that maps nobody else, root's files are a stranger's: spd runs none. */
void unprivileged_own_programs(const char *dir);

#endif
