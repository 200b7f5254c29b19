/* SPDX-License-Identifier: MIT */
/* supervisor/pool.h - processes of a module that wait to become a session's:
 * forked, confined, and their hello said, each with a listener that is bound
 * as pool/NUMBER.  A start takes one, which renames that listener to the
 * session's and sends the process its start record: no fork, no descriptor.
 *
 *   entry    | input                           | next
 *   ASKED    | its process waits               | WAITING
 *   WAITING  | a start takes it                | gone: it is the session's
 *            | a start had its listener, but   | ENDING
 *            | not its process                 |
 *   any      | its template ends; no more are  | ENDING: its process is killed
 *            | wanted                          |
 *            | its process has ended           | gone
 *
 * One that waits gives way to a session for which no process can be made.
 *
 * It is filled one by one when there has been no start for a moment and none
 * waits, while the module's template may fork and every limit leaves room.
 * When a process ends that nobody has ended, the next one is asked for only after a
 * delay, which doubles while this goes on. */
#ifndef SUPERVISOR_POOL_H
#define SUPERVISOR_POOL_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct event_base;
struct module;
struct pooled;
struct process;
struct process_table;
struct runtime;

TAILQ_HEAD(pooled_list, pooled);

struct pool {
    struct module *module;         /* borrowed */
    struct process_table *table;   /* borrowed */
    const struct runtime *runtime; /* borrowed */
    struct pooled_list entries; /* oldest first: it waits already */
    size_t size;       /* how many there are to be */
    size_t wanted;     /* of the entries, those not ENDING */
    unsigned failures; /* in a row */
    struct event refill;
};

/* size: 0 for none, ever. */
void pool_init(struct pool *pool, struct event_base *base,
               struct module *module, struct process_table *table,
               const struct runtime *runtime, size_t size);
/* Ends all and waits for their ends. */
void pool_fini(struct pool *pool);

/* There is to be none any more. */
void pool_close(struct pool *pool);
/* Ends all: their template has ended, or is about to. */
void pool_drop(struct pool *pool);
/* There has been a start, or something else after which it is worth looking
 * whether there is to be another one.  It is asked for later. */
void pool_stir(struct pool *pool);

/* Ends one that waits, whose place somebody else needs, and waits for its end;
 * it is not replaced at once.  False: there is none. */
bool pool_give_back(struct pool *pool);

/* Those that are asked for, or wait. */
size_t pool_count(const struct pool *pool);

/* Names the listener of one that waits sessions/ID.  NULL: there is none.
 * *out_listener_fd is the caller's; the process stays the pool's until
 * process_hand_over(). */
struct process *pool_offer(struct pool *pool, const char *id,
                           int *out_listener_fd);

#endif
