/* SPDX-License-Identifier: MIT */
/* The test as spd and as sessions: listening sockets in a private directory,
 * and the scalability protocols by hand.  Used by test_client_peers,
 * test_client_deaths and test_client_answers. */
#define _GNU_SOURCE
#include "client_fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/wait.h"
#include "wire/sp.h"

struct criterion_test_params fake_channels(void)
{
    static struct channel_name channels[] = {{"local"}, {"nng"}};

    return cr_make_param_array(struct channel_name, channels, 2);
}

struct sp_client *fake_client(const struct fake *fake)
{
    struct sp_client *client;
    char where[64];

    snprintf(where, sizeof where, "%s%s", fake_is_local(fake) ? "" : "ipc://",
             fake->dir);
    cr_assert_eq(sp_client_open(where, &client), SP_OK);
    return client;
}

void fake_open(struct fake *out_fake, const char *channel)
{
    char sessions[64];

    leftovers_directory(out_fake->dir);
    out_fake->channel = channel;
    snprintf(sessions, sizeof sessions, "%s/sessions", out_fake->dir);
    cr_assert_eq(mkdir(sessions, 0700), 0);
    out_fake->client = fake_client(out_fake);
}

void fake_close(struct fake *fake)
{
    sp_client_close(fake->client);
    leftovers_remove(fake->dir);
}

bool fake_is_local(const struct fake *fake)
{
    return strcmp(fake->channel, "local") == 0;
}

void fake_path(const struct fake *fake, const char *id, char out[128])
{
    if (*id)
        snprintf(out, 128, "%s/sessions/%s", fake->dir, id);
    else
        snprintf(out, 128, "%s/control", fake->dir);
}

int fake_listen(const struct fake *fake, const char *id, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char path[128];

    fake_path(fake, id, path);
    strcpy(address.sun_path, path);
    cr_assert_geq(fd, 0);
    unlink(path);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, backlog), 0);
    return fd;
}

static _Thread_local bool (*readable)(int fd, int timeout_ms) = wait_readable;

void fake_wait_by(bool (*how)(int fd, int timeout_ms))
{
    readable = how;
}

/* ---- the session's side ---- */

/* False: the other end has closed. */
static bool hear_all(int fd, void *bytes, size_t size)
{
    uint8_t *at = bytes;

    while (size > 0) {
        ssize_t got;

        cr_assert(readable(fd, WAIT_MS), "the client says nothing");
        got = recv(fd, at, size, 0);
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

int fake_accept_raw(int listener)
{
    int fd;

    cr_assert(readable(listener, WAIT_MS), "the client does not connect");
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(fd, 0);
    return fd;
}

/* Says our half of the handshake and waits for the first request.  False: the
 * other end has closed. */
static bool handshake(int fd)
{
    uint8_t hello[WIRE_HANDSHAKE_SIZE];
    enum wire_protocol own;
    uint16_t protocol;

    if (!hear_all(fd, hello, sizeof hello))
        return false;
    cr_assert(wire_handshake_get(hello, &protocol));
    cr_assert(wire_counterpart(protocol, &own));
    wire_handshake_put(hello, own);
    return send(fd, hello, sizeof hello, MSG_NOSIGNAL) == sizeof hello &&
           readable(fd, WAIT_MS) &&
           recv(fd, hello, 1, MSG_PEEK) == 1;
}

/* -1: nobody asks anything. */
static int accept_patiently(int listener)
{
    while (readable(listener, WAIT_MS)) {
        int fd = fake_accept_raw(listener);

        if (handshake(fd))
            return fd;
        close(fd);
    }
    return -1;
}

int fake_accept(int listener)
{
    int fd = accept_patiently(listener);

    cr_assert_geq(fd, 0, "the client does not connect");
    return fd;
}

struct fake_request fake_hear_push(int connection)
{
    struct fake_request request = {0};
    uint8_t head[WIRE_FRAME_HEADER_SIZE];

    cr_assert(hear_all(connection, head, sizeof head));
    cr_assert_eq(head[0], 1);
    request.size = wire_u32_get(head + 5);
    request.body = calloc(1, request.size + 1);
    cr_assert(hear_all(connection, request.body, request.size));
    return request;
}

struct fake_request fake_hear(int connection)
{
    struct fake_request request = fake_hear_push(connection);

    cr_assert_geq(request.size, 4u);
    request.id = wire_u32_get(request.body);
    request.size -= 4;
    memmove(request.body, request.body + 4, request.size + 1);
    return request;
}

uint32_t fake_expect(int connection, const char *body)
{
    struct fake_request request = fake_hear(connection);

    cr_expect_str_eq((char *)request.body, body);
    free(request.body);
    return request.id;
}

void fake_say(int connection, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size > 0) {
        ssize_t sent = send(connection, at, size, MSG_NOSIGNAL);

        cr_assert_gt(sent, 0, "%s", strerror(errno));
        at += sent;
        size -= (size_t)sent;
    }
}

void fake_reply(int connection, uint32_t id, const void *body, size_t size)
{
    uint8_t head[WIRE_FRAME_HEADER_SIZE + 4];

    wire_frame_put(head, size + 4);
    wire_u32_put(head + WIRE_FRAME_HEADER_SIZE, id);
    fake_say(connection, head, sizeof head);
    fake_say(connection, body, size);
}

void fake_answer(int connection, uint32_t id, const char *body)
{
    fake_reply(connection, id, body, strlen(body));
}

void fake_wait_closed(int connection)
{
    char byte;

    while (hear_all(connection, &byte, 1))
        continue;
}

/* ---- spd ---- */

static void *spd_main(void *context)
{
    struct fake_spd *spd = context;

    spd->connection = accept_patiently(spd->listener);
    while (spd->heard < spd->count && spd->connection >= 0 &&
           wait_readable(spd->connection, WAIT_MS)) {
        const struct fake_row *row = &spd->rows[spd->heard++];
        struct fake_request request = fake_hear(spd->connection);

        cr_expect(strncmp((char *)request.body, row->question,
                          strlen(row->question)) == 0,
                  "asked %s, not %s", (char *)request.body, row->question);
        if (row->answer)
            fake_answer(spd->connection, request.id, row->answer);
        free(request.body);
    }
    return NULL;
}

void fake_spd_start(struct fake_spd *out_spd, const struct fake *fake,
                    const struct fake_row *rows, size_t count)
{
    *out_spd = (struct fake_spd){
        .listener = fake_listen(fake, FAKE_CONTROL, 8),
        .rows = rows,
        .count = count,
    };
    cr_assert_eq(pthread_create(&out_spd->thread, NULL, spd_main, out_spd), 0);
}

void fake_spd_finish(struct fake_spd *spd)
{
    pthread_join(spd->thread, NULL);
    cr_expect(spd->late || spd->heard == spd->count, "asked %zu of %zu",
              spd->heard, spd->count);
    if (spd->connection >= 0)
        close(spd->connection);
    close(spd->listener);
}

/* ---- callers ---- */

static void *caller_main(void *context)
{
    struct caller *caller = context;

    sp_call(caller->client, caller->id, caller->request, caller->size,
            caller->timeout_ms, caller->result);
    return NULL;
}

void caller_start_bytes(struct caller *out_caller, const struct fake *fake,
                        const void *request, size_t size, int timeout_ms)
{
    *out_caller = (struct caller){.client = fake->client,
                                  .id = "x",
                                  .request = request,
                                  .size = size,
                                  .timeout_ms = timeout_ms,
                                  .result = sp_result_new()};
    cr_assert_eq(
        pthread_create(&out_caller->thread, NULL, caller_main, out_caller), 0);
}

void caller_start(struct caller *out_caller, const struct fake *fake,
                  const char *request, int timeout_ms)
{
    caller_start_bytes(out_caller, fake, request, strlen(request), timeout_ms);
}

void caller_expect(struct caller *caller, enum sp_error error,
                   enum sp_progress progress)
{
    pthread_join(caller->thread, NULL);
    cr_expect_eq(sp_result_error(caller->result), error, "%s: %s",
                 sp_error_name(sp_result_error(caller->result)),
                 sp_result_text(caller->result));
    cr_expect_eq(sp_result_progress(caller->result), progress, "progress %d",
                 (int)sp_result_progress(caller->result));
    sp_result_free(caller->result);
}

void caller_expect_reply(struct caller *caller, const char *reply)
{
    pthread_join(caller->thread, NULL);
    cr_expect_eq(sp_result_error(caller->result), SP_OK, "%s",
                 sp_result_text(caller->result));
    cr_expect_str_eq((const char *)sp_result_data(caller->result), reply);
    sp_result_free(caller->result);
}

void caller_expect_text(struct caller *caller, enum sp_error error,
                        const char *text, const char *cause)
{
    pthread_join(caller->thread, NULL);
    cr_expect_eq(sp_result_error(caller->result), error);
    cr_expect_str_eq(sp_result_text(caller->result), text);
    cr_expect_str_eq(sp_result_cause(caller->result), cause);
    sp_result_free(caller->result);
}
