/* SPDX-License-Identifier: MIT */
/* supervisor/cgroup_own.h - cgroup.h from inside: cgroup.c finds and prepares,
 * cgroup_leaf.c makes what is below. */
#ifndef SUPERVISOR_CGROUP_OWN_H
#define SUPERVISOR_CGROUP_OWN_H

#include <limits.h>
#include <stdbool.h>

#include "cgroup.h"

struct cgroup {
    char base[PATH_MAX]; /* what spd was given; "" without */
    char path[PATH_MAX]; /* libsp-PID in it; "": not used */
    bool found;          /* base can be used */
    char why[CGROUP_TEXT_SIZE];     /* not, or not all controllers */
    char controllers[CGROUP_TEXT_SIZE]; /* those of leaves */
    int lock;           /* owned; of path; -1 without one */
    bool moved;         /* spd is in path/spd */
    unsigned long made; /* to number them */
};

#endif
