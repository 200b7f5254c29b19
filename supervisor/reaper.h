/* SPDX-License-Identifier: MIT */
/* supervisor/reaper.h - the children that no pidfd accounts for.
 *
 * A known process is reaped through its pidfd.  A SIGCHLD may also be that of a
 * child that died before its hello, that a session has left behind (spd is the
 * subreaper of all), or that nobody announced: it starts one bounded sweep over
 * our children, at most ten a second, however many come; a long one takes
 * several turns of the loop.
 * A sweep finds processes that a signal has stopped, reaps strangers that have
 * ended, and kills those that nobody has asked for (strangers.h).
 * Children that spd was started with are reaped, and never killed. */
#ifndef SUPERVISOR_REAPER_H
#define SUPERVISOR_REAPER_H

struct catalog;
struct counters;
struct event_base;
struct process_table;
struct reaper;

/* All are borrowed.  NULL and errno. */
struct reaper *reaper_create(struct event_base *base,
                             struct process_table *table,
                             const struct catalog *catalog,
                             struct counters *counters);

/* Kills and reaps the strangers that are left.  NULL is allowed. */
void reaper_destroy(struct reaper *reaper);

/* Sweeps soon, and until there are no strangers left. */
void reaper_look(struct reaper *reaper);

#endif
