/* SPDX-License-Identifier: MIT */
/* supervisor/cgroup_dir.h - a cgroup as what it is: a directory with files. */
#ifndef SUPERVISOR_CGROUP_DIR_H
#define SUPERVISOR_CGROUP_DIR_H

#include <stdbool.h>
#include <stddef.h>

#define CGROUP_PREFIX "libsp-"

/* Writes a text to one of its files, which must be there.  -1 and errno. */
int cgroup_dir_write(const char *path, const char *file, const char *text);
/* Reads one of its files, of which a longer one is cut.  -1 and errno, and "".
 */
int cgroup_dir_read(const char *path, const char *file, char *out, size_t size);

/* Opens and locks it for as long as the descriptor is open: the kernel gives
 * the lock back when its holder dies, whichever way.  -1 and errno:
 * EWOULDBLOCK if somebody has it, ENOENT if it has been removed meanwhile. */
int cgroup_dir_lock(const char *path);

/* Kills all processes in it and below.  -1 and errno; before Linux 5.14 there
 * is no such thing (ENOENT). */
int cgroup_dir_kill(const char *path);

/* Removes it and what is below, as far as no process is there.  Waits so long
 * for those that are being killed to end.  -1 and errno. */
int cgroup_dir_remove(const char *path, int timeout_ms);

/* Removes what spds that are dead have left in it (libsp-PID that nobody has
 * locked), and kills what runs there. */
void cgroup_dir_sweep(const char *path);

#endif
