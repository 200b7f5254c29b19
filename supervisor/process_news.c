/* SPDX-License-Identifier: MIT */
/* Turns: however many processes are born or end at once, what they take of one
 * turn of the loop is bounded.  Not by priorities of libevent: with those, a
 * flood on the control socket would starve the ends of sessions. */
#define _GNU_SOURCE
#include <event2/event.h>

#include "base/clock.h"
#include "process_own.h"

#define NEWS_A_TURN_MS 2
#define AT_ONCE_A_TICK 16

void process_forget_news(struct process *process)
{
    if (process->has_news)
        TAILQ_REMOVE(&process->table->news, process, news);
    process->has_news = false;
}

/* May free it. */
static void see_to(struct process *process)
{
    process_forget_news(process);
    if (process->ended)
        process_take_exit(process);
    else if (process->start_fd >= 0)
        process_read_start(process);
    else if (process->state == PROCESS_QUEUED && process->kill_wanted)
        process_unborn(process, SP_ELIMIT, "stopped before it had a process");
}

/* A timer runs behind the sockets that are ready by then: the control socket
 * has its turn between two turns of this. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval at_once = {0, 0};
    struct process_table *table = arg;
    int64_t end_ms = clock_now_ms() + NEWS_A_TURN_MS;
    struct process *process;

    (void)fd;
    (void)what;
    while ((process = TAILQ_FIRST(&table->news))) {
        if (clock_now_ms() >= end_ms) {
            evtimer_add(table->turn, &at_once);
            return;
        }
        see_to(process);
    }
}

void process_add_news(struct process *process)
{
    static const struct timeval at_once = {0, 0};
    struct process_table *table = process->table;

    if (process->has_news)
        return;
    process->has_news = true;
    TAILQ_INSERT_TAIL(&table->news, process, news);
    if (!evtimer_pending(table->turn, NULL))
        evtimer_add(table->turn, &at_once);
}

/* The loop's clock stands still within a turn, and for a few milliseconds
 * besides: so many in that time are no flood. */
static bool is_calm(struct process_table *table)
{
    struct timeval now;

    if (event_base_gettimeofday_cached(table->base, &now) < 0)
        return false;
    if (!timercmp(&now, &table->tick, ==)) {
        table->tick = now;
        table->at_once = 0;
    }
    return table->at_once++ < AT_ONCE_A_TICK;
}

/* In calm times without a timer, which would be one more turn of the loop. */
void process_take_news(struct process *process)
{
    struct process_table *table = process->table;

    if (!process->has_news && TAILQ_EMPTY(&table->news) && is_calm(table))
        see_to(process);
    else
        process_add_news(process);
}

/* ---- the table ---- */

int process_table_init(struct process_table *table)
{
    TAILQ_INIT(&table->unborn);
    TAILQ_INIT(&table->news);
    table->turn = evtimer_new(table->base, on_turn, table);
    return table->turn ? 0 : -1;
}

void process_table_fini(struct process_table *table)
{
    if (table->turn)
        event_free(table->turn);
    table->turn = NULL;
}
