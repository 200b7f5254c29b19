/* SPDX-License-Identifier: MIT */
/* A connection of the client under libFuzzer: whatever the peer says, in
 * whatever pieces, each request is over once, with an outcome that there is; a
 * reply is no larger than what was said; and when the peer has gone nothing is
 * outstanding. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/conn.h"
#include "client/outcome.h"
#include "client/result.h"

#define REQUESTS 4

struct scene {
    struct conn conn;
    struct conn_request requests[REQUESTS];
    unsigned overs;
    size_t said;
};

static struct scene scene;

static void on_over(struct conn_request *request)
{
    assert(request->state == CONN_REQUEST_OVER);
    assert(buf_size(&request->reply) <= scene.said);
    scene.overs++;
}

/* Ids count from 1, so that the peer can know them. */
static void ask(bool written)
{
    static const enum conn_kind kinds[REQUESTS] = {CONN_CALL, CONN_CONTROL,
                                                   CONN_CALL, CONN_CAST};

    scene.conn.next_id = 1;
    for (int i = 0; i < REQUESTS; i++) {
        scene.requests[i] = (struct conn_request){
            .kind = kinds[i], .body = "?", .size = 1, .on_over = on_over};
        conn_queue(&scene.conn, &scene.requests[i]);
    }
    if (written)
        conn_on_writable(&scene.conn);
}

static void say(const uint8_t *data, size_t size, size_t piece)
{
    while (size > 0 && scene.conn.state != CONN_DEAD) {
        uint8_t lent[CONN_LENT_SIZE];
        size_t room;
        uint8_t *at =
            conn_read_room(&scene.conn, lent, sizeof lent, &room);
        size_t part = piece < size ? piece : size;

        assert(room > 0);
        if (part > room)
            part = room;
        memcpy(at, data, part);
        scene.said += part;
        conn_read_done(&scene.conn, at, (ssize_t)part, 0);
        data += part;
        size -= part;
    }
}

static void check(struct conn_request *request)
{
    struct sp_result result;
    enum outcome outcome;

    result_init(&result);
    outcome = outcome_of(request, scene.conn.greeted, &result);
    outcome_next(outcome, &result, false);
    assert(result.progress <= SP_PROGRESS_ANSWERED);
    assert(outcome == OUTCOME_OVER ||
           (result.error == SP_EDIED &&
            result.progress == SP_PROGRESS_NOT_SENT));
    assert(strlen(sp_result_text(&result)) <= SP_TEXT_MAX);
    assert(result.error == SP_OK || sp_result_size(&result) == 0);
    result_fini(&result);
}

/* The first bytes say how the rest is said. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];

    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return 0;
    scene = (struct scene){0};
    conn_init(&scene.conn, ends[0]);
    ask(data[0] & 1);
    if (data[0] & 2)
        scene.conn.body_max = 1024;
    say(data + 2, size - 2, 1 + 64 * (size_t)data[1]);
    conn_read_done(&scene.conn, NULL, data[0] & 4 ? -1 : 0, ECONNRESET);
    assert(scene.overs == REQUESTS);
    for (int i = 0; i < REQUESTS; i++)
        check(&scene.requests[i]);
    conn_fini(&scene.conn);
    close(ends[1]);
    return 0;
}
