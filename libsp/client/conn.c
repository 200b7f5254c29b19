/* SPDX-License-Identifier: MIT */
/* One connection: its requests by id, what comes of them, and reading.  Small
 * replies are read by way of a buffer that whoever reads lends, and `in` where
 * the end of one is missing; large ones straight into the buffer that their
 * request lends.  Writing is conn_write.c's.  What came of a request when the
 * connection ends: PROTOCOL.md, "How far a request got".  Callers: line.c,
 * link_local.c. */
#define _GNU_SOURCE
#include "conn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "conn_own.h"

/* A frame up to this size is received by way of `in` if it comes in pieces,
 * which has room for two: then moving what is held to the front always
 * suffices. */
#define SMALL_REPLY (16 * 1024)

void conn_init(struct conn *conn, int fd)
{
    *conn = (struct conn){.fd = fd,
                          .reply_max = CONN_REPLY_MAX,
                          .body_max = SIZE_MAX};
    /* random: a session that is started again must not take a request of this
     * connection for one that its predecessor died of */
    conn->next_id = arc4random();
}

void conn_fini(struct conn *conn)
{
    for (size_t i = 0; i < CONN_CHAINS; i++)
        assert(!conn->waiting[i]);
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    buf_fini(&conn->in);
    buf_fini(&conn->body);
}

/* ---- requests by id ---- */

static struct conn_request **chain_of(struct conn *conn, uint32_t id)
{
    return &conn->waiting[id % CONN_CHAINS];
}

/* NULL: there is none of this id.  Replies come in the order of the requests
 * for the most part, so it is the first. */
static struct conn_request *find(struct conn *conn, uint32_t id)
{
    struct conn_request *request = *chain_of(conn, id);

    while (request && request->id != id)
        request = request->chain_next;
    return request;
}

/* An id that has come round can only be that of the first, however many there
 * are. */
void conn_enter(struct conn *conn, struct conn_request *request)
{
    struct conn_request **chain;

    do {
        request->id = CONN_ID_BIT | conn->next_id++;
        chain = chain_of(conn, request->id);
    } while (*chain && (*chain)->id == request->id);
    DL_APPEND2(*chain, request, chain_prev, chain_next);
}

void conn_leave_queue(struct conn *conn, struct conn_request *request)
{
    if (!conn_unwritten(request) || !request->prev)
        return;
    DL_DELETE(conn->queue, request);
    request->prev = NULL;
}

void conn_finish(struct conn *conn, struct conn_request *request,
                 enum sp_error error, enum sp_progress progress)
{
    struct conn_request **chain = chain_of(conn, request->id);

    DL_DELETE2(*chain, request, chain_prev, chain_next);
    conn_leave_queue(conn, request);
    if (conn->body_for == request)
        conn->body_for = NULL;
    request->state = CONN_REQUEST_OVER;
    request->error = error;
    request->progress = progress;
    request->on_over(request);
}

/* ---- the end ---- */

/* One that was written in part waits: the session may have answered it with an
 * error already. */
void conn_end_writing(struct conn *conn)
{
    conn->write_over = true;
    while (conn->queue) {
        struct conn_request *request = conn->queue;

        if (request->state == CONN_REQUEST_STARTED) {
            conn->cut = true;
            conn_leave_queue(conn, request);
        } else {
            conn_finish(conn, request, SP_EDIED, SP_PROGRESS_NOT_SENT);
        }
    }
}

/* unread: the peer closed with bytes left unread, which are the last ones that
 * were sent. */
static enum sp_progress progress_at_end(const struct conn *conn,
                                        const struct conn_request *request,
                                        bool unread)
{
    if (request->state != CONN_REQUEST_WRITTEN)
        return SP_PROGRESS_NOT_SENT;
    if (unread && !conn->cut && request->id == conn->last_id)
        return SP_PROGRESS_NOT_SENT;
    return SP_PROGRESS_SENT;
}

/* The one that was sent first, or queued first, of those that are not over: ids
 * count up, and each chain is in their order. */
static struct conn_request *oldest(const struct conn *conn)
{
    struct conn_request *oldest = NULL;
    uint32_t oldest_age = 0;

    for (size_t i = 0; i < CONN_CHAINS; i++) {
        struct conn_request *request = conn->waiting[i];
        uint32_t age;

        if (!request)
            continue;
        age = (conn->next_id - request->id) & ~CONN_ID_BIT;
        if (!oldest || age > oldest_age) {
            oldest_age = age;
            oldest = request;
        }
    }
    return oldest;
}

/* What was not begun to be written has failed for want of a connection, not for
 * what was wrong with this one. */
static void die(struct conn *conn, enum sp_error error, bool unread)
{
    struct conn_request *request = conn->queue;

    conn->cut |= request && request->state == CONN_REQUEST_STARTED;
    conn->write_over = true;
    conn->state = CONN_DEAD;
    while ((request = oldest(conn)))
        conn_finish(conn, request,
                    request->state == CONN_REQUEST_QUEUED ? SP_EDIED : error,
                    progress_at_end(conn, request, unread));
    conn->body_left = 0;
}

void conn_withdraw(struct conn *conn, struct conn_request *request)
{
    enum conn_request_state state = request->state;

    if (state == CONN_REQUEST_OVER)
        return;
    conn_finish(conn, request, SP_ETIMEDOUT,
                state == CONN_REQUEST_WRITTEN ? SP_PROGRESS_SENT
                                              : SP_PROGRESS_NOT_SENT);
    if (state == CONN_REQUEST_STARTED) {
        conn->cut = true;
        conn_end_writing(conn);
    }
}

/* ---- reading ---- */

static void answered(struct conn *conn, struct conn_request *request)
{
    bool unwritten = conn_unwritten(request);

    *buf_tail(&request->reply) = '\0';
    conn_finish(conn, request, SP_OK, SP_PROGRESS_ANSWERED);
    /* an error that was sent at the sight of the frame's head */
    if (unwritten && !conn->write_over) {
        conn->cut = true;
        conn_end_writing(conn);
    }
}

static void small_reply(struct conn *conn, const uint8_t *body, size_t size,
                        uint32_t id)
{
    struct conn_request *request = find(conn, id);

    if (!request)
        return; /* late: its caller has given up */
    if (!buf_fit(&request->reply, size + 1)) {
        conn_finish(conn, request, SP_ENOMEM, SP_PROGRESS_ANSWERED);
        return;
    }
    buf_append(&request->reply, body, size);
    answered(conn, request);
}

/* The bytes are the beginning of its body, and all that has come. */
static void large_reply(struct conn *conn, uint64_t size, uint32_t id,
                        const uint8_t *body, size_t here)
{
    conn->body_left = size - here;
    conn->body_for = find(conn, id);
    buf_fini(&conn->body);
    if (!conn->body_for)
        return;
    conn->body = conn->body_for->reply;
    conn->body_for->reply = BUF_EMPTY;
    if (!buf_append(&conn->body, body, here))
        conn_finish(conn, conn->body_for, SP_ENOMEM, SP_PROGRESS_ANSWERED);
}

/* Takes the frame that these bytes begin with.  Returns how many of them were
 * used; 0: more must come, or the connection is dead. */
static size_t take_frame(struct conn *conn, const uint8_t *bytes, size_t len)
{
    const size_t head = WIRE_FRAME_HEADER_SIZE + CONN_ID_SIZE;
    const uint8_t *id = bytes + WIRE_FRAME_HEADER_SIZE;
    struct wire_frame frame;
    enum wire_frame_result found =
        wire_frame_get(bytes, len, conn->reply_max + CONN_ID_SIZE, &frame);

    if (found == WIRE_FRAME_MORE && len < head)
        return 0;
    if (found == WIRE_FRAME_TOO_LARGE || found == WIRE_FRAME_BAD ||
        frame.length < CONN_ID_SIZE || !(id[0] & 0x80)) {
        die(conn, SP_EPROTO, false);
        return 0;
    }
    if (found == WIRE_FRAME_WHOLE) {
        small_reply(conn, id + CONN_ID_SIZE, frame.length - CONN_ID_SIZE,
                    wire_u32_get(id));
        return WIRE_FRAME_HEADER_SIZE + (size_t)frame.length;
    }
    if (WIRE_FRAME_HEADER_SIZE + frame.length <= SMALL_REPLY)
        return 0;
    large_reply(conn, frame.length - CONN_ID_SIZE, wire_u32_get(id),
                bytes + head, len - head);
    return len;
}

static size_t take_handshake(struct conn *conn, const uint8_t *bytes,
                             size_t len)
{
    uint16_t protocol;

    if (len < WIRE_HANDSHAKE_SIZE)
        return 0;
    if (!wire_handshake_get(bytes, &protocol) || protocol != WIRE_REP) {
        die(conn, SP_EPROTO, false);
        return 0;
    }
    conn->greeted = true;
    conn->state = CONN_OPEN;
    return WIRE_HANDSHAKE_SIZE;
}

/* Returns how many of the bytes were used. */
static size_t take_frames(struct conn *conn, const uint8_t *bytes, size_t len)
{
    size_t used = 0, part;

    if (conn->state == CONN_HANDSHAKE)
        used = take_handshake(conn, bytes, len);
    while (conn->state == CONN_OPEN && used < len &&
           (part = take_frame(conn, bytes + used, len - used)) > 0)
        used += part;
    return used;
}

/* Keeps the beginning of what is not whole yet. */
static void keep(struct conn *conn, const uint8_t *bytes, size_t len)
{
    if (len == 0 || conn->state == CONN_DEAD)
        return;
    if (!buf_reserve(&conn->in, 2 * SMALL_REPLY))
        die(conn, SP_ENOMEM, false);
    else
        buf_append(&conn->in, bytes, len);
}

/* Room for a large reply's next bytes: as much as is there already, else it
 * doubles with what has come. */
static uint8_t *body_room(struct conn *conn, size_t *out_size)
{
    size_t have = buf_size(&conn->body);
    size_t want = have > SMALL_REPLY ? have : SMALL_REPLY;

    if (want > conn->body_left)
        want = conn->body_left;
    if (have + want > conn->body_max || !buf_reserve(&conn->body, want + 1)) {
        conn_finish(conn, conn->body_for, SP_ENOMEM, SP_PROGRESS_ANSWERED);
        return NULL;
    }
    *out_size = buf_room(&conn->body) - 1;
    if (*out_size > conn->body_left)
        *out_size = conn->body_left;
    return buf_tail(&conn->body);
}

uint8_t *conn_read_room(struct conn *conn, uint8_t *lent, size_t lent_size,
                        size_t *out_size)
{
    uint8_t *room = NULL;

    if (conn->body_for)
        room = body_room(conn, out_size);
    conn->into_body = room != NULL;
    if (room)
        return room;
    buf_fini(&conn->body);
    if (buf_size(&conn->in) > 0) {
        buf_reserve(&conn->in, SMALL_REPLY);
        *out_size = buf_room(&conn->in);
        return buf_tail(&conn->in);
    }
    *out_size = lent_size;
    if (conn->body_left > 0 && conn->body_left < *out_size)
        *out_size = (size_t)conn->body_left;
    return lent;
}

/* Bytes of a large reply; without into_body nobody wants them. */
static void body_received(struct conn *conn, size_t got)
{
    struct conn_request *request = conn->body_for;

    conn->body_left -= got;
    if (conn->into_body)
        buf_commit(&conn->body, got);
    if (conn->body_left > 0 || !request)
        return;
    request->reply = conn->body;
    conn->body = BUF_EMPTY;
    answered(conn, request);
}

static void frames_received(struct conn *conn, const uint8_t *room, size_t got)
{
    size_t used;

    if (buf_size(&conn->in) == 0) {
        used = take_frames(conn, room, got);
        keep(conn, room + used, got - used);
        return;
    }
    buf_commit(&conn->in, got);
    used = take_frames(conn, buf_data(&conn->in), buf_size(&conn->in));
    buf_consume(&conn->in, used);
    buf_relax(&conn->in, 0);
}

void conn_read_done(struct conn *conn, const uint8_t *room, ssize_t got,
                    int error)
{
    if (conn->state == CONN_DEAD)
        return;
    if (got < 0 && (error == EAGAIN || error == EINTR))
        return;
    if (got <= 0)
        die(conn, SP_EDIED, got < 0 && error == ECONNRESET);
    else if (conn->body_left > 0)
        body_received(conn, (size_t)got);
    else
        frames_received(conn, room, (size_t)got);
}

void conn_on_readable(struct conn *conn)
{
    uint8_t lent[CONN_LENT_SIZE];
    size_t size;
    uint8_t *room = conn_read_room(conn, lent, sizeof lent, &size);
    ssize_t got = recv(conn->fd, room, size, MSG_DONTWAIT);

    conn_read_done(conn, room, got, errno);
}
