/* SPDX-License-Identifier: MIT */
/* supervisor/process_own.h - a process from inside: for process.c, which sees
 * it from its birth to its end, process_start.c, which asks for it,
 * process_orders.c, which makes it do what is wanted, and process_news.c, which
 * gives each its turn. */
#ifndef SUPERVISOR_PROCESS_OWN_H
#define SUPERVISOR_PROCESS_OWN_H

#include <event2/event_struct.h>
#include <uthash.h>

#include "meter.h"
#include "module.h"
#include "process.h"
#include "slots.h"

#define PROCESS_MAGIC 0x53507072u

enum process_state {
    PROCESS_QUEUED,
    PROCESS_FORKING,
    PROCESS_POOLED,
    PROCESS_BORN,
    PROCESS_READY,
    PROCESS_GONE
};

/* What it needs until it is ready and never again, so that it is not kept. */
struct process_birth {
    struct event start_event;
    struct event deadline;
    TAILQ_ENTRY(process) unborn; /* table.unborn */
};

struct process {
    uint32_t magic;
    enum process_state state;
    struct process_table *table; /* borrowed */
    struct module *module;       /* borrowed */
    const struct process_events *events;
    void *owner; /* borrowed */
    struct process_plan plan;     /* borrowed, with all in it */
    int start_fd;                 /* owned; our end; -1 unless it is open */
    int pidfd;                    /* owned; before the hello its place is kept,
                                   * by our copy of the process's log socket,
                                   * so that it can be had in any case */
    pid_t pid;                    /* 0 before the hello */
    uint32_t template;            /* its number, once the request was sent */
    struct module_request *request; /* the module's; NULL once forgotten */
    struct generation *generation; /* held from the request on; or NULL */
    struct slot_place slot;       /* of it */
    const char *breach;           /* how it broke its contract; static */
    int64_t born_ms;              /* its hello */
    struct log_meter log_meter;   /* in a list of the module's log */
    int64_t resumed_ms;           /* after a pause; 0 before the first */
    bool pooled;                  /* not handed over yet */
    bool handed_over;             /* and not asked for anew since */
    bool signalled;               /* by its owner, since its hello */
    bool paused;
    bool refused;
    bool kill_wanted;             /* before the hello */
    bool orphaned;                /* its template ended without a word of it */
    bool asked_again;             /* and another one was asked */
    bool aborted;                 /* a hang, that has had its SIGABRT */
    bool watched;                 /* in the module's watchdog */
    bool ended;                   /* its pidfd has announced its exit */
    bool has_news;                /* it is in table.news */
    enum end_limit limit;         /* that it has hit */
    TAILQ_ENTRY(process) news;
    TAILQ_ENTRY(process) watch;
    struct process_birth *birth;  /* owned; NULL from ready on */
    struct event exit_event;
    UT_hash_handle hh; /* table.by_pid */
};

/* Its own end has come before anything of the module's ran in it: it is asked
 * for once more, of a template. */
void process_again(struct process *process);
/* No process was made for it: it is asked for once more, with the request that
 * it has.  May free it. */
void process_retry(struct process *process);
/* It has this long from now on, times init_timeout. */
void process_start_deadline(struct process *process, unsigned times);
/* What it has as a member of its state is given back. */
void process_leave_state(struct process *process);

/* Reads what it has said on its start socket; may free it if it is unborn. */
void process_read_start(struct process *process);
/* It is not among the unborn any more. */
void process_leave_unborn(struct process *process);
/* Time is up, or, for one that is not born, a cancelled start is over. */
void process_late(struct process *process);
/* Takes its exit, which its pidfd has announced; frees it. */
void process_take_exit(struct process *process);
/* Closes our end of its start socket, if it is open. */
void process_close_start(struct process *process);
/* Gives its slot back, if it has one, and lets its generation go. */
void process_give_slot(struct process *process);

/* ---- process_news.c ---- */

/* There is something to see to: its exit, what it has said on its start socket,
 * or its cancelled start.  In its turn, never from inside this call. */
void process_add_news(struct process *process);
/* The same from the loop: at once, unless there are many or others wait. */
void process_take_news(struct process *process);
void process_forget_news(struct process *process);

#endif
