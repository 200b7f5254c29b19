/* SPDX-License-Identifier: MIT */
/* unit/cgroup_kernel.h - what the kernel does with cgroups of v2, played with
 * plain directories and files: a cgroup gets its files when it is made, takes
 * them along when it is removed, and refuses what the kernel refuses.
 *
 *     kernel_begin("cpu memory pids");
 *     ... cgroup_open(kernel_path("given")) ...
 *     kernel_expect("mkdir given/libsp-PID\n"
 *                   "given/cgroup.subtree_control: +memory\n");
 *     kernel_end();
 *
 * Cgroups are named by their path in the hierarchy, without the "/" that it
 * begins with; "PID" in a name stands for the test process.  The linker leads
 * the calls of what is under test here, and nothing of it is built otherwise
 * than in spd: see CMakeLists.txt. */
#ifndef UNIT_CGROUP_KERNEL_H
#define UNIT_CGROUP_KERNEL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* As the machine is; what kernel_begin() sets is in brackets. */
struct kernel_facts {
    bool mounted;   /* there is a cgroup v2 (true) */
    bool v2;        /* and its directories are of it (true) */
    bool root;      /* spd's user (false) */
    bool delegated; /* what it was given is marked so (false) */
    bool writable;  /* and may be written to (true) */
};
extern struct kernel_facts kernel;

/* The root has these controllers for those below it, of which "given" is one;
 * the test process is in "elsewhere". */
void kernel_begin(const char *controllers);
void kernel_end(void);

/* The path of a cgroup, or the text of one of its files; valid until the
 * fourth call from here.  A file that is not there is "(none)". */
const char *kernel_path(const char *cgroup);
const char *kernel_text(const char *cgroup, const char *file);

/* There is this cgroup; or no longer. */
void kernel_make(const char *cgroup);
bool kernel_has(const char *cgroup);
/* A process comes to be in this one. */
void kernel_put(const char *cgroup, pid_t pid);
/* Whatever is written to a file of this name from now on fails; NULL: nothing
 * does. */
void kernel_refuse(const char *file, int error);

/* Fails the test unless this is what was done since the last time. */
void kernel_expect(const char *acts);

#endif
