/* SPDX-License-Identifier: MIT */
/* A queue of what is due.  Callers: feed.c, broadcast.c; async.c runs it. */
#define _GNU_SOURCE
#include "chores.h"

#include <utlist.h>

#include "router.h"

/* Chores in one turn at most. */
#define RUN_MAX 64

void chore_mark(struct chores *chores, struct chore *chore)
{
    if (chore->due)
        return;
    chore->due = true;
    chore->turn = ++chores->turns;
    DL_APPEND(chores->due, chore);
    router_wake(chores->router);
}

void chore_unmark(struct chores *chores, struct chore *chore)
{
    if (chore->due)
        DL_DELETE(chores->due, chore);
    chore->due = false;
}

void chores_run(struct chores *chores)
{
    uint64_t last = chores->turns;

    for (int i = 0; i < RUN_MAX && chores->due && chores->due->turn <= last &&
                    !chores->router->stopped;
         i++) {
        struct chore *chore = chores->due;

        chore_unmark(chores, chore);
        chore->run(chore);
    }
}

void chores_rest(const struct chores *chores)
{
    if (chores->due)
        loop_wake(&chores->router->loop);
}
