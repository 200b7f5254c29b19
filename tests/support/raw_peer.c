/* SPDX-License-Identifier: MIT */
/* A client that says what it is told, for tests of endpoints.  It knows frames
 * by wire/sp, which has unit tests of its own. */
#define _GNU_SOURCE
#include "raw_peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/wait.h"

#define ID_BIT 0x80000000u

void raw_message_fini(struct raw_message *message)
{
    free(message->bytes);
    *message = (struct raw_message){0};
}

/* ---- connection ---- */

struct connecting {
    int fd;
    struct sockaddr_un address;
};

/* A full backlog makes connect() fail with EAGAIN, about which poll() knows
 * nothing. */
static bool try_connect(void *context)
{
    const struct connecting *to = context;

    if (connect(to->fd, (const struct sockaddr *)&to->address,
                sizeof to->address) == 0)
        return true;
    cr_assert(errno == EAGAIN, "connect %s: %s", to->address.sun_path,
              strerror(errno));
    return false;
}

void raw_peer_connect(struct raw_peer *out_peer, const char *path)
{
    struct connecting to = {.address.sun_family = AF_UNIX};

    to.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert(to.fd >= 0, "socket: %s", strerror(errno));
    cr_assert_lt(strlen(path), sizeof to.address.sun_path);
    strcpy(to.address.sun_path, path);
    cr_assert(wait_for(try_connect, &to, WAIT_MS), "%s: backlog full", path);
    *out_peer = (struct raw_peer){.fd = to.fd};
}

void raw_peer_close(struct raw_peer *peer)
{
    close(peer->fd);
    buf_fini(&peer->in);
    peer->fd = -1;
}

/* ---- sending ---- */

bool raw_peer_try_send(struct raw_peer *peer, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    while (size > 0) {
        ssize_t sent = send(peer->fd, from, size, MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN)
            return false;
        if (sent < 0) {
            cr_assert(wait_writable(peer->fd, WAIT_MS), "peer does not read");
            continue;
        }
        from += sent;
        size -= (size_t)sent;
    }
    return true;
}

void raw_peer_send(struct raw_peer *peer, const void *bytes, size_t size)
{
    cr_assert(raw_peer_try_send(peer, bytes, size), "send: %s",
              strerror(errno));
}

void raw_peer_send_frame(struct raw_peer *peer, const void *message,
                         size_t size)
{
    uint8_t header[WIRE_FRAME_HEADER_SIZE];
    struct buf frame = BUF_EMPTY;

    wire_frame_put(header, size);
    cr_assert(buf_append(&frame, header, sizeof header) &&
              buf_append(&frame, message, size));
    raw_peer_send(peer, buf_data(&frame), buf_size(&frame));
    buf_fini(&frame);
}

void raw_peer_send_request(struct raw_peer *peer, uint32_t id,
                           const void *body, size_t size)
{
    struct buf message = BUF_EMPTY;
    uint8_t word[4];

    wire_u32_put(word, id | ID_BIT);
    cr_assert(buf_append(&message, word, sizeof word) &&
              buf_append(&message, body, size));
    raw_peer_send_frame(peer, buf_data(&message), buf_size(&message));
    buf_fini(&message);
}

/* ---- receiving ---- */

/* Reads what there is.  False: the connection is closed. */
static bool receive_some(struct raw_peer *peer)
{
    ssize_t got;

    cr_assert(wait_readable(peer->fd, WAIT_MS), "nothing received");
    cr_assert(buf_reserve(&peer->in, 65536));
    got = recv(peer->fd, buf_tail(&peer->in), buf_room(&peer->in), 0);
    if (got > 0)
        buf_commit(&peer->in, (size_t)got);
    return got > 0;
}

void raw_peer_open(struct raw_peer *out_peer, const char *path,
                   enum wire_protocol own)
{
    uint8_t handshake[WIRE_HANDSHAKE_SIZE];
    enum wire_protocol wanted;
    uint16_t got;

    raw_peer_connect(out_peer, path);
    wire_handshake_put(handshake, own);
    raw_peer_send(out_peer, handshake, sizeof handshake);
    while (buf_size(&out_peer->in) < WIRE_HANDSHAKE_SIZE)
        cr_assert(receive_some(out_peer), "%s: closed in handshake", path);
    cr_assert(wire_handshake_get(buf_data(&out_peer->in), &got));
    cr_assert(wire_counterpart(own, &wanted));
    cr_assert_eq(got, wanted, "the other side says protocol 0x%x", got);
    buf_consume(&out_peer->in, WIRE_HANDSHAKE_SIZE);
}

static struct raw_message message_copy(const uint8_t *bytes, size_t size)
{
    struct raw_message message = {.bytes = malloc(size + 1), .size = size};

    cr_assert_not_null(message.bytes);
    memcpy(message.bytes, bytes, size);
    message.bytes[size] = '\0';
    return message;
}

bool raw_peer_try_recv(struct raw_peer *peer, struct raw_message *out_message)
{
    struct wire_frame frame;

    for (;;) {
        size_t held = buf_size(&peer->in);
        enum wire_frame_result result = WIRE_FRAME_MORE;

        if (held > 0)
            result = wire_frame_get(buf_data(&peer->in), held, UINT64_MAX,
                                    &frame);
        cr_assert_neq(result, WIRE_FRAME_BAD, "no frame received");
        if (result == WIRE_FRAME_WHOLE)
            break;
        if (!receive_some(peer))
            return false;
    }
    *out_message = message_copy(frame.message, frame.length);
    buf_consume(&peer->in, WIRE_FRAME_HEADER_SIZE + frame.length);
    return true;
}

void raw_peer_recv(struct raw_peer *peer, struct raw_message *out_message)
{
    cr_assert(raw_peer_try_recv(peer, out_message), "connection closed");
}

void raw_peer_recv_reply(struct raw_peer *peer, uint32_t id,
                         struct raw_message *out_body)
{
    struct raw_message reply;

    raw_peer_recv(peer, &reply);
    cr_assert_geq(reply.size, 4);
    cr_assert_eq(wire_u32_get(reply.bytes), id | ID_BIT,
                 "reply to request %x instead of %x",
                 wire_u32_get(reply.bytes), id | ID_BIT);
    *out_body = message_copy(reply.bytes + 4, reply.size - 4);
    raw_message_fini(&reply);
}

void raw_peer_expect(struct raw_peer *peer, uint32_t id, const char *request,
                     const char *body)
{
    struct raw_message reply;

    raw_peer_send_request(peer, id, request, strlen(request));
    raw_peer_recv_reply(peer, id, &reply);
    cr_assert_str_eq((const char *)reply.bytes, body);
    raw_message_fini(&reply);
}

bool raw_peer_wait_closed(struct raw_peer *peer, int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);
    uint8_t dropped[65536];

    while (wait_readable(peer->fd, deadline_left(deadline)))
        if (recv(peer->fd, dropped, sizeof dropped, 0) <= 0)
            return true;
    return false;
}

bool raw_peer_silent(struct raw_peer *peer, int for_ms)
{
    return !wait_readable(peer->fd, for_ms);
}

void raw_call(const char *path, const void *request, size_t size,
              struct raw_message *out_body)
{
    struct raw_peer peer;

    raw_peer_open(&peer, path, WIRE_REQ);
    raw_peer_send_request(&peer, 1, request, size);
    raw_peer_recv_reply(&peer, 1, out_body);
    raw_peer_close(&peer);
}
