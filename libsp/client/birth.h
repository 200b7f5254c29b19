/* SPDX-License-Identifier: MIT */
/* client/birth.h - the start of a session that transfers of a route wait for.
 * One at a time, and nothing of the route leaves meanwhile, so that what was
 * sent first comes first. */
#ifndef CLIENT_BIRTH_H
#define CLIENT_BIRTH_H

#include <stdbool.h>

#include <sp/error.h>

#include "transfer.h"

struct birth {
    struct transfer transfer; /* first: the question to spd */
    char *question;           /* owned: its body; NULL: none is under way */
    struct route *route;      /* of the session; borrowed */
    struct transfer *first;   /* waiting: whose spec it is; NULL: it is gone */
};

/* Has spd start the session by the spec of this transfer, the first that waits.
 * When that has failed, the transfer is told why; else the route is flushed.
 * SP_EMSGSIZE, SP_ENOMEM. */
enum sp_error birth_begin(struct birth *birth, struct transfer *first);

static inline bool birth_is_under_way(const struct birth *birth)
{
    return birth->question != NULL;
}

/* Waits for it no longer, if it did; the session may be started anyway. */
void birth_end(struct birth *birth);

#endif
