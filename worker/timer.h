/* SPDX-License-Identifier: MIT */
/* worker/timer.h - the timers of a session's module. */
#ifndef WORKER_TIMER_H
#define WORKER_TIMER_H

#include <sp/module.h>

struct session_timer;

struct session_timers {
    struct session_timer *slots[SP_TIMERS]; /* owned; NULL: never started */
};

/* Stops and frees all of them. */
void session_timers_fini(struct session_timers *timers);

#endif
