/* SPDX-License-Identifier: MIT */
/* client/chores.h - what is to be done in the step of a turn in which users are
 * called, and is no transfer that is over. */
#ifndef CLIENT_CHORES_H
#define CLIENT_CHORES_H

#include <stdbool.h>
#include <stdint.h>

struct router;

/* Embedded in what has something to do. */
struct chore {
    void (*run)(struct chore *chore); /* everything is allowed inside */
    bool due;
    uint64_t turn;             /* chores leave in the order of theirs */
    struct chore *prev, *next; /* chores.due */
};

struct chores {
    struct router *router; /* borrowed */
    struct chore *due;
    uint64_t turns; /* given */
};

/* Has it run at the next chores_run(). */
void chore_mark(struct chores *chores, struct chore *chore);
void chore_unmark(struct chores *chores, struct chore *chore);

/* Runs some of those that are due, once each; the rest, and those that become
 * due meanwhile, wait for the next turn. */
void chores_run(struct chores *chores);

/* After a turn: what is left is done in the next. */
void chores_rest(const struct chores *chores);

#endif
