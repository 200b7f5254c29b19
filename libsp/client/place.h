/* SPDX-License-Identifier: MIT */
/* client/place.h - where a client's supervisor is: the runtime directory, whom
 * it belongs to, and over which channel to talk. */
#ifndef CLIENT_PLACE_H
#define CLIENT_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/error.h>

#include "base/rundir.h"

enum place_channel { PLACE_LOCAL, PLACE_NNG };

struct place {
    char dir[RUNDIR_MAX + 1];
    uid_t owner; /* of the directory; its sockets must be served by it */
    enum place_channel channel;
    size_t reply_max; /* bytes of a session's reply */
    bool ordered; /* one order is to hold for calls and casts to a session */
};

/* Finds and checks what sp_client_open()'s `where` means.  text (of size, at
 * least 1) then holds one line for people, also on SP_OK. */
enum sp_error place_find(const char *where, struct place *out_place,
                         char *text, size_t size);

#endif
