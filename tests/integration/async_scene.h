/* SPDX-License-Identifier: MIT */
/* integration/async_scene.h - what tests of the asynchronous client share: its
 * loop, turned until something has come, and answers that are noted. */
#ifndef INTEGRATION_ASYNC_SCENE_H
#define INTEGRATION_ASYNC_SCENE_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sp/async.h>

#define LONG_MS 60000 /* what is to be ended by something else */
#define SHORT_MS 100  /* what is to time out */

/* What a callback was told. */
struct answer {
    unsigned count; /* of callbacks */
    enum sp_error error;
    enum sp_progress progress;
    pid_t pid;
    size_t size;
    char data[128]; /* its beginning, NUL-terminated */
    char text[256];
    char cause[256];
};

/* A sp_async_done; its context is a struct answer. */
sp_async_done answer_note;

/* The two channels, and the loops that drive it: poll() alone, or libevent by
 * way of libsp-event. */
struct way {
    char channel[8]; /* "local" or "nng" */
    char loop[16];
};
struct criterion_test_params way_parameters(void);
struct criterion_test_params way_parameters_local(void);

/* The channels, each once; and the local one. */
struct criterion_test_params way_channels(void);
struct criterion_test_params way_local(void);

/* Turns it by this loop from now on; until async_detach(), which may be called
 * at any time, also inside a callback, and twice. */
void async_attach(struct sp_async *async, const char *loop);
void async_detach(void);

/* A supervisor with the probe module, a client and an asynchronous one over
 * this channel; and the end of all three, with the checks of harness_stop() and
 * leaks_check(). */
struct harness;
void async_open(const char *channel, struct harness **out_harness,
                struct sp_client **out_client, struct sp_async **out_async);
void async_close(struct harness *harness, struct sp_client *client,
                 struct sp_async *async);

/* For a test that opens all that by itself: before the harness is started. */
void async_prepare(const char *channel);

/* Whether the channel of the last async_open() is the local one. */
bool async_is_local(void);

/* One more client, the caller's to close. */
struct sp_client *async_client(const char *channel,
                               const struct harness *harness);

/* One test of the suite, by each loop over each channel; its file has an
 * `async`, and a setup() that opens it. */
#define LOOP_TEST(suite, name) LOOP_TEST_OF(way_parameters, suite, name)

/* The same, over the local channel alone. */
#define LOOP_TEST_LOCAL(suite, name)                                           \
    LOOP_TEST_OF(way_parameters_local, suite, name)

#define LOOP_TEST_OF(parameters, suite, name)                                  \
    static void name(void);                                                    \
    ParameterizedTestParameters(suite, name)                                   \
    {                                                                          \
        return parameters();                                                   \
    }                                                                          \
    ParameterizedTest(struct way *way, suite, name)                            \
    {                                                                          \
        setup(way->channel);                                                   \
        async_attach(async, way->loop);                                        \
        name();                                                                \
    }                                                                          \
    static void name(void)

/* One test of the suite, over each channel, which is its argument. */
#define CHANNEL_TEST(suite, name)                                              \
    static void name(const char *channel);                                     \
    ParameterizedTestParameters(suite, name)                                   \
    {                                                                          \
        return way_channels();                                                 \
    }                                                                          \
    ParameterizedTest(struct way *way, suite, name)                            \
    {                                                                          \
        name(way->channel);                                                    \
    }                                                                          \
    static void name(const char *channel)

/* One turn of the loop: waits until there is something to do, and does it.
 * Fails after WAIT_MS. */
void async_turn(struct sp_async *async);

/* Turns until this answer is there, or until nothing is outstanding. */
void async_await(struct sp_async *async, const struct answer *answer);
void async_await_all(struct sp_async *async);

/* A call with a string; it is expected to be accepted. */
struct sp_ticket async_ask(struct sp_async *async, const char *id,
                           const char *request, int timeout_ms,
                           struct answer *answer);

/* Starts a session of the module probe, and returns its process ID; as many of
 * them, up to 100, with the names s0, s1, ... */
pid_t async_begin(struct sp_async *async, const char *id);
void async_begin_many(struct sp_async *async, int count);
void async_name(char out[8], int number);

/* A call with a string, which is expected to have this reply. */
void async_expect(struct sp_async *async, const char *id, const char *request,
                  const char *reply);

#define expect_answer(answer, error_, progress_)                               \
    do {                                                                       \
        cr_expect_eq((answer)->count, 1u);                                     \
        cr_expect_eq((answer)->error, (error_), "%s, not %s: %s",              \
                     sp_error_name((answer)->error), sp_error_name(error_),    \
                     (answer)->text);                                          \
        cr_expect_eq((answer)->progress, (progress_), "progress %d",           \
                     (int)(answer)->progress);                                 \
    } while (0)

/* What the supervisor was asked after something that happened at this time, on
 * the clock of base/clock.h.  It is asked for 200 ms at most: a slow machine
 * leaves the client without an answer. */
void expect_told(const char *told, const char *text, int64_t happened);

#define expect_data(answer, data_)                                             \
    do {                                                                       \
        expect_answer((answer), SP_OK, SP_PROGRESS_ANSWERED);                  \
        cr_expect_str_eq((answer)->data, (data_));                             \
    } while (0)

#endif
