/* SPDX-License-Identifier: MIT */
/* The end of an endpoint that loses nothing: what has arrived is handled and
 * answered, and what comes later fails at its sender.
 *
 * Our reading halves are shut down: the kernel keeps what has arrived and then
 * reports an end of file, and refuses more with EPIPE.  From that end of file
 * on a peer only waits for its answers (PEER_ANSWERING, in peer.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/magic.h"
#include "internal.h"

/* More than a listener's backlog of ours holds: a client that connects without
 * an end must not keep us here. */
#define ACCEPTS_MAX 512
/* Peers that have gone are looked for this often. */
#define LOOK_MS 100

/* The bound on connections is for those that stay; these do not.  Whom there
 * is no descriptor for finds the listener closed: not run. */
static void accept_waiting(struct endpoint *endpoint)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int fd = accept4(endpoint->fd, NULL, NULL,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
            return;
        if (fd >= 0 && peer_create(endpoint, fd))
            endpoint->counters.accepted++;
    }
}

static bool is_subscriber(const struct peer *peer)
{
    return peer->state == PEER_OPEN && peer->own == WIRE_PUB;
}

static void refuse_more(struct endpoint *endpoint)
{
    struct peer *peer;

    TAILQ_FOREACH (peer, &endpoint->peers, link)
        if (!is_subscriber(peer))
            shutdown(peer->fd, SHUT_RD);
}

/* Once we have shut our half down, a client that goes makes no event that we
 * could wait for alone. */
static bool has_gone(const struct peer *peer)
{
    struct pollfd poll_fd = {.fd = peer->fd};

    return poll(&poll_fd, 1, 0) > 0;
}

void drain_look(evutil_socket_t fd, short what, void *arg)
{
    struct endpoint *endpoint = MAGIC_CAST(endpoint, ENDPOINT_MAGIC, arg);
    struct peer *peer;
    struct peer *next;

    (void)fd;
    (void)what;
    for (peer = TAILQ_FIRST(&endpoint->peers); peer; peer = next) {
        next = TAILQ_NEXT(peer, link);
        if (peer->state == PEER_ANSWERING && has_gone(peer))
            peer_close(peer);
    }
}

void endpoint_drain(struct endpoint *endpoint, enum endpoint_backlog backlog,
                    void (*on_drained)(void *context))
{
    static const struct timeval look = {0, LOOK_MS * 1000};

    if (endpoint->quiet)
        return;
    endpoint->on_drained = on_drained;
    event_del(&endpoint->acceptable);
    event_del(&endpoint->resume);
    if (backlog == ENDPOINT_BACKLOG_SERVE)
        accept_waiting(endpoint);
    refuse_more(endpoint);
    event_add(&endpoint->look, &look);
    endpoint_schedule(endpoint); /* there may be no peer at all */
}

void drain_check(struct endpoint *endpoint)
{
    void (*on_drained)(void *context) = endpoint->on_drained;
    const struct peer *peer;

    if (!on_drained)
        return;
    TAILQ_FOREACH (peer, &endpoint->peers, link)
        if (!is_subscriber(peer))
            return;
    drain_stop(endpoint);
    on_drained(endpoint->context);
}

void drain_stop(struct endpoint *endpoint)
{
    endpoint->on_drained = NULL;
    event_del(&endpoint->look);
}
