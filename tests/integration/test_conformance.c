/* SPDX-License-Identifier: MIT */
/* Peers that are not ours: nng's own sockets in C, nngcat, and nanocat of the
 * older nanomsg.  Each test runs twice: against an endpoint alone, and against
 * a live session of spd (module echo); both echo requests and publish casts. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <nng/nng.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/bare.h"
#include "support/harness.h"
#include "support/leaks.h"
#include "support/raw_peer.h"
#include "support/wait.h"

TestSuite(conformance, .fini = leaks_check);

/* ---- whom they talk to ---- */

enum kind { ENDPOINT, SESSION, KINDS };

struct server {
    enum kind kind;
    struct bare bare;
    struct harness *harness;
    char path[RUNDIR_PATH_SIZE];
    char url[RUNDIR_PATH_SIZE + 8];
};

static void server_start(struct server *server, enum kind kind)
{
    struct raw_message reply;
    char control[RUNDIR_PATH_SIZE];

    *server = (struct server){.kind = kind};
    if (kind == ENDPOINT) {
        bare_start(&server->bare, NULL);
        strcpy(server->path, server->bare.path);
    } else {
        static const char start[] =
            "{\"op\":\"start\",\"id\":\"alice\",\"module\":\"echo\"}";

        server->harness = harness_start(NULL);
        harness_control_path(server->harness, control);
        raw_call(control, start, strlen(start), &reply);
        cr_assert_not_null(strstr((char *)reply.bytes, "true"), "%s",
                           (char *)reply.bytes);
        raw_message_fini(&reply);
        harness_session_path(server->harness, "alice", server->path);
    }
    snprintf(server->url, sizeof server->url, "ipc://%s", server->path);
}

/* nng_fini() ends nng's threads and descriptors, so that none are left. */
static void server_stop(struct server *server)
{
    nng_fini();
    if (server->kind == ENDPOINT)
        bare_stop(&server->bare);
    else
        harness_stop(server->harness);
}

#define BOTH(name)                                                             \
    ParameterizedTestParameters(conformance, name)                             \
    {                                                                          \
        static enum kind kinds[] = {ENDPOINT, SESSION};                        \
        return cr_make_param_array(enum kind, kinds, KINDS);                   \
    }                                                                          \
    static void name(struct server *server);                                   \
    ParameterizedTest(enum kind *kind, conformance, name)                      \
    {                                                                          \
        struct server server;                                                  \
                                                                               \
        server_start(&server, *kind);                                          \
        name(&server);                                                         \
        server_stop(&server);                                                  \
    }                                                                          \
    static void name(struct server *server)

#define NNG(expression)                                                        \
    do {                                                                       \
        int rv_ = (expression);                                                \
                                                                               \
        cr_assert_eq(rv_, 0, "%s: %s", #expression, nng_strerror(rv_));        \
    } while (0)

static void dial(nng_socket socket, const struct server *server)
{
    NNG(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, WAIT_MS));
    NNG(nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, WAIT_MS));
    NNG(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0));
    NNG(nng_dial(socket, server->url, NULL, 0));
}

/* ---- nng in C ---- */

BOTH(nng_req_is_answered)
{
    nng_socket req;

    NNG(nng_req0_open(&req));
    dial(req, server);
    for (int i = 0; i < 200; i++) {
        char text[16], *got;
        size_t size;

        snprintf(text, sizeof text, "request %d", i);
        NNG(nng_send(req, text, strlen(text), 0));
        NNG(nng_recv(req, &got, &size, NNG_FLAG_ALLOC));
        cr_expect_eq(size, strlen(text));
        cr_expect_arr_eq(got, text, size);
        nng_free(got, size);
    }
    nng_close(req);
}

BOTH(nng_req_carries_empty_and_large_bodies)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 1 << 20, 10 << 20};
    nng_socket req;

    NNG(nng_req0_open(&req));
    dial(req, server);
    for (size_t i = 0; i < 6; i++) {
        char *body = malloc(sizes[i] + 1), *got;
        size_t size;

        memset(body, 'a' + (int)i, sizes[i]);
        NNG(nng_send(req, body, sizes[i], 0));
        NNG(nng_recv(req, &got, &size, NNG_FLAG_ALLOC));
        cr_expect_eq(size, sizes[i]);
        cr_expect(size == 0 || memcmp(got, body, size) == 0);
        nng_free(got, size);
        free(body);
    }
    nng_close(req);
}

enum { CONTEXTS = 32 };

/* Many requests of one socket at once: ids keep them apart. */
BOTH(nng_contexts_get_their_own_answers)
{
    nng_ctx contexts[CONTEXTS];
    nng_aio *aios[CONTEXTS];
    nng_socket req;

    NNG(nng_req0_open(&req));
    dial(req, server);
    for (int i = 0; i < CONTEXTS; i++) {
        nng_msg *message;

        NNG(nng_ctx_open(&contexts[i], req));
        NNG(nng_aio_alloc(&aios[i], NULL, NULL));
        NNG(nng_msg_alloc(&message, 0));
        NNG(nng_msg_append_u32(message, (uint32_t)i));
        nng_aio_set_msg(aios[i], message);
        nng_ctx_send(contexts[i], aios[i]);
    }
    for (int i = CONTEXTS - 1; i >= 0; i--) {
        nng_msg *message;
        uint32_t value;

        nng_aio_wait(aios[i]);
        NNG(nng_aio_result(aios[i]));
        nng_ctx_recv(contexts[i], aios[i]);
        nng_aio_wait(aios[i]);
        NNG(nng_aio_result(aios[i]));
        message = nng_aio_get_msg(aios[i]);
        NNG(nng_msg_trim_u32(message, &value));
        cr_expect_eq(value, (uint32_t)i);
        nng_msg_free(message);
        nng_aio_free(aios[i]);
        nng_ctx_close(contexts[i]);
    }
    nng_close(req);
}

/* Dialling ends with the handshake, and from then on it is a subscriber. */
static void subscribe(nng_socket *out_sub, const struct server *server,
                      const char *topic)
{
    NNG(nng_sub0_open(out_sub));
    NNG(nng_socket_set(*out_sub, NNG_OPT_SUB_SUBSCRIBE, topic, strlen(topic)));
    dial(*out_sub, server);
}

BOTH(nng_push_is_a_cast_and_nng_sub_gets_what_is_published)
{
    nng_socket push, sub;

    subscribe(&sub, server, "");
    NNG(nng_push0_open(&push));
    dial(push, server);
    for (int i = 0; i < 200; i++) {
        char text[16], *got;
        size_t size;

        snprintf(text, sizeof text, "event %d", i);
        NNG(nng_send(push, text, strlen(text), 0));
        NNG(nng_recv(sub, &got, &size, NNG_FLAG_ALLOC));
        cr_expect_eq(size, strlen(text));
        cr_expect_arr_eq(got, text, size);
        nng_free(got, size);
    }
    nng_close(push);
    nng_close(sub);
}

BOTH(nng_sub_filters_by_its_topic)
{
    nng_socket push, sub;
    char *got;
    size_t size;

    subscribe(&sub, server, "b:");
    NNG(nng_push0_open(&push));
    dial(push, server);
    NNG(nng_send(push, "a: not this", 11, 0));
    NNG(nng_send(push, "b: this", 7, 0));
    NNG(nng_recv(sub, &got, &size, NNG_FLAG_ALLOC));
    cr_expect_eq(size, 7);
    cr_expect_arr_eq(got, "b: this", 7);
    nng_free(got, size);
    nng_close(push);
    nng_close(sub);
}

/* ---- programs ---- */

static void assert_prints(const struct server *server, const char *wanted,
                          const char *const argv[])
{
    struct program program;
    int status = program_run(&program, argv);

    (void)server;
    cr_expect_eq(status, 0, "%s: %d: %s", argv[0], status,
                 program_err(&program));
    cr_expect_not_null(strstr(program_out(&program), wanted), "%s said '%s'",
                       argv[0], program_out(&program));
    program_fini(&program);
}

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

BOTH(nngcat_calls)
{
    for (int i = 0; i < 5; i++)
        assert_prints(server, "hello nngcat",
                      ARGV(SP_NNGCAT, "--req", "--dial", server->url, "--data",
                           "hello nngcat", "--ascii"));
}

BOTH(nanocat_calls)
{
    for (int i = 0; i < 5; i++)
        assert_prints(server, "hello nanocat",
                      ARGV(SP_NANOCAT, "--req", "--connect", server->url,
                           "--data", "hello nanocat", "--ascii"));
}

/* nanocat may close before its message has left: it repeats itself until one
 * has arrived. */
static void assert_casts(const struct server *server, const char *const argv[])
{
    struct raw_peer sub;
    struct raw_message event;
    struct program program;

    raw_peer_open(&sub, server->path, WIRE_SUB);
    program_start(&(struct program_options){.argv = argv}, &program);
    raw_peer_recv(&sub, &event);
    cr_expect_str_eq((char *)event.bytes, "hello");
    raw_message_fini(&event);
    program_fini(&program);
    raw_peer_close(&sub);
}

BOTH(nngcat_casts)
{
    assert_casts(server, ARGV(SP_NNGCAT, "--push", "--dial", server->url,
                              "--data", "hello", "--interval", "1"));
}

BOTH(nanocat_casts)
{
    assert_casts(server, ARGV(SP_NANOCAT, "--push", "--connect", server->url,
                              "--data", "hello", "--interval", "1"));
}

/* Nobody tells when a program has subscribed, so it is published to until it
 * has printed something. */
static void assert_subscribes(const struct server *server,
                              const char *const argv[])
{
    struct program program;
    struct raw_peer push;
    bool printed = false;

    raw_peer_open(&push, server->path, WIRE_PUSH);
    program_start(&(struct program_options){.argv = argv}, &program);
    for (int i = 0; !printed && i < WAIT_MS / 20; i++) {
        raw_peer_send_frame(&push, "other news", 10);
        raw_peer_send_frame(&push, "hello news", 10);
        printed = program_wait_output(&program, "hello news", 20);
    }
    cr_expect(printed, "%s: %s", argv[0], program_err(&program));
    cr_expect_null(strstr(program_out(&program), "other"));
    program_fini(&program);
    raw_peer_close(&push);
}

BOTH(nngcat_subscribes)
{
    assert_subscribes(server, ARGV(SP_NNGCAT, "--sub", "--dial", server->url,
                                   "--subscribe", "hello", "--quoted"));
}

BOTH(nanocat_subscribes)
{
    assert_subscribes(server, ARGV(SP_NANOCAT, "--sub", "--connect",
                                   server->url, "--subscribe", "hello",
                                   "--quoted"));
}
