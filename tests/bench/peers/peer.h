/* SPDX-License-Identifier: MIT */
/* peer.h - another way to give each session a process, as peer.c measures it:
 *
 *   PROGRAM call | large | start | crash | memory COUNT
 *
 * These are the same measures under the same names that bench-session has.
 * What a program needs besides is said in its own first comment. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct peer {
    /* Begins a session, number'th of this run; the caller ends it. */
    void *(*start)(size_t number);
    /* size bytes there, and the same bytes back into their place. */
    void (*call)(void *session, char *bytes, size_t size);
    pid_t (*pid)(void *session);
    /* SIGKILL, and then as end(). */
    void (*crash)(void *session);
    void (*end)(void *session);
};

int peer_main(int argc, char **argv, const struct peer *peer);

/* Runs this program anew as `serve ADDRESS`, with a pipe as standard output,
 * and waits until it has written a line there: it can be dialled.  It ends with
 * this process. */
pid_t peer_serve(const char *address);
/* Says so, in the program that was run. */
void peer_serving(void);
void peer_reap(pid_t pid); /* kills it first */

#ifdef __cplusplus
}
#endif
#endif
