/* SPDX-License-Identifier: MIT */
/* frontend/board.h - all visitors' processes, as the supervisor tells of them:
 * what each page shows of everybody, without anybody's ID, and of its own
 * visitor's past. */
#ifndef FRONTEND_BOARD_H
#define FRONTEND_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <sp/async.h>

#define BOARD_PAST_MAX 8  /* events that are kept of one session */
#define BOARD_TEXT_MAX 160

enum board_state { BOARD_STARTING, BOARD_RUNNING, BOARD_DYING, BOARD_GONE };

struct past {
    unsigned long long time_ms; /* since the epoch */
    long pid;                   /* 0: none */
    char name[16];              /* "crash", ... */
    char text[BOARD_TEXT_MAX];
};

struct entry {
    TAILQ_ENTRY(entry) link;
    char id[SP_ID_MAX + 1];
    unsigned number; /* by which others know it: 1, 2, ... */
    enum board_state state;
    long pid;
    unsigned long long since_ms; /* its state's beginning, monotonic */
    unsigned restarts;
    unsigned long long renewed_ms; /* since the epoch: it follows another of
                                    * its visitor's; 0: it does not */
    struct past past[BOARD_PAST_MAX]; /* the newest last */
    size_t pasts;
};

struct board;
struct event_base;

/* module: that of visitors' sessions, borrowed.  changed: called a moment after
 * something has. NULL: no memory. */
struct board *board_create(struct event_base *base, struct sp_async *async,
                           const char *module, void (*changed)(void *context),
                           void *context);
void board_destroy(struct board *board); /* NULL is allowed */

/* One session; NULL: nothing is known of it. */
const struct entry *board_find(const struct board *board, const char *id);

/* All of them, the oldest first: NULL begins, and ends. */
const struct entry *board_next(const struct board *board,
                               const struct entry *entry);
/* Has a session's past begin with that of the one that it follows. */
void board_inherit(struct board *board, const char *id, const char *former);

/* How many processes there are. */
size_t board_count(const struct board *board);

/* For how long an entry has had its state, in ms. */
unsigned long long board_age_ms(const struct entry *entry);

/* Whether it has had its state for a few seconds only: it shows then. */
bool entry_is_fresh(const struct entry *entry);

/* The last of its past by this name; NULL: there is none. */
const struct past *entry_last(const struct entry *entry, const char *name);

#endif
