/* SPDX-License-Identifier: MIT */
/* contract.h - the floor of the contract: a supervisor, a template and sessions
 * that make the system calls which libsp's contract needs, and nothing else.
 *
 * What the contract needs, and a bare fork has not: the caller is another
 * process than the supervisor, a session has a socket with a name, which
 * outlives a crash, and it ends with its supervisor; a start is answered once
 * the session has said that it is ready, an end once it has been reaped.  What
 * it leaves out: confinement, logs, records, any protocol, any check of what
 * others sent.  Linked statically, with a dozen mappings to copy at a fork. */
#ifndef BENCH_CONTRACT_H
#define BENCH_CONTRACT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Sessions have numbers instead of names. */
#define CONTRACT_SESSIONS 16384
#define CONTRACT_BATCH 64 /* requests that one read takes */
#define CONTRACT_ROUTE 108 /* of a socket's address */

enum contract_verb {
    CONTRACT_START = 1, /* answered when the session is ready */
    CONTRACT_LASTING,   /* the same; replaced whenever it ends */
    CONTRACT_POOLED,    /* the same, by a process that is there */
    CONTRACT_FILL,      /* has such a process made */
    CONTRACT_STOP,      /* SIGTERM; answered when the session is reaped */
    CONTRACT_WAIT,      /* answered when it is reaped */
    CONTRACT_PID,
};

/* As large as libsp's own request for a start. */
struct contract_request {
    uint32_t verb, number;
    char rest[48];
};

struct contract_answer {
    uint32_t number;
    pid_t pid;
};

/* Of the session with a number, in the directory of the run. */
void contract_route(char route[CONTRACT_ROUTE], uint32_t number);
/* Set before the first fork. */
extern char contract_directory[CONTRACT_ROUTE];

/* The supervisor's life: serves requests from one socket until that closes. */
void contract_supervise(int client);

/* A template's: makes a session of each message until the socket closes. */
void contract_template(int control);

/* One message of a supervisor to a template or to a pooled process: with the
 * session's listening socket, its end of the pair, or both. */
void contract_give(int to, const int *fds, size_t count);
/* 0: the peer has closed. */
size_t contract_take(int from, int *fds, size_t room);

#endif
