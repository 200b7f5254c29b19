/* SPDX-License-Identifier: MIT */
/* supervisor/strangers.h - children of spd that have not said hello: which
 * template or session has made one, whether it may be there, and what follows
 * for who made it. */
#ifndef SUPERVISOR_STRANGERS_H
#define SUPERVISOR_STRANGERS_H

#include <stdbool.h>
#include <sys/types.h>

struct catalog;
struct counters;
struct process_table;

struct doomed_child;

/* All but what is borrowed begins as 0. */
struct strangers {
    const struct catalog *catalog; /* borrowed */
    struct process_table *table;   /* borrowed */
    struct counters *counters;     /* borrowed */
    struct doomed_child *doomed; /* uthash, owned: convicted and not reaped */
    unsigned convicted; /* by this sweep, for the first time */
    unsigned loud;      /* sweeps that convicted some, since the last report */
    unsigned untold;    /* since then, and nobody knows whose they were */
};

enum stranger {
    STRANGER_WAITS,     /* it lives, and may yet say hello */
    STRANGER_STILLBORN, /* it has ended, and may have been a start */
    STRANGER_CONVICTED, /* nobody has asked for it: it is to be killed, and who
                         * made it is being ended */
};

/* A child of ours that no session has, that we were not started with, and that
 * has ended or not.  The caller has read what unborn processes have said, and
 * kills or reaps the child.
 *
 * Who made it is told by the process session that it is in, which is that of
 * its maker unless it has left it; else by its uid, which as root is a
 * module's own; else by the module's file among its mappings.  If none of them
 * tells, it is convicted by its age, and nobody else. */
enum stranger strangers_judge(struct strangers *strangers, pid_t pid,
                              bool ended);

/* All children have been looked at, and some reaped or not.  Tells how many
 * strangers there were once there are no more of them; of a flood that does not
 * end, now and then.  True: some may have been overlooked. */
bool strangers_swept(struct strangers *strangers, bool reaped);

void strangers_fini(struct strangers *strangers);

#endif
