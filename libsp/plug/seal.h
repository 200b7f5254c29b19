/* SPDX-License-Identifier: MIT */
/* plug/seal.h - a session ID that was signed: "ID.SIGNATURE".  Pure, but for
 * libcrypto. */
#ifndef PLUG_SEAL_H
#define PLUG_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/id.h>

#include "keys.h"

/* an HMAC of SHA-256, in hexadecimal digits */
#define SEAL_SIGNATURE_SIZE 64
/* the longest sealed ID, in bytes without the NUL */
#define SEAL_MAX (SP_ID_MAX + 1 + SEAL_SIGNATURE_SIZE)

enum seal {
    SEAL_NONE,  /* these keys have not signed it */
    SEAL_FRESH, /* the first key has */
    SEAL_STALE, /* another key has: it is to be signed anew */
};

/* Signs an ID for one purpose: the name of a cookie or header, a token.  False:
 * libcrypto cannot. */
bool seal_format(char out[SEAL_MAX + 1], const struct key *key,
                 const char *purpose, const char *id);

/* Whether any bytes have the shape of a sealed ID: all that can be said of them
 * without a key. */
bool seal_shaped(const char *bytes, size_t size);

/* Whether the keys have signed these bytes for this purpose.  If so, out_id is
 * the ID.  How long it takes tells nothing of a signature that is wrong. */
enum seal seal_check(const struct keys *keys, const char *purpose,
                     const char *bytes, size_t size,
                     char out_id[SP_ID_MAX + 1]);

#endif
