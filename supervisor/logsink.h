/* SPDX-License-Identifier: MIT */
/* supervisor/logsink.h - what a module's sessions and its template write to
 * standard output and error, as lines of spd's log.
 *
 * One receiving datagram socket a module, which stamps the sender's pid, and a
 * sending socket for each process: an open file that two shared would let one
 * stall the other.  A sender never waits: what finds no room, or is longer than
 * 6,000 bytes in one write, is lost.
 *
 * Each process may log so many lines a second; what is over is counted, and a
 * line a second later says how many were dropped.  While a process is over its
 * rate the sink is read in intervals, so that a flood takes neither spd's time
 * nor the room of others' lines. */
#ifndef SUPERVISOR_LOGSINK_H
#define SUPERVISOR_LOGSINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct event_base;
struct log_meter;
struct logsink;
struct runtime;

struct logsink_owner {
    /* Gives the words before a line, as "session alice (kv, pid 7)". */
    void (*name_writer)(void *context, pid_t pid, char *out, size_t out_size);
    /* The meter of this process; NULL: it is not a session's, and shares one
     * with all such of this sink. */
    struct log_meter *(*find_meter)(void *context, pid_t pid);
    void *context;     /* borrowed */
    uint64_t rate;     /* lines a second of one process, at least 1 */
    uint64_t *lines;   /* borrowed; counts what was logged */
    uint64_t *dropped; /* borrowed; counts what the rate held back */
};

/* The socket lies in the runtime directory's log/ under this name, or NAME.2,
 * NAME.3 and so on while others of this name are in use.  The runtime is
 * borrowed, the owner is copied.  NULL and errno. */
struct logsink *logsink_create(struct event_base *base,
                               const struct runtime *runtime, const char *name,
                               const struct logsink_owner *owner);
void logsink_destroy(struct logsink *sink); /* NULL is allowed */

/* A sending socket, the caller's to close.  -1 and errno. */
int logsink_open(const struct logsink *sink);

/* Logs what has come, at most a turn's share. */
void logsink_drain(struct logsink *sink);

/* Before a meter goes, and while its process still has its name: says what of
 * it was dropped and not told yet. */
void logsink_forget(struct logsink *sink, struct log_meter *meter);

#endif
