/* SPDX-License-Identifier: MIT */
/* Counts who holds a generation, and watches its holder.  What a template is
 * asked for is module.c's business, what its sessions do process.c's. */
#define _GNU_SOURCE
#include "generation.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/magic.h"
#include "cgroup.h"
#include "orphans.h"

#define GENERATION_MAGIC 0x53506765u

struct generation {
    uint32_t magic;
    struct event_base *base; /* borrowed */
    unsigned holds;
    struct slots *slots; /* owned */
    struct cgroup_leaf *leaf; /* owned; NULL: none */
    pid_t holder;        /* 0: none, or none any more */
    int holder_fd;       /* owned; its pidfd; -1 without one */
    struct event holder_ended;
    struct orphans orphans; /* of its sessions */
    const struct generation_events *events;
    void *owner;                   /* borrowed */
    LIST_ENTRY(generation) link; /* its owner's list */
};

struct generation *generation_create(struct event_base *base, size_t slots,
                                     struct generation_list *list,
                                     const struct generation_events *events,
                                     void *owner)
{
    struct generation *generation = calloc(1, sizeof *generation);

    if (!generation)
        return NULL;
    generation->magic = GENERATION_MAGIC;
    generation->base = base;
    generation->holds = 1;
    generation->holder_fd = -1;
    generation->events = events;
    generation->owner = owner;
    generation->slots = slots_create(slots);
    if (!generation->slots) {
        free(generation);
        return NULL;
    }
    LIST_INSERT_HEAD(list, generation, link);
    return generation;
}

static void generation_free(struct generation *generation)
{
    LIST_REMOVE(generation, link);
    slots_destroy(generation->slots);
    cgroup_leaf_destroy(generation->leaf);
    generation->magic = 0;
    free(generation);
}

static void forget_holder(struct generation *generation)
{
    event_del(&generation->holder_ended);
    orphans_fini(&generation->orphans);
    close(generation->holder_fd);
    generation->holder_fd = -1;
    generation->holder = 0;
}

/* The last hold is over. */
static void end_generation(struct generation *generation)
{
    void *owner = generation->owner;
    void (*on_end)(void *owner) = generation->events->on_end;

    if (generation->holder > 0) {
        pidfd_send_signal(generation->holder_fd, SIGKILL, NULL, 0);
        return; /* until it is reaped */
    }
    generation_free(generation);
    on_end(owner);
}

static void let_go(struct generation *generation)
{
    assert(generation->holds > 0);
    if (--generation->holds == 0)
        end_generation(generation);
}

void generation_release(struct generation *generation)
{
    if (generation)
        let_go(generation);
}

void generation_set_leaf(struct generation *generation,
                         struct cgroup_leaf *leaf)
{
    generation->leaf = leaf;
}

/* ---- slots ---- */

int generation_slots_fd(const struct generation *generation)
{
    return slots_fd(generation->slots);
}

void generation_inherited(struct generation *generation)
{
    slots_close(generation->slots);
}

int generation_take(struct generation *generation, struct slot_place *out_place)
{
    if (slots_take(generation->slots, out_place) < 0)
        return -1;
    generation->holds++;
    return 0;
}

void generation_give(struct generation *generation, struct slot_place *place)
{
    slots_give(place);
    let_go(generation);
}

/* ---- its holder ---- */

static void on_holder_ended(evutil_socket_t fd, short what, void *arg)
{
    struct generation *generation =
        MAGIC_CAST(generation, GENERATION_MAGIC, arg);
    pid_t holder = generation->holder;
    siginfo_t info = {0};

    (void)what;
    if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 ||
        info.si_pid == 0)
        return;
    forget_holder(generation);
    if (generation->holds == 0)
        end_generation(generation);
    else
        generation->events->on_holder_ended(generation->owner, generation,
                                            holder);
}

int generation_set_holder(struct generation *generation, pid_t pid)
{
    if (generation->holder > 0) {
        errno = EEXIST;
        return -1;
    }
    generation->holder_fd = pidfd_open(pid, 0);
    if (generation->holder_fd < 0)
        return -1;
    generation->holder = pid;
    orphans_init(&generation->orphans, generation->base, pid);
    event_assign(&generation->holder_ended, generation->base,
                 generation->holder_fd, EV_READ | EV_PERSIST, on_holder_ended,
                 generation);
    if (event_add(&generation->holder_ended, NULL) == 0)
        return 0;
    forget_holder(generation);
    errno = ENOMEM;
    return -1;
}

void generation_kill_orphans(struct generation *generation)
{
    if (generation->holder > 0)
        orphans_kill(&generation->orphans);
}

bool generation_has_holder(const struct generation *generation)
{
    return generation->holder > 0;
}

/* ---- all of them ---- */

bool generation_list_holds(const struct generation_list *list, pid_t pid)
{
    const struct generation *generation;

    LIST_FOREACH (generation, list, link)
        if (generation->holder == pid && pid > 0)
            return true;
    return false;
}

void generation_list_abandon(struct generation_list *list)
{
    struct generation *generation;

    while ((generation = LIST_FIRST(list))) {
        if (generation->holder > 0) {
            pidfd_send_signal(generation->holder_fd, SIGKILL, NULL, 0);
            forget_holder(generation);
        }
        generation_free(generation);
    }
}
