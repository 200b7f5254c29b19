/* SPDX-License-Identifier: MIT */
/* supervisor/waiters.h - those who wait for something to happen to a session:
 * each is told once. */
#ifndef SUPERVISOR_WAITERS_H
#define SUPERVISOR_WAITERS_H

#include <sys/queue.h>
#include <sys/types.h>

#include <sp/error.h>

enum wait_for {
    WAIT_STARTED, /* its first start has succeeded, or failed */
    WAIT_READY,   /* its next process is ready */
    WAIT_ENDED,   /* its process has ended; the session may go on */
    WAIT_GONE,
};

/* SP_OK and the pid (0 without one), or why it will not come. */
typedef void waiter_told_fn(void *context, enum sp_error error,
                            const char *text, pid_t pid);

struct waiter;

TAILQ_HEAD(waiters, waiter);

/* NULL: no memory.  It is freed when it is told or cancelled. */
struct waiter *waiters_add(struct waiters *waiters, enum wait_for what,
                           waiter_told_fn *told, void *context);
void waiter_cancel(struct waiters *waiters, struct waiter *waiter);

/* Tells those that wait for this now; who is added meanwhile waits on. */
void waiters_tell(struct waiters *waiters, enum wait_for what,
                  enum sp_error error, const char *text, pid_t pid);

#endif
