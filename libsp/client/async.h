/* SPDX-License-Identifier: MIT */
/* client/async.h - the inside of the public struct sp_async. */
#ifndef CLIENT_ASYNC_H
#define CLIENT_ASYNC_H

#include <stdbool.h>

#include <sp/async.h>

#include "base/patience.h"
#include "chores.h"
#include "feed.h"
#include "origin.h"
#include "router.h"
#include "tickets.h"

/* Whatever has a ticket: an operation, a broadcast or a subscription. */
struct holder {
    /* Ends it without telling; returns how far its request had got. */
    enum sp_progress (*cancel)(struct holder *holder);
};

/* Memory of an operation that is over, kept for the next: op.c's. */
struct op_spare {
    struct op_spare *next;
};

struct sp_async {
    struct origin origin;
    struct router router;
    struct tickets ops; /* all that are outstanding, by their tickets: struct
                         * holder */
    struct feeds feeds; /* those of them that are subscriptions */
    struct chores chores;
    struct op_spare *spares; /* owned */
    unsigned spare_count;
    struct patience patience;
    bool dispatching;
    bool doomed; /* freed inside a callback: it goes when that has returned */
};

#endif
