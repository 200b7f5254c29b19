/* SPDX-License-Identifier: MIT */
/* client/origin.h - the process that a client belongs to.  Sockets that two
 * processes share mix their requests up, so a client is of no use in a process
 * that was forked from its own. */
#ifndef CLIENT_ORIGIN_H
#define CLIENT_ORIGIN_H

#include <stdbool.h>

#include <sp/error.h>

struct origin {
    long mark; /* this process's own among its ancestors; never 0 */
};

/* SP_ESYSTEM: the kernel cannot tell a forked process.  Thread-safe. */
enum sp_error origin_of_this_process(struct origin *out_origin);

/* Whether this still is that process; no system call.  Thread-safe. */
bool origin_is_here(struct origin origin);

#endif
