/* SPDX-License-Identifier: MIT */
/* What one connection writes: small frames by way of a buffer, those of a batch
 * together; large ones from where they are, for as long as their reader keeps
 * up.  Whom else that holds up is bounded.  Callers: peer.c, call.c, request.c,
 * subscriber.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/magic.h"
#include "internal.h"

static void output_written(struct peer *peer)
{
    buf_relax(&peer->out, PEER_BUFFER_KEEP);
    if (peer->state == PEER_CLOSING ||
        (peer->state == PEER_ANSWERING && peer->call_count == 0))
        peer_close(peer);
    else
        peer_resume(peer);
    subscriber_caught_up(peer);
}

/* False: some of the output is left, or the peer is dead. */
static bool write_out(struct peer *peer)
{
    while (peer->state != PEER_DEAD && buf_size(&peer->out) > 0) {
        /* not send(), whose address a confined session's filter looks for at
         * each call */
        ssize_t sent =
            write(peer->fd, buf_data(&peer->out), buf_size(&peer->out));

        if (sent >= 0) {
            buf_consume(&peer->out, (size_t)sent);
        } else if (errno == EAGAIN) {
            if (event_add(&peer->writable, NULL) < 0)
                peer_close(peer);
            return false;
        } else if (errno != EINTR) {
            /* it has gone; what it sent before that is still to be handled,
             * and the end of file behind it ends the connection */
            buf_consume(&peer->out, buf_size(&peer->out));
        }
    }
    return peer->state != PEER_DEAD;
}

void peer_flush(struct peer *peer)
{
    if (write_out(peer))
        output_written(peer);
}

void peer_on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    peer_flush(MAGIC_CAST(peer, PEER_MAGIC, arg));
}

static bool takes_output(const struct peer *peer)
{
    return peer->state == PEER_OPEN || peer->state == PEER_ANSWERING;
}

/* Drops what was written from the front of the pieces. */
static void skip(struct iovec iov[3], size_t done)
{
    for (int i = 0; i < 3; i++) {
        size_t part = done < iov[i].iov_len ? done : iov[i].iov_len;

        iov[i].iov_base = (uint8_t *)iov[i].iov_base + part;
        iov[i].iov_len -= part;
        done -= part;
    }
}

static size_t left_of(const struct iovec iov[3])
{
    return iov[0].iov_len + iov[1].iov_len + iov[2].iov_len;
}

/* A client that reads has made room in less time than a copy would take. */
static bool wait_for_reader(const struct peer *peer, int64_t until_ms)
{
    struct pollfd poll_fd = {.fd = peer->fd, .events = POLLOUT};
    int64_t left_ms = until_ms - clock_now_ms();

    return left_ms > 0 && poll(&poll_fd, 1, (int)left_ms) > 0;
}

/* Writes what the socket takes of a large frame, without a copy.  Not by
 * sendmsg(), which a confined session may not call: it could pass descriptors.
 * An error shows at the next flush. */
static void send_directly(struct peer *peer, struct iovec iov[3])
{
    unsigned wait_ms = peer->endpoint->limits.reader_wait_ms;
    int64_t until_ms = wait_ms > 0 ? clock_now_ms() + wait_ms : 0;

    while (left_of(iov) > 0) {
        ssize_t sent = writev(peer->fd, iov, 3);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            return;
        if (sent > 0)
            skip(iov, (size_t)sent);
        if (left_of(iov) > 0 &&
            (wait_ms == 0 || !wait_for_reader(peer, until_ms)))
            return;
    }
}

void peer_flush_soon(struct peer *peer)
{
    struct endpoint *endpoint = peer->endpoint;

    if (!endpoint->in_batch) {
        peer_flush(peer);
    } else if (!peer->in_flushes) {
        TAILQ_INSERT_TAIL(&endpoint->flushes, peer, flush);
        peer->in_flushes = true;
    }
}

/* Keeps what is left of the pieces. */
static bool keep_output(struct peer *peer, const struct iovec iov[3])
{
    size_t left = left_of(iov);
    uint8_t *to;

    if (left == 0)
        return true;
    if (!buf_reserve(&peer->out, left))
        return false;
    to = buf_tail(&peer->out);
    for (int i = 0; i < 3; i++) {
        if (iov[i].iov_len > 0)
            memcpy(to, iov[i].iov_base, iov[i].iov_len);
        to += iov[i].iov_len;
    }
    buf_commit(&peer->out, left);
    return true;
}

void peer_send(struct peer *peer, const void *head, size_t head_size,
               const void *body, size_t body_size)
{
    uint8_t frame[WIRE_FRAME_HEADER_SIZE];
    struct iovec iov[3] = {{frame, sizeof frame},
                           {(void *)head, head_size},
                           {(void *)body, body_size}};

    if (!takes_output(peer))
        return;
    wire_frame_put(frame, head_size + body_size);
    if (body_size >= WIRE_SMALL_FRAME && write_out(peer)) /* keeps the order */
        send_directly(peer, iov);
    if (!takes_output(peer))
        return;
    if (!keep_output(peer, iov)) {
        peer_close(peer); /* half a frame cannot be mended */
        return;
    }
    peer_flush_soon(peer);
}

void peer_write_early(struct peer *peer, unsigned handled)
{
    if (peer->endpoint->eager && handled % PEER_FRAMES_A_WRITE == 0 &&
        buf_size(&peer->out) > 0)
        write_out(peer);
}
