/* SPDX-License-Identifier: MIT */
/* supervisor/listener.h - a session's listening socket, which spd keeps for as
 * long as the session is registered, over any number of its processes. */
#ifndef SUPERVISOR_LISTENER_H
#define SUPERVISOR_LISTENER_H

#include <event2/event_struct.h>
#include <stdbool.h>

struct event_base;
struct runtime;

struct listener {
    int fd; /* owned; -1: it is not open */
    bool linked; /* its path is there */
    bool dead;   /* a process has shut it down */
    const struct runtime *runtime; /* borrowed */
    const char *id;                /* borrowed */
    struct event closed;
    void (*on_shut)(void *context);
    void *context; /* borrowed */
};

/* Binds sessions/ID.  on_shut is told when a process shuts it down: nobody can
 * reach the session any more.  -1 and errno: it is closed. */
int listener_open(struct listener *listener, struct event_base *base,
                  const struct runtime *runtime, const char *id,
                  void (*on_shut)(void *context), void *context);
/* The same with fd, a listening socket that is bound there, and taken in any
 * case. */
int listener_adopt(struct listener *listener, int fd, struct event_base *base,
                   const struct runtime *runtime, const char *id,
                   void (*on_shut)(void *context), void *context);
/* No new client finds it; those who have connected stay. */
void listener_unlink(struct listener *listener);
void listener_close(struct listener *listener);

#endif
