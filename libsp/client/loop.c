/* SPDX-License-Identifier: MIT */
/* One epoll descriptor with all others in it: it is readable when one of them
 * is, so that any other loop can watch it.  Callers: links, feeds,
 * router.c and async.c. */
#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

/* Ready descriptors that are served in one turn at most. */
#define TURN_MAX 64

static bool add(struct loop *loop, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};

    return fd >= 0 && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

enum sp_error loop_init(struct loop *loop)
{
    *loop = (struct loop){.armed = DEADLINE_NEVER};
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    loop->bell = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll < 0 || !add(loop, loop->timer, EPOLLIN, &loop->timer) ||
        !add(loop, loop->bell, 0, &loop->bell))
        return SP_ESYSTEM;
    return SP_OK;
}

void loop_fini(struct loop *loop)
{
    alarms_fini(&loop->alarms);
    if (loop->epoll >= 0)
        close(loop->epoll);
    if (loop->timer >= 0)
        close(loop->timer);
    if (loop->bell >= 0)
        close(loop->bell);
}

bool loop_watch(struct loop *loop, int fd, struct watcher *watcher)
{
    return add(loop, fd, EPOLLIN, watcher);
}

/* Closing it would not do: a forked process may hold the socket too.  What was
 * ready in this turn may not have been served yet. */
void loop_unwatch(struct loop *loop, int fd, struct watcher *watcher)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    for (int i = 0; i < loop->ready_count; i++)
        if (loop->ready[i].data.ptr == watcher)
            loop->ready[i].data.ptr = NULL;
}

void loop_watch_writing(struct loop *loop, int fd, struct watcher *watcher,
                        bool writing)
{
    struct epoll_event event = {
        .events = writing ? EPOLLIN | EPOLLOUT : EPOLLIN,
        .data.ptr = watcher,
    };

    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event);
}

void loop_wake(struct loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT,
                                .data.ptr = &loop->bell};

    if (!loop->woken)
        loop->woken = epoll_ctl(loop->epoll, EPOLL_CTL_MOD, loop->bell,
                                &event) == 0;
}

static void serve(struct loop *loop, const struct epoll_event *event)
{
    struct watcher *watcher = event->data.ptr;

    if (event->data.ptr == &loop->timer)
        loop->rung = true;
    else if (event->data.ptr == &loop->bell)
        loop->woken = false;
    else if (watcher)
        watcher->on_ready(watcher, event->events & ~(uint32_t)EPOLLOUT,
                          event->events & ~(uint32_t)EPOLLIN);
}

static void ring(struct loop *loop)
{
    int64_t now = clock_now_ms();
    struct alarm *alarm;

    while ((alarm = alarms_first(&loop->alarms)) && alarm->due <= now) {
        alarms_set(&loop->alarms, alarm, DEADLINE_NEVER);
        alarm->ring(alarm);
    }
}

enum sp_error loop_turn(struct loop *loop)
{
    struct epoll_event events[TURN_MAX];
    int count = epoll_wait(loop->epoll, events, TURN_MAX, 0);

    if (count < 0 && errno != EINTR)
        return SP_ESYSTEM;
    loop->ready = events;
    loop->ready_count = count;
    for (int i = 0; i < count; i++)
        serve(loop, &events[i]);
    loop->ready_count = 0;
    ring(loop);
    return SP_OK;
}

bool loop_is_ready(const struct loop *loop)
{
    struct pollfd poller = {.fd = loop->epoll, .events = POLLIN};

    return poll(&poller, 1, 0) > 0;
}

/* Early rings do no harm, so the timer is not set for a later one before it
 * has rung.  Setting it also makes it unreadable. */
void loop_settle(struct loop *loop)
{
    const struct alarm *first = alarms_first(&loop->alarms);
    int64_t due = first ? first->due : DEADLINE_NEVER;
    struct itimerspec time = {0};

    if (!loop->rung && due >= loop->armed)
        return;
    if (first) /* all zero would mean: not at all */
        time.it_value = (struct timespec){.tv_sec = due / 1000,
                                          .tv_nsec = due % 1000 * 1000000 + 1};
    if (timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &time, NULL) == 0) {
        loop->armed = due;
        loop->rung = false;
    }
}
