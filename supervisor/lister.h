/* SPDX-License-Identifier: MIT */
/* supervisor/lister.h - answers `list`, a part in each turn of the loop: a list
 * of thousands holds nothing up.  One at a time; the others wait. */
#ifndef SUPERVISOR_LISTER_H
#define SUPERVISOR_LISTER_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <sp/id.h>

#include "base/buf.h"

struct endpoint_call;
struct event_base;
struct list_request;
struct registry;
struct session;

struct lister {
    const struct registry *registry; /* borrowed */
    TAILQ_HEAD(, list_request) requests; /* the first is being answered */
    size_t count;
    struct session **sessions; /* owned array; what it is to list, good as long
                                * as nothing is removed */
    char (*ids)[SP_ID_MAX + 1]; /* owned; of them */
    uint64_t removals; /* the registry's, when the sessions were taken */
    size_t id_count;
    size_t next;
    struct buf out;
    struct event turn;
};

void lister_init(struct lister *lister, struct event_base *base,
                 const struct registry *registry);
/* Answers those that wait: there is no list any more. */
void lister_fini(struct lister *lister);

/* Takes the call.  detailed: with all that there is to know, else briefly. */
void lister_ask(struct lister *lister, struct endpoint_call *call,
                bool detailed);

#endif
