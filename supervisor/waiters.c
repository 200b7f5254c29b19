/* SPDX-License-Identifier: MIT */
/* A list of callbacks, in the order in which they came. */
#include "waiters.h"

#include <stdlib.h>

struct waiter {
    enum wait_for what;
    waiter_told_fn *told;
    void *context; /* borrowed */
    TAILQ_ENTRY(waiter) link;
};

struct waiter *waiters_add(struct waiters *waiters, enum wait_for what,
                           waiter_told_fn *told, void *context)
{
    struct waiter *waiter = malloc(sizeof *waiter);

    if (!waiter)
        return NULL;
    *waiter = (struct waiter){.what = what, .told = told, .context = context};
    TAILQ_INSERT_TAIL(waiters, waiter, link);
    return waiter;
}

void waiter_cancel(struct waiters *waiters, struct waiter *waiter)
{
    TAILQ_REMOVE(waiters, waiter, link);
    free(waiter);
}

void waiters_tell(struct waiters *waiters, enum wait_for what,
                  enum sp_error error, const char *text, pid_t pid)
{
    struct waiters all = TAILQ_HEAD_INITIALIZER(all);
    struct waiter *waiter;

    TAILQ_CONCAT(&all, waiters, link);
    while ((waiter = TAILQ_FIRST(&all))) {
        TAILQ_REMOVE(&all, waiter, link);
        if (waiter->what != what) {
            TAILQ_INSERT_TAIL(waiters, waiter, link);
            continue;
        }
        waiter->told(waiter->context, error, text, pid);
        free(waiter);
    }
}
