/* SPDX-License-Identifier: MIT */
/* client/async.h - the inside of the public struct sp_async. */
#ifndef CLIENT_ASYNC_H
#define CLIENT_ASYNC_H

#include <stdbool.h>

#include <sp/async.h>

#include "origin.h"
#include "router.h"
#include "tickets.h"

struct sp_async {
    struct origin origin;
    struct router router;
    struct tickets ops; /* all that are outstanding, by their tickets */
    bool dispatching;
    bool doomed; /* freed inside a callback: it goes when that has returned */
};

#endif
