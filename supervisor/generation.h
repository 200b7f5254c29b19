/* SPDX-License-Identifier: MIT */
/* supervisor/generation.h - what the sessions of one template have in common,
 * and what outlives the template: the memory of their slots and, in strict, the
 * holder of their pid namespace, with whose end they all end.
 *
 * It is held by the template and by each process that has a slot.  When nobody
 * holds it any more its holder is killed, and once that is reaped the
 * generation is freed.  Nothing here waits. */
#ifndef SUPERVISOR_GENERATION_H
#define SUPERVISOR_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "slots.h"

struct cgroup_leaf;
struct event_base;
struct generation;

LIST_HEAD(generation_list, generation);

/* What a generation tells its owner. */
struct generation_events {
    /* Its holder has ended although somebody holds it: so have its sessions. */
    void (*on_holder_ended)(void *owner, const struct generation *generation,
                            pid_t holder);
    /* It has left the owner's list, and is freed behind this call. */
    void (*on_end)(void *owner);
};

/* A new one in the owner's list, held once, with room for so many slots.  The
 * rest is borrowed for as long as it is in that list.  NULL and errno. */
struct generation *generation_create(struct event_base *base, size_t slots,
                                     struct generation_list *list,
                                     const struct generation_events *events,
                                     void *owner);
/* The template's hold is over.  NULL is allowed. */
void generation_release(struct generation *generation);

/* Takes its cgroup, which is emptied and removed with it; NULL is allowed. */
void generation_set_leaf(struct generation *generation,
                         struct cgroup_leaf *leaf);

/* The memory of the slots, for the template to inherit; borrowed.  -1 once
 * generation_inherited() has said that it has. */
int generation_slots_fd(const struct generation *generation);
void generation_inherited(struct generation *generation);

/* The child of this pid holds its pid namespace.  -1 and errno: it has a holder
 * already (EEXIST), or this one cannot be watched. */
int generation_set_holder(struct generation *generation, pid_t pid);
bool generation_has_holder(const struct generation *generation);

/* Takes a slot, all zeros, and a hold.  -1 and errno. */
int generation_take(struct generation *generation,
                    struct slot_place *out_place);
/* Gives both back. */
void generation_give(struct generation *generation, struct slot_place *place);

/* A process that may have had children is about to give its hold back: kills
 * them, wherever there is a holder that they are now children of. */
void generation_kill_orphans(struct generation *generation);

/* Whether a generation of this list has this holder. */
bool generation_list_holds(const struct generation_list *list, pid_t pid);
/* At the end of spd: frees all of them.  Their holders are killed, and not
 * waited for, since they end only after their sessions have been reaped. */
void generation_list_abandon(struct generation_list *list);

#endif
