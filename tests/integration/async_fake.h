/* SPDX-License-Identifier: MIT */
/* integration/async_fake.h - the asynchronous client with sessions and a
 * supervisor that the test plays itself. */
#ifndef INTEGRATION_ASYNC_FAKE_H
#define INTEGRATION_ASYNC_FAKE_H

#include "async_scene.h"
#include "client_fake.h"

extern struct fake fake;
extern struct sp_async *async;
extern int listener; /* of the session "x" */

/* Opens all three over this channel; and closes them, with the check of
 * leaks_check(). */
void async_fake_open(const char *channel);
void async_fake_close(void);

/* One test of the suite, over each channel; over the local one alone. */
#define PEER_TEST(suite, name) PEER_TEST_OF(way_channels, suite, name)
#define PEER_TEST_LOCAL(suite, name) PEER_TEST_OF(way_local, suite, name)
#define PEER_TEST_OF(ways, suite, name)                                        \
    static void name(void);                                                    \
    ParameterizedTestParameters(suite, name)                                   \
    {                                                                          \
        return ways();                                                         \
    }                                                                          \
    ParameterizedTest(struct way *way, suite, name)                            \
    {                                                                          \
        async_fake_open(way->channel);                                         \
        name();                                                                \
    }                                                                          \
    static void name(void)

/* Asks, and accepts the connection on which it comes. */
int ask_and_accept(const char *request, int timeout_ms, struct answer *answer);

#endif
