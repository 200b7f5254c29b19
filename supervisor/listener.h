/* SPDX-License-Identifier: MIT */
/* supervisor/listener.h - a session's listening socket, which spd keeps for as
 * long as the session is registered, over any number of its processes. */
#ifndef SUPERVISOR_LISTENER_H
#define SUPERVISOR_LISTENER_H

#include <stdbool.h>

struct event;
struct event_base;
struct listener;
struct runtime;

/* All of them, watched by one event of the loop: each of its own would be a
 * seventh of what spd needs for a session. */
struct listeners {
    const struct runtime *runtime; /* borrowed */
    void (*on_shut)(struct listener *listener);
    int epoll_fd;        /* owned; -1: it is not open */
    struct event *ready; /* owned; of it */
};

struct listener {
    int fd; /* owned; -1: it is not open */
    bool linked; /* its path is there */
    bool dead;   /* a process has shut it down */
    const char *id; /* borrowed */
};

/* on_shut is told when a process has shut a listener down: nobody can reach the
 * session any more.  -1 and errno: listeners_close() is still to be called. */
int listeners_open(struct listeners *listeners, struct event_base *base,
                   const struct runtime *runtime,
                   void (*on_shut)(struct listener *listener));
/* No listener is open.  One with epoll_fd = -1 is allowed. */
void listeners_close(struct listeners *listeners);

/* Binds sessions/ID.  It must not move while it is open.  -1 and errno: it is
 * closed. */
int listener_open(struct listener *listener, struct listeners *listeners,
                  const char *id);
/* The same with fd, a listening socket that is bound there, and taken in any
 * case. */
int listener_adopt(struct listener *listener, struct listeners *listeners,
                   int fd, const char *id);
/* No new client finds it; those who have connected stay. */
void listener_unlink(struct listener *listener,
                     const struct listeners *listeners);
void listener_close(struct listener *listener,
                    const struct listeners *listeners);

#endif
