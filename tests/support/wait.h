/* SPDX-License-Identifier: MIT */
/* support/wait.h - wait for an event, with a deadline.  None of these sleeps
 * for a fixed time; each returns as soon as what it waits for is there.
 * Timeouts are in milliseconds from the call. */
#ifndef SUPPORT_WAIT_H
#define SUPPORT_WAIT_H

#include <stdbool.h>
#include <sys/types.h>

/* Long enough for any step on a loaded machine with sanitizers; a test that
 * waits this long has failed. */
#define WAIT_MS 20000

/* fd has bytes, a connection or an end of file to read. */
bool wait_readable(int fd, int timeout_ms);

/* fd takes bytes. */
bool wait_writable(int fd, int timeout_ms);

/* The process of this pidfd has ended. */
bool wait_exit(int pidfd, int timeout_ms);

/* The process has ended; it need not be a child.  A process that is not there
 * (any more) has. */
bool wait_pid_gone(pid_t pid, int timeout_ms);

/* There is something of this name; or there is nothing of it any more.  The
 * directory that holds it must exist. */
bool wait_path(const char *path, int timeout_ms);
bool wait_path_gone(const char *path, int timeout_ms);

/* condition(context) has become true.  For what the kernel has no event for
 * (another process's /proc file): asks again every few milliseconds. */
bool wait_for(bool (*condition)(void *context), void *context, int timeout_ms);

#endif
