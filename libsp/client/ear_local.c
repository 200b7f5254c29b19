/* SPDX-License-Identifier: MIT */
/* A SUB connection of our own: it says once what is wanted, and hears a stream.
 * It reads once, and no more until that was taken.  Caller: feed.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ear.h"
#include "router.h"
#include "wire/published.h"
#include "wire/sp.h"

struct ear_local {
    struct ear ear; /* first */
    struct watcher watcher;
    int fd; /* owned */
    struct stream stream;
    bool full; /* what was read is not taken yet */
};

struct ear *ear_open(const struct ear_order *order, int fd)
{
    if (!order->router->post)
        return ear_local_open(order, fd);
    close(fd); /* it has shown that there is somebody to be trusted */
    return ear_nng_open(order);
}

static void on_ready(struct watcher *watcher, bool readable, bool writable)
{
    struct ear_local *local =
        (struct ear_local *)((char *)watcher -
                             offsetof(struct ear_local, watcher));
    uint8_t *room;
    size_t size;
    ssize_t got = 0;

    (void)readable;
    (void)writable;
    if (local->full)
        return;
    room = stream_room(&local->stream, &size);
    if (room)
        got = recv(local->fd, room, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        stream_commit(&local->stream, (size_t)got);
    else
        local->ear.ended = true; /* without memory it gives up */
    local->full = true;
    local->ear.held = local->stream.in.capacity;
    local->ear.order.on_heard(&local->ear, local->ear.order.owner);
}

/* A fresh socket takes so few bytes, or its peer has closed it. */
static void say_hello(struct ear_local *local)
{
    const struct ear_order *order = &local->ear.order;
    uint8_t hello[WIRE_HANDSHAKE_SIZE + WIRE_FRAME_HEADER_SIZE +
                  WIRE_SUBSCRIPTION_MAX];
    uint8_t *frame = hello + WIRE_HANDSHAKE_SIZE;
    size_t size = wire_subscription_put(frame + WIRE_FRAME_HEADER_SIZE,
                                        order->prefix, order->size);

    wire_handshake_put(hello, WIRE_SUB);
    wire_frame_put(frame, size);
    size += WIRE_HANDSHAKE_SIZE + WIRE_FRAME_HEADER_SIZE;
    if (send(local->fd, hello, size, MSG_DONTWAIT | MSG_NOSIGNAL) !=
        (ssize_t)size)
        shutdown(local->fd, SHUT_RDWR); /* which it will hear */
}

/* ---- its type ---- */

static struct stream_item local_next(struct ear *ear, size_t max)
{
    struct ear_local *local = (struct ear_local *)ear;
    struct stream_item item = stream_next(&local->stream, max);

    ear->begun = local->stream.begun;
    return item;
}

static void local_relax(struct ear *ear)
{
    struct ear_local *local = (struct ear_local *)ear;

    stream_relax(&local->stream);
    ear->held = local->stream.in.capacity;
    local->full = false;
}

static void local_close(struct ear *ear)
{
    struct ear_local *local = (struct ear_local *)ear;

    loop_unwatch(&ear->order.router->loop, local->fd, &local->watcher);
    close(local->fd);
    stream_fini(&local->stream);
    free(local);
}

struct ear *ear_local_open(const struct ear_order *order, int fd)
{
    static const struct ear_type type = {local_next, local_relax, local_close};
    struct ear_local *local = calloc(1, sizeof *local);

    if (!local) {
        close(fd);
        return NULL;
    }
    local->ear = (struct ear){.type = &type, .order = *order};
    local->watcher.on_ready = on_ready;
    local->fd = fd;
    local->stream = STREAM_EMPTY;
    if (!loop_watch(&order->router->loop, fd, &local->watcher)) {
        close(fd);
        free(local);
        return NULL;
    }
    say_hello(local);
    return &local->ear;
}
