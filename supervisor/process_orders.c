/* SPDX-License-Identifier: MIT */
/* What a process is made to do, and what it tells of itself in its slot. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/pidfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "process_own.h"
#include "wire/template.h"

void process_signal(struct process *process, int signal_number)
{
    switch (process->state) {
    case PROCESS_QUEUED: /* cancelled, though not from inside this call */
        process->kill_wanted = true;
        process_add_news(process);
        break;
    case PROCESS_FORKING:
        process->kill_wanted = true;
        break;
    case PROCESS_POOLED:
    case PROCESS_BORN:
    case PROCESS_READY:
        process->signalled = true;
        pidfd_send_signal(process->pidfd, signal_number, NULL, 0);
        break;
    case PROCESS_GONE:
        break;
    }
}

void process_kill(struct process *process, enum end_limit limit)
{
    process->limit = end_limit_first(process->limit, limit);
    process_signal(process, SIGKILL);
}

void process_look(const struct process *process, struct slot_view *out_view)
{
    const struct slot *slot = slots_at(&process->slot);

    if (slot)
        slot_read(slot, clock_now_ms(), out_view);
    else
        *out_view = (struct slot_view){0};
}

void process_order(struct process *process, enum slot_command command,
                   enum sp_end end, const char *text)
{
    struct slot *slot = slots_at(&process->slot);

    if (slot)
        slot_order(slot, command, end, text);
    process_signal(process, SESSION_SIGNAL_LOOK);
}

/* ---- where it stands still ---- */

void process_pause(struct process *process)
{
    process->paused = true;
    process_signal(process, SIGSTOP);
}

void process_resume(struct process *process)
{
    process->paused = false;
    process->resumed_ms = clock_now_ms();
    process_signal(process, SIGCONT);
}

bool process_paused(const struct process *process)
{
    return process->paused;
}

void process_suspended(struct process *process)
{
    bool signalled = process->signalled; /* by its owner */

    if (!process->paused)
        process_kill(process, END_LIMIT_SUSPENDED);
    process->signalled = signalled;
}

/* Whether it is at one thing for longer than it may. */
static bool hangs(const struct process *process, int64_t now_ms,
                  int64_t limit_ms, struct slot_view *out_told)
{
    int64_t since;

    process_look(process, out_told);
    since = out_told->doing_since_ms;
    if (process->resumed_ms > since)
        since = process->resumed_ms;
    return !process->paused &&
           (out_told->doing == SLOT_CALL || out_told->doing == SLOT_CAST ||
            out_told->doing == SLOT_TIMER) &&
           out_told->doing_since_ms > 0 && now_ms - since > limit_ms;
}

void process_check_hang(struct process *process, int64_t now_ms,
                        int64_t limit_ms, bool abort_first)
{
    struct slot_view told;

    if (!hangs(process, now_ms, limit_ms, &told))
        return;
    if (process->limit == END_LIMIT_NONE)
        log_warn("session %s (pid %d): hangs in %s for %lld ms; ended",
                 process->plan.id, (int)process->pid,
                 slot_doing_words(told.doing),
                 (long long)(now_ms - told.doing_since_ms));
    if (abort_first && !process->aborted) {
        process->aborted = true; /* it may block it: the next look kills */
        process->limit = END_LIMIT_CALL;
        process_signal(process, SIGABRT);
    } else {
        process_kill(process, END_LIMIT_CALL);
    }
}
