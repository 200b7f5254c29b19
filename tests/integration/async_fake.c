/* SPDX-License-Identifier: MIT */
/* Used by test_async_peers and its like. */
#define _GNU_SOURCE
#include "async_fake.h"

#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/leaks.h"

struct fake fake;
struct sp_async *async;
int listener;

/* Over nng, what has been asked leaves when nng has connected: by further
 * turns. */
static bool turn_until_readable(int fd, int timeout_ms)
{
    int64_t deadline = clock_now_ms() + timeout_ms;
    struct pollfd pollers[2] = {{sp_async_fd(async), POLLIN, 0},
                                {fd, POLLIN, 0}};

    do {
        poll(pollers, 2, deadline_left(deadline));
        if (pollers[0].revents)
            cr_assert_eq(sp_async_dispatch(async), SP_OK);
    } while (!pollers[1].revents && deadline_left(deadline) > 0);
    return pollers[1].revents != 0;
}

void async_fake_open(const char *channel)
{
    async_prepare(channel);
    fake_open(&fake, channel);
    cr_assert_eq(sp_async_new(fake.client, &async), SP_OK);
    listener = fake_listen(&fake, "x", 8);
    if (!async_is_local())
        fake_wait_by(turn_until_readable);
}

void async_fake_close(void)
{
    sp_async_free(async);
    close(listener);
    fake_close(&fake);
    leaks_check();
}

int ask_and_accept(const char *request, int timeout_ms, struct answer *answer)
{
    async_ask(async, "x", request, timeout_ms, answer);
    cr_assert_eq(sp_async_dispatch(async), SP_OK);
    return fake_accept(listener);
}
