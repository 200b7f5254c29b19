/* SPDX-License-Identifier: MIT */
/* Signatures of session IDs, by libcrypto's HMAC-SHA256.  Nothing is ever
 * decoded: an ID is sealed again, and the two texts are compared, so that there
 * is one text for an ID and a key.  Called by claims.c and plug.c. */
#define _GNU_SOURCE
#include "seal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "cookie.h"

/* A purpose is a token and holds no '=', so no two pairs look alike; and the
 * same key may sign other things elsewhere. */
#define SIGNED_FORMAT "libsp session %s=%s"
#define SIGNED_MAX 256

static_assert(sizeof SIGNED_FORMAT + COOKIE_NAME_MAX + SP_ID_MAX <= SIGNED_MAX,
              "every purpose and ID fit");

bool seal_format(char out[SEAL_MAX + 1], const struct key *key,
                 const char *purpose, const char *id)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_size = 0;
    char text[SIGNED_MAX];
    size_t id_size = strlen(id), digits;
    int size = snprintf(text, sizeof text, SIGNED_FORMAT, purpose, id);

    assert(id_size <= SP_ID_MAX && size > 0 && (size_t)size < sizeof text);
    if (!HMAC(EVP_sha256(), key->bytes, (int)key->size,
              (const unsigned char *)text, (size_t)size, mac, &mac_size))
        return false;
    memcpy(out, id, id_size);
    out[id_size] = '.';
    return OPENSSL_buf2hexstr_ex(out + id_size + 1, SEAL_SIGNATURE_SIZE + 1,
                                 &digits, mac, mac_size, '\0') == 1;
}

bool seal_shaped(const char *bytes, size_t size)
{
    size_t id_size = size - SEAL_SIGNATURE_SIZE - 1;

    return size > SEAL_SIGNATURE_SIZE + 1 && size <= SEAL_MAX &&
           bytes[id_size] == '.' && sp_id_valid(bytes, id_size);
}

enum seal seal_check(const struct keys *keys, const char *purpose,
                     const char *bytes, size_t size,
                     char out_id[SP_ID_MAX + 1])
{
    enum seal seal = SEAL_NONE;
    char id[SP_ID_MAX + 1], expected[SEAL_MAX + 1];
    size_t id_size = size - SEAL_SIGNATURE_SIZE - 1;

    if (!seal_shaped(bytes, size))
        return SEAL_NONE;
    memcpy(id, bytes, id_size);
    id[id_size] = '\0';
    /* the last one first: if both keys are the same, it is fresh */
    for (size_t i = keys->count; i-- > 0;)
        if (seal_format(expected, &keys->key[i], purpose, id) &&
            CRYPTO_memcmp(expected, bytes, size) == 0)
            seal = i == 0 ? SEAL_FRESH : SEAL_STALE;
    if (seal != SEAL_NONE)
        strcpy(out_id, id);
    return seal;
}
