/* SPDX-License-Identifier: MIT */
/* What a connection writes: a queue of requests, which leave in as few system
 * calls as hold them while they are small, and from where they are when they
 * are large.  Callers: conn.h's. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utlist.h>

#include "conn_own.h"

/* A frame that leaves alone is copied up to this size. */
#define COPIED_ALONE 512

/* ---- one frame ---- */

static void build_head(struct conn_request *request)
{
    uint8_t *head = request->head + WIRE_FRAME_HEADER_SIZE;

    wire_u32_put(head, request->id);
    head += CONN_ID_SIZE;
    if (request->kind == CONN_CAST) {
        wire_tag_put(head, '>');
        head += WIRE_TAG_SIZE;
    } else if (request->kind == CONN_CALL &&
               wire_body_needs_literal(request->body, request->size)) {
        wire_tag_put(head, '=');
        head += WIRE_TAG_SIZE;
    }
    request->head_size = (size_t)(head - request->head);
    wire_frame_put(request->head, request->head_size - WIRE_FRAME_HEADER_SIZE +
                                      request->size);
}

static size_t left_of(const struct conn_request *request)
{
    return request->head_size + request->size - request->written;
}

/* The first frame with the handshake, if that is due. */
static size_t first_left(const struct conn *conn)
{
    return WIRE_HANDSHAKE_SIZE - conn->hello_written + left_of(conn->queue);
}

/* Copies what is left of the handshake; returns its end. */
static uint8_t *copy_hello(const struct conn *conn, uint8_t *to)
{
    uint8_t hello[WIRE_HANDSHAKE_SIZE];
    size_t left = WIRE_HANDSHAKE_SIZE - conn->hello_written;

    if (left == 0)
        return to;
    wire_handshake_put(hello, WIRE_REQ);
    memcpy(to, hello + conn->hello_written, left);
    return to + left;
}

/* The same with a request. */
static uint8_t *copy_request(const struct conn_request *request, uint8_t *to)
{
    size_t done = request->written;
    size_t head = request->head_size;

    if (done < head) {
        memcpy(to, request->head + done, head - done);
        to += head - done;
        done = head;
    }
    if (request->size == 0)
        return to;
    memcpy(to, (const uint8_t *)request->body + (done - head),
           request->size - (done - head));
    return to + request->size - (done - head);
}

static struct iovec iovec_of(const void *bytes, size_t size)
{
    return (struct iovec){.iov_base = (void *)bytes, .iov_len = size};
}

/* The same without a copy; returns how many pieces it is in. */
static size_t gather(const struct conn *conn, uint8_t *hello,
                     struct iovec iov[3])
{
    const struct conn_request *request = conn->queue;
    size_t head = request->head_size;
    size_t in_body = request->written < head ? 0 : request->written - head;
    size_t count = 0;

    iov[count] = iovec_of(hello, (size_t)(copy_hello(conn, hello) - hello));
    count += iov[count].iov_len > 0;
    if (request->written < head)
        iov[count++] = iovec_of(request->head + request->written,
                                head - request->written);
    if (request->size > in_body)
        iov[count++] = iovec_of((const uint8_t *)request->body + in_body,
                                request->size - in_body);
    return count;
}

/* ---- what the kernel took ---- */

static void written_whole(struct conn *conn, struct conn_request *request)
{
    conn_leave_queue(conn, request);
    request->state = CONN_REQUEST_WRITTEN;
    conn->last_id = request->id;
    if (request->kind == CONN_CAST)
        conn_finish(conn, request, SP_OK, SP_PROGRESS_SENT);
}

static void account(struct conn *conn, size_t sent)
{
    size_t hello = WIRE_HANDSHAKE_SIZE - conn->hello_written;

    if (hello > sent)
        hello = sent;
    conn->hello_written += hello;
    sent -= hello;
    while (sent > 0) {
        struct conn_request *request = conn->queue;
        size_t part = left_of(request);

        if (part > sent) {
            request->written += sent;
            request->state = CONN_REQUEST_STARTED;
            return;
        }
        request->written += part;
        sent -= part;
        written_whole(conn, request);
    }
}

/* Takes what a system call returned.  Returns whether the kernel took all that
 * it was given. */
static bool sent_some(struct conn *conn, ssize_t sent, size_t total)
{
    if (sent >= 0)
        account(conn, (size_t)sent);
    else if (errno != EAGAIN)
        conn_end_writing(conn);
    return sent >= 0 && (size_t)sent == total;
}

/* ---- as many as it takes ---- */

/* One frame, from where it is. */
static bool write_one(struct conn *conn)
{
    uint8_t hello[WIRE_HANDSHAKE_SIZE];
    struct iovec iov[3];
    struct msghdr msg = {.msg_iov = iov};
    size_t total = first_left(conn);
    ssize_t sent;

    msg.msg_iovlen = gather(conn, hello, iov);
    do
        sent = sendmsg(conn->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent_some(conn, sent, total);
}

/* As many frames as there is room to copy them to, each whole: so each small
 * one is queued whole or not at all.  A copy costs less than it costs the
 * kernel to look for two pieces a frame. */
static bool write_copies(struct conn *conn, uint8_t *room, size_t size)
{
    uint8_t *end = copy_hello(conn, room);
    ssize_t sent;

    for (const struct conn_request *request = conn->queue; request;
         request = request->next) {
        if (left_of(request) > size - (size_t)(end - room))
            break;
        end = copy_request(request, end);
    }
    size = (size_t)(end - room);
    do
        sent = send(conn->fd, room, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent_some(conn, sent, size);
}

/* Apart, so that who writes one frame does not pay for the room. */
static __attribute__((noinline)) bool write_many(struct conn *conn)
{
    uint8_t room[WIRE_SMALL_FRAME];

    return write_copies(conn, room, sizeof room);
}

static bool write_some(struct conn *conn)
{
    uint8_t room[COPIED_ALONE];
    size_t first = first_left(conn);

    if (conn->queue->next && first <= WIRE_SMALL_FRAME)
        return write_many(conn);
    if (first <= sizeof room)
        return write_copies(conn, room, sizeof room);
    return write_one(conn);
}

void conn_on_writable(struct conn *conn)
{
    while (conn->queue && write_some(conn))
        ;
}

void conn_queue(struct conn *conn, struct conn_request *request)
{
    conn_enter(conn, request);
    request->state = CONN_REQUEST_QUEUED;
    request->prev = NULL;
    request->written = 0;
    if (!conn_usable(conn)) {
        conn_finish(conn, request, SP_EDIED, SP_PROGRESS_NOT_SENT);
        return;
    }
    build_head(request);
    DL_APPEND(conn->queue, request);
}

void conn_send(struct conn *conn, struct conn_request *request)
{
    conn_queue(conn, request);
    if (conn->queue == request)
        conn_on_writable(conn);
}
