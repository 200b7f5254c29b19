/* SPDX-License-Identifier: MIT */
/* supervisor/watchdog.h - looks at a module's processes for one that hangs: it
 * has been in one handler for longer than call_limit. */
#ifndef SUPERVISOR_WATCHDOG_H
#define SUPERVISOR_WATCHDOG_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct process;

TAILQ_HEAD(watched_list, process);

struct watchdog {
    int64_t limit_ms; /* 0: off, nothing is watched */
    bool abort_first;
    struct watched_list processes; /* borrowed */
    struct event look;
};

void watchdog_init(struct watchdog *watchdog, struct event_base *base,
                   int64_t limit_ms, bool abort_first);
/* Nothing is watched any more. */
void watchdog_fini(struct watchdog *watchdog);

/* From now on, until watchdog_leave().  A process that is not watched may
 * leave, too. */
void watchdog_watch(struct watchdog *watchdog, struct process *process);
void watchdog_leave(struct watchdog *watchdog, struct process *process);

#endif
