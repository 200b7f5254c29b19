/* SPDX-License-Identifier: MIT */
#include "nng_once.h"

#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>
#include <string.h>

#include <sp/client.h>

#include "support/leftovers.h"

void nng_once(void)
{
    nng_socket socket;

    cr_assert_eq(nng_req0_open(&socket), 0);
    nng_close(socket);
}

bool nng_is_channel(void)
{
    const char *channel = getenv(SP_CHANNEL_ENV);

    return channel && strcmp(channel, "nng") == 0;
}

void nng_once_if_channel(void)
{
    if (!nng_is_channel())
        return;
    nng_once();
    leftovers_allow_sockets(2);
}
