/* SPDX-License-Identifier: MIT */
/* supervisor/cgroup_paths.h - where cgroup v2 is mounted and where a process is
 * in it, out of the lines of /proc/PID/mountinfo and /proc/PID/cgroup.  Pure:
 * who reads the files is cgroup.c. */
#ifndef SUPERVISOR_CGROUP_PATHS_H
#define SUPERVISOR_CGROUP_PATHS_H

#include <limits.h>
#include <stdbool.h>

struct cgroup_mount {
    char root[PATH_MAX];  /* what of the hierarchy is mounted */
    char point[PATH_MAX]; /* where */
};

/* A line of mountinfo.  False, and *out_mount untouched: it is not that of a
 * cgroup2, or is cut short, or names a path that is too long. */
bool cgroup_paths_mount(const char *line, struct cgroup_mount *out_mount);

/* A line of /proc/PID/cgroup; the path in the hierarchy, beginning with "/".
 * False: it is one of v1, or too long. */
bool cgroup_paths_own(const char *line, char out[PATH_MAX]);

/* The directory of a path in the hierarchy.  False: it is not below what is
 * mounted, goes upwards, or is too long. */
bool cgroup_paths_join(const struct cgroup_mount *mount, const char *own,
                       char out[PATH_MAX]);

/* Whether a list of words separated by spaces, which may end in a newline,
 * has this one. */
bool cgroup_paths_listed(const char *list, const char *word);

#endif
