/* SPDX-License-Identifier: MIT */
/* supervisor/procfs.h - what the kernel tells of a process in /proc/PID.  The
 * process chooses its own name, which is any 15 bytes, and what it maps, so
 * that its files are hostile input: as much is read as is said here, and no
 * more.  The parsers are pure. */
#ifndef SUPERVISOR_PROCFS_H
#define SUPERVISOR_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Times in clock ticks: sysconf(_SC_CLK_TCK) a second. */
struct procfs_stat {
    pid_t parent;
    pid_t session;        /* the process session that it is in */
    uint64_t cpu_ticks;   /* that it has used */
    uint64_t start_ticks; /* when it was made, since the machine's start */
};

/* Of /proc/PID/stat.  False: it makes no sense, and *out_stat is as it was. */
bool procfs_parse_stat(const char *text, size_t size,
                       struct procfs_stat *out_stat);
/* False: there is no such process. */
bool procfs_stat(pid_t pid, struct procfs_stat *out_stat);

/* Now, on the clock of start_ticks. */
uint64_t procfs_now_ticks(void);
/* Since it was made. */
int64_t procfs_age_ms(const struct procfs_stat *stat);

/* Its effective user; -1: there is no such process. */
uid_t procfs_uid(pid_t pid);

/* So much of a process's mappings is looked at. */
#define PROCFS_MAPS_MAX 65536

/* Whether /proc/PID/maps, or the beginning of it, holds the file of this device
 * and inode. */
bool procfs_parse_maps(const char *text, size_t size, dev_t device,
                       ino_t inode);
/* The number of bytes of it that were read; 0 also if the kernel does not
 * tell. */
size_t procfs_maps(pid_t pid, char out_text[PROCFS_MAPS_MAX]);

#endif
