/* SPDX-License-Identifier: MIT */
/* client/loop.h - what the asynchronous client waits for, behind one
 * descriptor: sockets, times, and work that was left for the next turn. */
#ifndef CLIENT_LOOP_H
#define CLIENT_LOOP_H

#include <stdbool.h>

#include <sp/error.h>

#include "alarms.h"

struct epoll_event;

/* Embedded in what owns a descriptor that is watched. */
struct watcher {
    void (*on_ready)(struct watcher *watcher, bool readable, bool writable);
};

struct loop {
    int epoll;     /* owned, as are the two below; -1: none */
    int timer;     /* rings for the alarms */
    int bell;      /* always readable, watched only when there is work */
    bool woken;    /* it is watched now */
    int64_t armed; /* when the timer rings; DEADLINE_NEVER: it does not */
    bool rung;     /* it has, and was not set anew */
    struct alarms alarms;
    struct epoll_event *ready; /* borrowed: what is served in this turn, */
    int ready_count;           /* so many of them */
};

/* SP_ESYSTEM; the loop can be ended all the same. */
enum sp_error loop_init(struct loop *loop);
void loop_fini(struct loop *loop);

/* Watches a descriptor for reading until loop_unwatch(), which may be called at
 * any time: its watcher is not called after it.  False: the kernel has no
 * memory for it. */
bool loop_watch(struct loop *loop, int fd, struct watcher *watcher);
void loop_unwatch(struct loop *loop, int fd, struct watcher *watcher);

/* Whether it is watched for writing too. */
void loop_watch_writing(struct loop *loop, int fd, struct watcher *watcher,
                        bool writing);

/* Makes the descriptor readable until the next turn. */
void loop_wake(struct loop *loop);

/* Calls the watchers of what is ready, then rings the alarms that are due;
 * waits for nothing.  SP_ESYSTEM. */
enum sp_error loop_turn(struct loop *loop);

/* Whether the descriptor is readable now. */
bool loop_is_ready(const struct loop *loop);

/* Sets the timer for the soonest alarm; to be called after each turn, and when
 * an alarm was set. */
void loop_settle(struct loop *loop);

#endif
