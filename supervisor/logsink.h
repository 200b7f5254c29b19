/* SPDX-License-Identifier: MIT */
/* supervisor/logsink.h - what a module's sessions and its template write to
 * standard output and error, as lines of spd's log.
 *
 * One receiving datagram socket a module, which stamps the sender's pid, and a
 * sending socket for each process: an open file that two shared would let one
 * stall the other.  A sender never waits: what does not fit is lost. */
#ifndef SUPERVISOR_LOGSINK_H
#define SUPERVISOR_LOGSINK_H

#include <stddef.h>
#include <sys/types.h>

struct event_base;
struct logsink;
struct runtime;

/* Gives the words that stand before a line, as "session alice (kv, pid 7)". */
typedef void logsink_name_fn(void *context, pid_t pid, char *out,
                             size_t out_size);

/* The socket lies in the runtime directory's log/ under this name, or NAME.2,
 * NAME.3 and so on while others of this name are in use.  The runtime is
 * borrowed.  NULL and errno. */
struct logsink *logsink_create(struct event_base *base,
                               const struct runtime *runtime, const char *name,
                               logsink_name_fn *name_fn, void *context);
void logsink_destroy(struct logsink *sink); /* NULL is allowed */

/* A sending socket, the caller's to close.  -1 and errno. */
int logsink_open(const struct logsink *sink);

/* Logs what has come, at most a turn's share. */
void logsink_drain(struct logsink *sink);

#endif
