/* SPDX-License-Identifier: MIT */
/* One connection: its life, handshake, and frames in.
 *
 * What a frame's message means is request.c's and subscriber.c's business.
 *
 * In: one read a turn, into the endpoint's buffer when nothing is left over
 * from before, else into the peer's own, which grows with what has arrived.
 * Out, in peer_write.c: what a batch of frames is answered with leaves in one
 * write.
 * The peer is a stranger: whatever it does wrong ends this connection only. */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/magic.h"
#include "internal.h"
#include "wire/published.h"

/* ---- life ---- */

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_timer(evutil_socket_t fd, short what, void *arg);

static void timer_start(struct peer *peer, unsigned ms)
{
    struct timeval delay = {ms / 1000, ms % 1000 * 1000};

    /* Not one of libevent's common time-outs: what is left of one in the queue
     * after its event was deleted has each wait end by the clock. */
    evtimer_add(&peer->timer, &delay);
    peer->timed = true;
}

/* Asked for with each frame: libevent takes longer to find that there is
 * none. */
static void timer_stop(struct peer *peer)
{
    if (peer->timed)
        event_del(&peer->timer);
    peer->timed = false;
}

static void start_reading(struct peer *peer)
{
    if (peer->reading || peer->endpoint->quiet)
        return;
    if (event_add(&peer->readable, NULL) < 0)
        peer_close(peer);
    else
        peer->reading = true;
}

void peer_stop_reading(struct peer *peer)
{
    if (!peer->reading)
        return;
    event_del(&peer->readable);
    peer->reading = false;
}

bool peer_create(struct endpoint *endpoint, int fd)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (!peer) {
        close(fd);
        return false;
    }
    peer->magic = PEER_MAGIC;
    peer->endpoint = endpoint;
    peer->fd = fd;
    LIST_INIT(&peer->calls);
    event_assign(&peer->readable, endpoint->base, fd, EV_READ | EV_PERSIST,
                 on_readable, peer);
    event_assign(&peer->writable, endpoint->base, fd, EV_WRITE,
                 peer_on_writable, peer);
    evtimer_assign(&peer->timer, endpoint->base, on_timer, peer);
    TAILQ_INSERT_TAIL(&endpoint->peers, peer, link);
    endpoint->peer_count++;
    start_reading(peer);
    if (peer->state != PEER_DEAD)
        timer_start(peer, endpoint->limits.handshake_ms);
    return peer->state != PEER_DEAD;
}

void peer_close(struct peer *peer)
{
    struct endpoint *endpoint = peer->endpoint;
    bool subscriber;

    if (peer->state == PEER_DEAD)
        return;
    subscriber = peer->state == PEER_OPEN && peer->own == WIRE_PUB;
    peer->state = PEER_DEAD;
    peer_stop_reading(peer);
    event_del(&peer->writable);
    timer_stop(peer);
    close(peer->fd);
    peer->fd = -1;
    if (peer->in_turns)
        TAILQ_REMOVE(&endpoint->turns, peer, turn);
    if (peer->in_flushes)
        TAILQ_REMOVE(&endpoint->flushes, peer, flush);
    peer->in_turns = peer->in_flushes = false;
    TAILQ_REMOVE(&endpoint->peers, peer, link);
    endpoint->peer_count--;
    TAILQ_INSERT_TAIL(&endpoint->dead, peer, link);
    endpoint_schedule(endpoint);
    call_orphan_all(peer);
    if (subscriber)
        endpoint_subscribers_add(endpoint, -1);
}

void peer_free(struct peer *peer)
{
    assert(peer->state == PEER_DEAD);
    buf_fini(&peer->in);
    buf_fini(&peer->out);
    free(peer->interest);
    peer->magic = 0;
    free(peer);
}

bool peer_idle(const struct peer *peer)
{
    return peer->state == PEER_OPEN && peer->call_count == 0 &&
           peer->own != WIRE_PUB && buf_size(&peer->in) == 0 &&
           buf_size(&peer->out) == 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct peer *peer = MAGIC_CAST(peer, PEER_MAGIC, arg);

    (void)fd;
    (void)what;
    peer->timed = false;
    if (peer->state == PEER_HANDSHAKE)
        peer->endpoint->counters.handshake_bad++;
    else
        peer->endpoint->counters.frame_bad++;
    peer_close(peer);
}

/* ---- in: frames ---- */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Whether the peer has as much to read and to wait for as it may have. */
static bool throttled(const struct peer *peer)
{
    const struct endpoint_limits *limits = &peer->endpoint->limits;

    return peer->call_count >= limits->max_calls ||
           buf_size(&peer->out) > limits->max_output;
}

/* After a message over the limit: what waits is written, nothing more read. */
static void close_for_size(struct peer *peer)
{
    if (peer->state != PEER_OPEN)
        return;
    peer->endpoint->counters.too_large++;
    peer_stop_reading(peer);
    peer->state = PEER_CLOSING;
    timer_start(peer, peer->endpoint->limits.frame_ms);
    peer_flush_soon(peer);
}

static void close_for_frame(struct peer *peer)
{
    peer->endpoint->counters.frame_bad++;
    peer_close(peer);
}

static void handle_message(struct peer *peer, const uint8_t *message,
                           size_t size)
{
    if (peer->own == WIRE_PUB) {
        if (!subscriber_handle(peer, message, size))
            close_for_frame(peer);
    } else if (!(peer->own == WIRE_REP
                     ? request_handle(peer, message, size)
                     : request_handle_push(peer, message, size))) {
        close_for_size(peer);
    }
}

static void handle_frame(struct peer *peer, const struct wire_frame *frame)
{
    struct endpoint *endpoint = peer->endpoint;

    /* the most recently used are last */
    TAILQ_REMOVE(&endpoint->peers, peer, link);
    TAILQ_INSERT_TAIL(&endpoint->peers, peer, link);
    handle_message(peer, frame->message, frame->length);
}

/* The largest message that is looked at. */
static uint64_t message_max(const struct peer *peer)
{
    if (peer->own == WIRE_PUB)
        return WIRE_SUBSCRIPTION_MAX;
    return peer->endpoint->limits.max_message + WIRE_REQUEST_HEADER_MAX +
           WIRE_TAG_SIZE;
}

/* Handles the eight bytes of the handshake.  Returns how many were used. */
static size_t handle_handshake(struct peer *peer, const uint8_t *bytes,
                               size_t len)
{
    struct endpoint *endpoint = peer->endpoint;
    uint8_t answer[WIRE_HANDSHAKE_SIZE];
    uint16_t protocol;

    if (len < WIRE_HANDSHAKE_SIZE)
        return 0;
    if (!wire_handshake_get(bytes, &protocol) ||
        !wire_counterpart(protocol, &peer->own) ||
        (peer->own == WIRE_PULL && !endpoint->handlers->on_cast)) {
        endpoint->counters.handshake_bad++;
        peer_close(peer);
        return 0;
    }
    timer_stop(peer);
    peer->state = PEER_OPEN;
    if (peer->own == WIRE_PUB)
        endpoint_subscribers_add(endpoint, 1);
    wire_handshake_put(answer, peer->own);
    if (!buf_append(&peer->out, answer, sizeof answer))
        peer_close(peer);
    else
        peer_flush_soon(peer);
    return WIRE_HANDSHAKE_SIZE;
}

/* ---- in: bytes to frames ---- */

enum batch_end {
    BATCH_PARTIAL, /* the rest, if any, is a frame that has begun */
    BATCH_MORE,    /* there may be whole frames left */
};

/* Handles the whole frames at the start of the bytes, at most a turn's share.
 * *out_used is how many bytes they were, *out_count how many frames. */
static enum batch_end handle_batch(struct peer *peer, const uint8_t *bytes,
                                   size_t len, size_t *out_used,
                                   unsigned *out_count)
{
    size_t used = 0;
    unsigned count = 0;
    enum batch_end end = BATCH_MORE;

    if (peer->state == PEER_HANDSHAKE)
        used = handle_handshake(peer, bytes, len);
    while (count < PEER_FRAMES_A_TURN && peer->state == PEER_OPEN &&
           !throttled(peer) && !peer->endpoint->quiet) {
        struct wire_frame frame;
        enum wire_frame_result result =
            wire_frame_get(bytes + used, len - used, message_max(peer),
                           &frame);

        if (result == WIRE_FRAME_MORE) {
            end = BATCH_PARTIAL;
            break;
        }
        if (result == WIRE_FRAME_BAD ||
            (result == WIRE_FRAME_TOO_LARGE && peer->own == WIRE_PUB)) {
            close_for_frame(peer);
            break;
        }
        if (result == WIRE_FRAME_TOO_LARGE) {
            if (request_refuse_large(peer, bytes + used, len - used))
                close_for_size(peer);
            else
                end = BATCH_PARTIAL;
            break;
        }
        used += WIRE_FRAME_HEADER_SIZE + (size_t)frame.length;
        timer_stop(peer);
        handle_frame(peer, &frame);
        peer_write_early(peer, ++count);
    }
    *out_used = used;
    *out_count = count;
    return end;
}

static void flush_batch(struct endpoint *endpoint)
{
    struct peer *peer;

    endpoint->in_batch = false;
    while ((peer = TAILQ_FIRST(&endpoint->flushes))) {
        TAILQ_REMOVE(&endpoint->flushes, peer, flush);
        peer->in_flushes = false;
        peer_flush(peer);
    }
}

/* What happens next with a peer after a batch: it waits for the rest of a
 * frame, for another turn, or for its client to read. */
static void settle(struct peer *peer, enum batch_end end)
{
    struct endpoint *endpoint = peer->endpoint;
    bool left = buf_size(&peer->in) > 0;

    if (peer->state == PEER_HANDSHAKE)
        return;
    if (peer->state != PEER_OPEN || endpoint->quiet)
        return;
    if (throttled(peer)) {
        timer_stop(peer); /* it is we who do not read */
        peer_stop_reading(peer);
        return;
    }
    start_reading(peer);
    if (!left) {
        buf_relax(&peer->in, PEER_BUFFER_KEEP);
    } else if (end == BATCH_PARTIAL) {
        if (!peer->timed)
            timer_start(peer, endpoint->limits.frame_ms);
    } else if (!peer->in_turns) {
        TAILQ_INSERT_TAIL(&endpoint->turns, peer, turn);
        peer->in_turns = true;
        endpoint_schedule(endpoint);
    }
}

/* `bytes` are the peer's own buffer, or fresh ones in the endpoint's. */
static void work(struct peer *peer, const uint8_t *bytes, size_t len)
{
    struct endpoint *endpoint = peer->endpoint;
    bool fresh = bytes == endpoint->input;
    enum batch_end end;
    unsigned count;
    size_t used;

    endpoint->in_batch = true;
    end = handle_batch(peer, bytes, len, &used, &count);
    if (!fresh)
        buf_consume(&peer->in, used);
    else if (!buf_append(&peer->in, bytes + used, len - used))
        peer_close(peer);
    flush_batch(endpoint);
    settle(peer, end);
    if (count > 1 && endpoint->handlers->on_batch)
        endpoint->handlers->on_batch(endpoint->context, count);
}

void peer_take_turn(struct peer *peer)
{
    if (peer->state == PEER_OPEN && buf_size(&peer->in) > 0)
        work(peer, buf_data(&peer->in), buf_size(&peer->in));
}

void peer_resume(struct peer *peer)
{
    if (peer->state != PEER_OPEN || peer->reading || peer->in_turns ||
        throttled(peer) || peer->endpoint->in_batch)
        return;
    settle(peer, BATCH_MORE);
}

/* After the end of file that endpoint_drain() has made: calls are still
 * answered.  A frame that has begun will never be whole. */
static void answer_rest(struct peer *peer)
{
    peer_stop_reading(peer);
    timer_stop(peer);
    buf_consume(&peer->in, buf_size(&peer->in));
    peer->state = PEER_ANSWERING;
    peer_flush(peer);
}

/* Where the next bytes go; NULL: no memory. */
static uint8_t *read_room(struct peer *peer, size_t *out_size)
{
    struct endpoint *endpoint = peer->endpoint;
    size_t more = min_size(buf_size(&peer->in), PEER_READ_LARGE);

    if (more == 0) {
        *out_size = sizeof endpoint->input;
        return endpoint->input;
    }
    /* at most double what has arrived */
    if (!buf_reserve(&peer->in, more > 512 ? more : 512))
        return NULL;
    *out_size = min_size(buf_room(&peer->in), PEER_READ_LARGE);
    return buf_tail(&peer->in);
}

static void end_of_input(struct peer *peer, bool in_order)
{
    if (in_order && peer->state == PEER_OPEN && peer->endpoint->on_drained)
        answer_rest(peer);
    else
        peer_close(peer);
}

static void take_input(struct peer *peer, const uint8_t *from, size_t got)
{
    if (got > ENDPOINT_BURST_SIZE)
        endpoint_burst(peer->endpoint);
    if (from == peer->endpoint->input) {
        work(peer, from, got);
    } else {
        buf_commit(&peer->in, got);
        work(peer, buf_data(&peer->in), buf_size(&peer->in));
    }
}

/* Whether there may be more of a large frame. */
static bool read_once(struct peer *peer)
{
    size_t room;
    uint8_t *to = read_room(peer, &room);
    ssize_t got = to ? recv(peer->fd, to, room, MSG_DONTWAIT) : 0;

    if (!to || got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        end_of_input(peer, to && got == 0);
        return false;
    }
    if (got < 0)
        return false;
    take_input(peer, to, (size_t)got);
    return (size_t)got == room && room >= PEER_READ_SIZE &&
           buf_size(&peer->in) > 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct peer *peer = MAGIC_CAST(peer, PEER_MAGIC, arg);

    (void)fd;
    (void)what;
    for (int i = 0; i < PEER_READS_A_TURN; i++)
        /* one that has frames left handles them first */
        if (peer->in_turns || !read_once(peer) || !peer->reading)
            return;
}
