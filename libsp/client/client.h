/* SPDX-License-Identifier: MIT */
/* client/client.h - the inside of the public struct sp_client, and the checks
 * that every public function begins with. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>

#include "channel.h"
#include "origin.h"
#include "place.h"
#include "result.h"

struct sp_client {
    struct origin origin;
    struct place place;
    struct channel *channel; /* owned */
};

/* SP_OK, SP_EINVAL for a NULL, SP_EBADID, or SP_EFORKED. */
enum sp_error client_check(const struct sp_client *client, const char *id);

#endif
