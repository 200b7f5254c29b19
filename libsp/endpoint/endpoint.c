/* SPDX-License-Identifier: MIT */
/* The listening socket: accepts peers within their bound, gives those with
 * work left their turns, and frees the dead between two turns.  What a peer
 * says is peer.c's business. */
#define _GNU_SOURCE
#include "endpoint.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/magic.h"
#include "internal.h"

#define ACCEPTS_A_TURN 16
/* Level-triggered accept would spin while descriptors are exhausted. */
#define ACCEPT_PAUSE_MS 100

static const struct timeval at_once = {0, 0};

void endpoint_schedule(struct endpoint *endpoint)
{
    /* A timer, not event_active(): it runs after the next look at all
     * sockets, so that a busy peer does not starve the others. */
    if (!evtimer_pending(&endpoint->turn, NULL))
        evtimer_add(&endpoint->turn, &at_once);
}

void endpoint_load_changed(struct endpoint *endpoint)
{
    if (endpoint->handlers->on_load)
        endpoint->handlers->on_load(endpoint->context, endpoint->waiting,
                                    endpoint->subscribers);
}

void endpoint_subscribers_add(struct endpoint *endpoint, int change)
{
    endpoint->subscribers += (unsigned)change;
    endpoint_load_changed(endpoint);
}

static void free_dead(struct endpoint *endpoint)
{
    struct peer *peer;

    while ((peer = TAILQ_FIRST(&endpoint->dead))) {
        TAILQ_REMOVE(&endpoint->dead, peer, link);
        peer_free(peer);
    }
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct endpoint *endpoint = MAGIC_CAST(endpoint, ENDPOINT_MAGIC, arg);
    struct peer_list turns = TAILQ_HEAD_INITIALIZER(turns);
    struct peer *peer;

    (void)fd;
    (void)what;
    /* those that are left with frames again go to the next turn */
    TAILQ_CONCAT(&turns, &endpoint->turns, turn);
    while ((peer = TAILQ_FIRST(&turns))) {
        TAILQ_REMOVE(&turns, peer, turn);
        peer->in_turns = false;
        peer_take_turn(peer);
    }
    free_dead(endpoint);
    drain_check(endpoint);
}

/* ---- accepting ---- */

/* Whether the bounds leave room for this one. */
static bool has_room(const struct endpoint *endpoint, int peer_fd)
{
    const struct endpoint_limits *limits = &endpoint->limits;

    if (endpoint->peer_count < limits->max_connections)
        return true;
    return endpoint->peer_count < limits->max_connections + limits->reserved &&
           endpoint->handlers->privileged &&
           endpoint->handlers->privileged(endpoint->context, peer_fd);
}

/* Closes the oldest peer that has not even finished its handshake, else the
 * longest idle one.  False: there is none. */
static bool make_room(struct endpoint *endpoint)
{
    struct peer *victim = NULL;
    struct peer *peer;

    TAILQ_FOREACH (peer, &endpoint->peers, link) {
        if (peer->state == PEER_HANDSHAKE) {
            victim = peer;
            break;
        }
        if (!victim && peer_idle(peer))
            victim = peer;
    }
    if (victim)
        peer_close(victim);
    return victim != NULL;
}

static void pause_accepting(struct endpoint *endpoint)
{
    struct timeval pause = {0, ACCEPT_PAUSE_MS * 1000};

    event_del(&endpoint->acceptable);
    evtimer_add(&endpoint->resume, &pause);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct endpoint *endpoint = MAGIC_CAST(endpoint, ENDPOINT_MAGIC, arg);

    (void)fd;
    (void)what;
    if (!endpoint->quiet && !endpoint->on_drained)
        event_add(&endpoint->acceptable, NULL);
}

/* Whether accept() may go on; pauses or stops accepting where it may not. */
static bool accept_failed(struct endpoint *endpoint)
{
    switch (errno) {
    case EAGAIN:
        return false;
    case EINTR:
    case ECONNABORTED:
        return true;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        pause_accepting(endpoint);
        return false;
    default: /* the listener was shut down: it would report this for ever */
        event_del(&endpoint->acceptable);
        return false;
    }
}

/* A process that may have no more descriptors is at its bound, whatever the
 * limit on connections says.  accept() says so also when nobody waits: only
 * the first one of a turn is known to be for somebody. */
static bool out_of_descriptors(struct endpoint *endpoint, bool first)
{
    return errno == EMFILE && (!first || make_room(endpoint));
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    struct endpoint *endpoint = MAGIC_CAST(endpoint, ENDPOINT_MAGIC, arg);

    (void)what;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (peer_fd < 0) {
            if (out_of_descriptors(endpoint, i == 0))
                return; /* to the next turn */
            if (accept_failed(endpoint))
                continue;
            return;
        }
        if (!has_room(endpoint, peer_fd) && !make_room(endpoint)) {
            endpoint->counters.refused++;
            close(peer_fd);
            continue;
        }
        if (peer_create(endpoint, peer_fd))
            endpoint->counters.accepted++;
    }
}

/* ---- after a burst ---- */

void endpoint_burst(struct endpoint *endpoint)
{
    struct timeval pause = {ENDPOINT_BURST_MS / 1000,
                            ENDPOINT_BURST_MS % 1000 * 1000};

    if (endpoint->relaxes)
        return;
    evtimer_add(&endpoint->relax, &pause);
    endpoint->relaxes = true;
}

/* The pages that are behind the one where the input buffer begins; nothing is
 * in it between two turns. */
static void on_relax(evutil_socket_t fd, short what, void *arg)
{
    struct endpoint *endpoint = MAGIC_CAST(endpoint, ENDPOINT_MAGIC, arg);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)endpoint->input + page - 1) & ~(page - 1);
    uintptr_t to = (uintptr_t)(endpoint + 1);

    (void)fd;
    (void)what;
    endpoint->relaxes = false;
    madvise((void *)from, to - from, MADV_DONTNEED);
    malloc_trim(0);
}

/* ---- the endpoint ---- */

/* Pages of its own, all zeros: those of the input buffer come and go. */
static struct endpoint *allocate(void)
{
    void *pages = mmap(NULL, sizeof(struct endpoint), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

static void release(struct endpoint *endpoint)
{
    endpoint->magic = 0;
    munmap(endpoint, sizeof *endpoint);
}

struct endpoint *endpoint_create(struct event_base *base, int listen_fd,
                                 const struct endpoint_limits *limits,
                                 const struct endpoint_handlers *handlers,
                                 void *context)
{
    struct endpoint *endpoint = allocate();

    if (!endpoint)
        return NULL;
    endpoint->magic = ENDPOINT_MAGIC;
    endpoint->base = base;
    endpoint->fd = listen_fd;
    endpoint->limits = *limits;
    endpoint->handlers = handlers;
    endpoint->context = context;
    TAILQ_INIT(&endpoint->peers);
    TAILQ_INIT(&endpoint->turns);
    TAILQ_INIT(&endpoint->flushes);
    TAILQ_INIT(&endpoint->dead);
    LIST_INIT(&endpoint->orphans);
    event_assign(&endpoint->acceptable, base, listen_fd, EV_READ | EV_PERSIST,
                 on_acceptable, endpoint);
    evtimer_assign(&endpoint->resume, base, on_resume, endpoint);
    evtimer_assign(&endpoint->turn, base, on_turn, endpoint);
    event_assign(&endpoint->look, base, -1, EV_PERSIST, drain_look, endpoint);
    evtimer_assign(&endpoint->relax, base, on_relax, endpoint);
    if (event_add(&endpoint->acceptable, NULL) < 0) {
        release(endpoint);
        return NULL;
    }
    return endpoint;
}

void endpoint_destroy(struct endpoint *endpoint)
{
    struct peer *peer;

    if (!endpoint)
        return;
    while ((peer = TAILQ_FIRST(&endpoint->peers)))
        peer_close(peer);
    free_dead(endpoint);
    call_release_all(endpoint);
    event_del(&endpoint->acceptable);
    event_del(&endpoint->resume);
    event_del(&endpoint->turn);
    event_del(&endpoint->look);
    event_del(&endpoint->relax);
    release(endpoint);
}

void endpoint_publish(struct endpoint *endpoint, const void *data, size_t size)
{
    struct peer *peer;
    struct peer *next;

    for (peer = TAILQ_FIRST(&endpoint->peers); peer; peer = next) {
        next = TAILQ_NEXT(peer, link);
        if (peer->own == WIRE_PUB && peer->state == PEER_OPEN)
            subscriber_send(peer, data, size);
    }
}

void endpoint_set_eager(struct endpoint *endpoint, bool eager)
{
    endpoint->eager = eager;
}

void endpoint_quiesce(struct endpoint *endpoint)
{
    struct peer *peer;

    endpoint->quiet = true;
    drain_stop(endpoint);
    event_del(&endpoint->acceptable);
    event_del(&endpoint->resume);
    TAILQ_FOREACH (peer, &endpoint->peers, link)
        peer_stop_reading(peer);
}

bool endpoint_flushed(const struct endpoint *endpoint)
{
    const struct peer *peer;

    TAILQ_FOREACH (peer, &endpoint->peers, link)
        if (buf_size(&peer->out) > 0)
            return false;
    return true;
}

const struct endpoint_counters *
endpoint_counters(const struct endpoint *endpoint)
{
    return &endpoint->counters;
}
