/* SPDX-License-Identifier: MIT */
/* One timer a module, only while there is something to watch: a look at every
 * slot each quarter of the limit, so that a hang is seen by 1.25 times of it. */
#define _GNU_SOURCE
#include "watchdog.h"

#include <event2/event.h>

#include "base/clock.h"
#include "process_own.h"

#define LOOK_MIN_MS 100
#define LOOK_MAX_MS 1000

static void look_later(struct watchdog *watchdog)
{
    int64_t ms = watchdog->limit_ms / 4;
    struct timeval delay;

    if (ms < LOOK_MIN_MS)
        ms = LOOK_MIN_MS;
    if (ms > LOOK_MAX_MS)
        ms = LOOK_MAX_MS;
    delay = (struct timeval){(time_t)(ms / 1000),
                             (suseconds_t)(ms % 1000 * 1000)};
    evtimer_add(&watchdog->look, &delay);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct watchdog *watchdog = arg;
    int64_t now_ms = clock_now_ms();
    struct process *process;

    (void)fd;
    (void)what;
    /* a signal is all that comes of it: no exit is taken here */
    TAILQ_FOREACH (process, &watchdog->processes, watch)
        process_check_hang(process, now_ms, watchdog->limit_ms,
                           watchdog->abort_first);
    look_later(watchdog);
}

void watchdog_init(struct watchdog *watchdog, struct event_base *base,
                   int64_t limit_ms, bool abort_first)
{
    watchdog->limit_ms = limit_ms;
    watchdog->abort_first = abort_first;
    TAILQ_INIT(&watchdog->processes);
    evtimer_assign(&watchdog->look, base, on_look, watchdog);
}

void watchdog_fini(struct watchdog *watchdog)
{
    event_del(&watchdog->look);
}

void watchdog_watch(struct watchdog *watchdog, struct process *process)
{
    if (watchdog->limit_ms == 0)
        return;
    if (TAILQ_EMPTY(&watchdog->processes))
        look_later(watchdog);
    TAILQ_INSERT_TAIL(&watchdog->processes, process, watch);
    process->watched = true;
}

void watchdog_leave(struct watchdog *watchdog, struct process *process)
{
    if (!process->watched)
        return;
    TAILQ_REMOVE(&watchdog->processes, process, watch);
    process->watched = false;
    if (TAILQ_EMPTY(&watchdog->processes))
        event_del(&watchdog->look);
}
