/* SPDX-License-Identifier: MIT */
/* floor_child.h - a process that answers, and nothing else to it. */
#ifndef BENCH_FLOOR_CHILD_H
#define BENCH_FLOOR_CHILD_H

#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int fd;
};

/* What the process does with its end of the socketpair until that closes. */
typedef void child_serve(int fd);

/* Writes back what it reads: blocking, and waiting in epoll as a session
 * does. */
void child_echo(int fd);
void child_echo_epoll(int fd);

/* The server of all children that child_start() forks: child_echo() at
 * first. */
extern child_serve *child_server;

struct child child_start(void);
/* 64 bytes there and 64 back. */
void child_call(const struct child *child);
void child_kill(const struct child *child); /* and reaps it */
void child_end(const struct child *child);  /* that, and closes the socket */

/* All of it, or the program ends. */
void child_read(int fd, char *bytes, size_t size);
void child_write(int fd, const char *bytes, size_t size);

/* As many children that have each answered once.  They are ended, and the array
 * freed, with children_end(). */
struct child *children_start(size_t count);
void children_end(struct child *children, size_t count);

#endif
