/* SPDX-License-Identifier: MIT */
/* Opens, watches and closes sessions' listening sockets. */
#include "listener.h"

#include <event2/event.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime.h"

#define SHUT_A_TURN 64

/* ---- all of them ---- */

/* The kernel has it watched for as long as a session has it, too. */
static void watch_no_more(const struct listener *listener,
                          const struct listeners *listeners)
{
    epoll_ctl(listeners->epoll_fd, EPOLL_CTL_DEL, listener->fd, NULL);
}

/* One at a time: what one of them leads to may close another. */
static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct listeners *listeners = arg;
    struct epoll_event event;

    (void)what;
    for (int i = 0; i < SHUT_A_TURN && epoll_wait(fd, &event, 1, 0) == 1; i++) {
        struct listener *listener = event.data.ptr;

        watch_no_more(listener, listeners);
        listener->dead = true;
        listeners->on_shut(listener);
    }
}

int listeners_open(struct listeners *listeners, struct event_base *base,
                   const struct runtime *runtime,
                   void (*on_shut)(struct listener *listener))
{
    *listeners = (struct listeners){.runtime = runtime, .on_shut = on_shut};
    listeners->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (listeners->epoll_fd < 0)
        return -1;
    listeners->ready = event_new(base, listeners->epoll_fd,
                                 EV_READ | EV_PERSIST, on_ready, listeners);
    return listeners->ready ? event_add(listeners->ready, NULL) : -1;
}

void listeners_close(struct listeners *listeners)
{
    if (listeners->ready)
        event_free(listeners->ready);
    listeners->ready = NULL;
    if (listeners->epoll_fd >= 0)
        close(listeners->epoll_fd);
    listeners->epoll_fd = -1;
}

/* ---- one ---- */

/* Its end alone is watched: not each client that comes. */
int listener_adopt(struct listener *listener, struct listeners *listeners,
                   int fd, const char *id)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = listener};

    *listener = (struct listener){.fd = fd, .linked = true, .id = id};
    if (epoll_ctl(listeners->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    listener_close(listener, listeners);
    return -1;
}

int listener_open(struct listener *listener, struct listeners *listeners,
                  const char *id)
{
    int fd = runtime_listen_session(listeners->runtime, id);

    if (fd < 0) {
        *listener = (struct listener){.fd = -1};
        return -1;
    }
    return listener_adopt(listener, listeners, fd, id);
}

void listener_unlink(struct listener *listener,
                     const struct listeners *listeners)
{
    if (listener->linked)
        runtime_unlink_session(listeners->runtime, listener->id);
    listener->linked = false;
}

void listener_close(struct listener *listener,
                    const struct listeners *listeners)
{
    if (listener->fd < 0)
        return;
    watch_no_more(listener, listeners);
    listener_unlink(listener, listeners);
    close(listener->fd);
    listener->fd = -1;
}
