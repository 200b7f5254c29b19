/* SPDX-License-Identifier: MIT */
/* support/leftovers.h - what a test may not leave behind: descriptors of its
 * own process, child processes, files. */
#ifndef SUPPORT_LEFTOVERS_H
#define SUPPORT_LEFTOVERS_H

/* The test process's open descriptors at one moment. */
struct leftovers;

/* Takes note of the open descriptors, and makes this process the one that
 * orphans of its children become children of: no descendant gets away.  The
 * caller ends it with leftovers_check() or leftovers_free(). */
struct leftovers *leftovers_note(void);

/* So many descriptors may be left open.  For nng 1.5, which now and then loses
 * the socket of a connection that ends while it is being opened again. */
void leftovers_allow_sockets(int count);

/* Fails the test if a descriptor is open that was not, or if there is any
 * child process, dead or alive (a living one is killed then).  Frees it. */
void leftovers_check(struct leftovers *leftovers);
void leftovers_free(struct leftovers *leftovers);

/* Waits for all children that were orphaned onto this process to end, and
 * reaps them.  For tests that kill a supervisor.  Fails past the deadline. */
void leftovers_reap_orphans(int timeout_ms);

/* Fails the test if the directory holds anything.  One that does not exist
 * holds nothing. */
void leftovers_check_empty(const char *directory);

#define LEFTOVERS_DIRECTORY_SIZE sizeof "/tmp/spt-XXXXXX"

/* Makes a private directory, mode 0700, with a short path.  The caller removes
 * it with leftovers_remove(); should the test fail first, it is removed at the
 * exit of the process. */
void leftovers_directory(char out[LEFTOVERS_DIRECTORY_SIZE]);

/* Removes a directory with all that is in it. */
void leftovers_remove(const char *directory);

#endif
