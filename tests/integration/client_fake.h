/* SPDX-License-Identifier: MIT */
/* integration/client_fake.h - a runtime directory in which the test itself
 * plays spd and the sessions, for what real ones do not do on request.  What
 * goes wrong on our side, or takes longer than WAIT_MS, fails the test. */
#ifndef INTEGRATION_CLIENT_FAKE_H
#define INTEGRATION_CLIENT_FAKE_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sp/client.h>

#include "support/leftovers.h"

struct fake {
    char dir[LEFTOVERS_DIRECTORY_SIZE]; /* also the runtime directory */
    const char *channel;                /* "local" or "nng" */
    struct sp_client *client;
};

#define FAKE_CONTROL "" /* spd's own socket */

/* Makes the directory and a client of this channel for it. */
void fake_open(struct fake *out_fake, const char *channel);
void fake_close(struct fake *fake);

/* One more client, the caller's to close. */
struct sp_client *fake_client(const struct fake *fake);

bool fake_is_local(const struct fake *fake);

/* Listens where the session of this ID would, or spd.  The caller closes the
 * socket. */
int fake_listen(const struct fake *fake, const char *id, int backlog);

/* The path of that socket. */
void fake_path(const struct fake *fake, const char *id, char out[128]);

/* Has the functions below wait so for a descriptor in this thread, instead of
 * by wait_readable(): for a client that has to be turned meanwhile. */
void fake_wait_by(bool (*readable)(int fd, int timeout_ms));

/* ---- the session's side of a connection ---- */

/* Accepts until there is a connection that says a handshake and a request, and
 * does its half of the handshake.  (The nng channel also makes connections on
 * which it says nothing: see nng/channel_nng.c.) */
int fake_accept(int listener);

/* Accepts a connection as it is. */
int fake_accept_raw(int listener);

struct fake_request {
    uint32_t id; /* 0: a message of PUSH, which has none */
    size_t size;
    uint8_t *body; /* owned; a NUL behind it; with its mark */
};

/* Receives one message of REQ or PUSH. */
struct fake_request fake_hear(int connection);
struct fake_request fake_hear_push(int connection);

/* The same, expects this body, and returns the id. */
uint32_t fake_expect(int connection, const char *body);

void fake_say(int connection, const void *bytes, size_t size);
void fake_reply(int connection, uint32_t id, const void *body, size_t size);
void fake_answer(int connection, uint32_t id, const char *body);

/* Waits until the client has closed its end; drops what comes before. */
void fake_wait_closed(int connection);

/* ---- spd, in a thread of its own ---- */

/* One question that it expects, by how it begins, and its answer; NULL: it
 * says nothing. */
struct fake_row {
    const char *question;
    const char *answer;
};

struct fake_spd {
    pthread_t thread;
    int listener;
    const struct fake_row *rows; /* borrowed */
    size_t count;
    size_t heard;
    int connection;
    bool late; /* set by the test: the client had no time for all questions */
};

/* Plays spd for these questions, in this order, on one connection. */
void fake_spd_start(struct fake_spd *out_spd, const struct fake *fake,
                    const struct fake_row *rows, size_t count);
#define FAKE_SPD_START(spd, fake, rows)                                        \
    fake_spd_start((spd), (fake), (rows), sizeof(rows) / sizeof *(rows))

/* Waits until all have been asked, and goes. */
void fake_spd_finish(struct fake_spd *spd);

/* An error as spd answers with it. */
#define FAKE_NO(number, text)                                                  \
    "{\"ok\":false,\"error\":" #number ",\"name\":\"x\",\"text\":\"" text     \
    "\"}"

/* ---- calls in a thread of their own ---- */

struct caller {
    pthread_t thread;
    struct sp_client *client;
    const char *id;
    const void *request;
    size_t size;
    int timeout_ms;
    struct sp_result *result;
};

/* Starts sp_call(client, "x", request, ...) in a thread. */
void caller_start(struct caller *out_caller, const struct fake *fake,
                  const char *request, int timeout_ms);
void caller_start_bytes(struct caller *out_caller, const struct fake *fake,
                        const void *request, size_t size, int timeout_ms);

/* Waits for its end; expects this outcome.  Frees the result. */
void caller_expect(struct caller *caller, enum sp_error error,
                   enum sp_progress progress);
/* The same, and expects this reply. */
void caller_expect_reply(struct caller *caller, const char *reply);
/* The same as the first, and expects this text and this cause. */
void caller_expect_text(struct caller *caller, enum sp_error error,
                        const char *text, const char *cause);

/* ---- tests -------------------------------------------------------------- */

#ifndef LONG_MS
#define LONG_MS 60000 /* a call that is to be ended by something else */
#define SHORT_MS 100  /* a call that is to time out */
#endif

/* The parameters of a test that runs over each channel. */
struct channel_name {
    char text[8];
};
struct criterion_test_params fake_channels(void);

/* One test of the suite, over each channel. */
#define FAKE_TEST(suite, name)                                                 \
    static void name(struct fake *fake);                                       \
    ParameterizedTestParameters(suite, name)                                   \
    {                                                                          \
        return fake_channels();                                                \
    }                                                                          \
    ParameterizedTest(struct channel_name *channel, suite, name)               \
    {                                                                          \
        struct fake fake;                                                      \
                                                                               \
        fake_open(&fake, channel->text);                                       \
        name(&fake);                                                           \
        fake_close(&fake);                                                     \
    }                                                                          \
    static void name(struct fake *fake)

/* One test of the suite, over the local channel. */
#define FAKE_TEST_LOCAL(suite, name)                                           \
    static void name(struct fake *fake);                                       \
    Test(suite, name)                                                          \
    {                                                                          \
        struct fake fake;                                                      \
                                                                               \
        fake_open(&fake, "local");                                             \
        name(&fake);                                                           \
        fake_close(&fake);                                                     \
    }                                                                          \
    static void name(struct fake *fake)

#endif
