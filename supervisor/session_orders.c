/* SPDX-License-Identifier: MIT */
/* What is asked of a session, and what is found out about it, from outside. */
#define _GNU_SOURCE
#include <signal.h>

#include "base/clock.h"
#include "process.h"
#include "session_own.h"

void session_stop(struct session *session, const struct session_order *order)
{
    /* the first order counts, but for the hurry */
    if (session->state != SESSION_STOPPING)
        session->order = *order;
    if (session->state != SESSION_STOPPING || !order->drain)
        session_apply(session, INPUT_STOP);
}

void session_kill(struct session *session)
{
    if (session->process)
        process_signal(session->process, SIGKILL);
}

void session_restart(struct session *session, struct asker by)
{
    if (session->state == SESSION_RUNNING)
        session->order = (struct session_order){.asked = END_ASKED_RESTART,
                                                .by = by};
    session_apply(session, INPUT_RESTART);
}

enum sp_error session_pause(struct session *session)
{
    if (session->state != SESSION_RUNNING)
        return SP_EAGAIN;
    process_pause(session->process);
    return SP_OK;
}

enum sp_error session_resume(struct session *session)
{
    if (!session->process)
        return SP_EAGAIN;
    process_resume(session->process);
    return SP_OK;
}

enum sp_error session_signal(struct session *session, int number)
{
    if (!session->process || session_pid(session) == 0)
        return SP_EAGAIN;
    process_signal(session->process, number);
    return SP_OK;
}

void session_touch(struct session *session)
{
    session->touched_ms = clock_now_ms();
}

bool session_settle(struct session *session)
{
    return session->process && process_settle(session->process);
}

struct waiter *session_wait(struct session *session, enum wait_for what,
                            waiter_told_fn *told, void *context)
{
    return waiters_add(&session->waiters, what, told, context);
}

void session_cancel(struct session *session, struct waiter *waiter)
{
    waiter_cancel(&session->waiters, waiter);
}
