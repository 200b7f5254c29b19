/* SPDX-License-Identifier: MIT */
/* A connection and its peer.  Used by test_conn and its like. */
#define _GNU_SOURCE
#include "conn_scene.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/leaks.h"
#include "wire/sp.h"

struct conn conn;
int peer;
int overs;
const struct conn_request *ends[ENDS_MAX];

static void count_over(struct conn_request *request)
{
    if (overs < ENDS_MAX)
        ends[overs] = request;
    overs++;
}

void conn_scene_set(void)
{
    int pair[2];

    overs = 0;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    conn_init(&conn, pair[0]);
    peer = pair[1];
}

void conn_scene_clear(void)
{
    conn_fini(&conn);
    if (peer >= 0)
        close(peer);
}

void conn_scene_end(void)
{
    conn_scene_clear();
    leaks_check();
}

/* ---- the client's side ---- */

struct conn_request request_of(enum conn_kind kind, const void *body,
                               size_t size)
{
    return (struct conn_request){
        .kind = kind, .body = body, .size = size, .on_over = count_over};
}

struct conn_request call_of(const char *body)
{
    return request_of(CONN_CALL, body, strlen(body));
}

bool is_over(const struct conn_request *request)
{
    return request->state == CONN_REQUEST_OVER;
}

void expect_end(const struct conn_request *request, enum sp_error error,
                enum sp_progress progress)
{
    cr_expect(is_over(request));
    cr_expect_eq(request->error, error, "%s", sp_error_name(request->error));
    cr_expect_eq(request->progress, progress, "%d", (int)request->progress);
}

void expect_reply(struct conn_request *request, const char *body)
{
    expect_end(request, SP_OK, SP_PROGRESS_ANSWERED);
    cr_expect_eq(buf_size(&request->reply), strlen(body));
    cr_expect_str_eq((char *)buf_data(&request->reply), body,
                     "with its NUL behind it");
    buf_fini(&request->reply);
}

/* ---- the session's side ---- */

void peer_say(const void *bytes, size_t size)
{
    cr_assert_eq(send(peer, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

void peer_greet(enum wire_protocol own)
{
    uint8_t hello[WIRE_HANDSHAKE_SIZE];

    wire_handshake_put(hello, own);
    peer_say(hello, sizeof hello);
    conn_on_readable(&conn);
}

void peer_head(uint8_t head[13], uint32_t id, uint64_t size)
{
    wire_frame_put(head, size + 4);
    wire_u32_put(head + WIRE_FRAME_HEADER_SIZE, id);
}

void peer_reply(uint32_t id, const void *body, size_t size)
{
    uint8_t head[13];

    peer_head(head, id, size);
    peer_say(head, sizeof head);
    peer_say(body, size);
}

void peer_answer(const struct conn_request *request, const char *body)
{
    peer_reply(request->id, body, strlen(body));
    conn_on_readable(&conn);
}

size_t peer_hear(uint8_t *out, size_t size)
{
    size_t heard = 0;
    ssize_t got;

    while (heard < size &&
           (got = recv(peer, out + heard, size - heard, MSG_DONTWAIT)) > 0)
        heard += (size_t)got;
    return heard;
}

void peer_forget(void)
{
    uint8_t bytes[65536];

    while (peer_hear(bytes, sizeof bytes) > 0)
        continue;
}

void peer_close(void)
{
    close(peer);
    peer = -1;
}
