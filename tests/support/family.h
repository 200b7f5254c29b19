/* SPDX-License-Identifier: MIT */
/* support/family.h - the children of spd as the kernel knows them. */
#ifndef SUPPORT_FAMILY_H
#define SUPPORT_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "support/harness.h"

/* The first child of a process, dead or alive; 0 without one. */
pid_t family_child(pid_t parent);

/* Calls visit for each child of spd, dead ones included. */
void family_each(const struct harness *harness,
                 void (*visit)(pid_t pid, void *context), void *context);

/* What /proc says of a process: 'R', 'S', 'T' (stopped), 'Z' (zombie); '?'
 * when it is not there. */
char family_state(pid_t pid);

/* Whether it has this name, and lives. */
bool family_is(pid_t pid, const char *name);

/* What a process that waits for a session calls itself. */
#define FAMILY_POOLED "spp:pooled"

/* The living template of a module; 0 without one.  (What it has just forked has
 * its name for a moment, and comes behind it.) */
pid_t family_template(const struct harness *harness, const char *module);

/* The living children of this name, at most 15 bytes of it: one of them, 0
 * without any; and how many. */
pid_t family_named(const struct harness *harness, const char *name);
size_t family_count(const struct harness *harness, const char *name);

/* Stops or continues a process (SIGSTOP, SIGCONT) and waits until it is so. */
void family_stop(pid_t pid);
void family_continue(pid_t pid);

/* The file of this name is mapped in a process: a part of its path. */
bool family_maps(pid_t pid, const char *part);

/* How many descriptors a process has. */
size_t family_fds(pid_t pid);

#endif
