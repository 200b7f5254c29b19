/* SPDX-License-Identifier: MIT */
/* support/leaks.h - memory that a test leaked fails it.
 *
 *     TestSuite(buf, .fini = leaks_check);
 *
 * Needed because Criterion does not look at the exit status of a test that
 * has passed, which is how LeakSanitizer tells.  Without the sanitizer it
 * does nothing. */
#ifndef SUPPORT_LEAKS_H
#define SUPPORT_LEAKS_H

void leaks_check(void);

#endif
