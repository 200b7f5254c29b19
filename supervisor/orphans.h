/* SPDX-License-Identifier: MIT */
/* supervisor/orphans.h - what a session in a pid namespace leaves behind: its
 * end makes its descendants children of the namespace's first process, whatever
 * else they did to get away.  They are killed until there are none. */
#ifndef SUPERVISOR_ORPHANS_H
#define SUPERVISOR_ORPHANS_H

#include <event2/event_struct.h>
#include <sys/types.h>

struct event_base;

struct orphans {
    pid_t holder; /* the namespace's first process, a child of spd */
    struct event look_again;
};

/* The holder must not be reaped before orphans_fini(). */
void orphans_init(struct orphans *orphans, struct event_base *base,
                  pid_t holder);
void orphans_fini(struct orphans *orphans);

/* A session has ended: kills what it has left, now, and what that leaves, in
 * turns of some hundred. */
void orphans_kill(struct orphans *orphans);

#endif
