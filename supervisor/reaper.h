/* SPDX-License-Identifier: MIT */
/* supervisor/reaper.h - the children that no pidfd accounts for.
 *
 * A known process is reaped through its pidfd.  A SIGCHLD may also be that of
 * a child that died before its hello, or that nobody announced: it starts one
 * bounded sweep over our children, at most ten a second, however many come. */
#ifndef SUPERVISOR_REAPER_H
#define SUPERVISOR_REAPER_H

#include <stdbool.h>
#include <sys/types.h>

struct event_base;
struct process_table;
struct reaper;

/* Whether somebody else waits for this child. */
typedef bool reaper_known_fn(void *context, pid_t pid);

/* table and context are borrowed.  NULL: no memory. */
struct reaper *reaper_create(struct event_base *base,
                             struct process_table *table,
                             reaper_known_fn *known, void *context);
void reaper_destroy(struct reaper *reaper); /* NULL is allowed */

#endif
