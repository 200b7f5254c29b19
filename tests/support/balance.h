/* SPDX-License-Identifier: MIT */
/* support/balance.h - what a fault may not cost: after it there are as many
 * sessions as processes as sockets, no zombie, no descriptor more in spd, and
 * its memory is back where it was.
 *
 *     struct balance balance = balance_note(harness);
 *     ... the fault ...
 *     balance_check(harness, &balance);
 */
#ifndef SUPPORT_BALANCE_H
#define SUPPORT_BALANCE_H

#include <stddef.h>

#include "support/harness.h"

/* What spd has besides its sessions, templates and pooled
 * processes. */
struct balance {
    long fds;
    long children; /* not its own: those it was started with */
    long memory_kb;
};

/* Takes note.  Before it, a session of the default module comes and goes, so
 * that what spd needs only once is there. */
struct balance balance_note(const struct harness *harness);

/* Waits until it is so; fails past the deadline and says what differs. */
void balance_check(const struct harness *harness,
                   const struct balance *balance);

#endif
