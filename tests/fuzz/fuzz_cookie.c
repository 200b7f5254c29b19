/* SPDX-License-Identifier: MIT */
/* What a visitor sends as Cookie header, and a key file, under libFuzzer: what
 * is found lies in what was sent, nobody signs without a key, and one byte
 * makes a difference. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "plug/cookie.h"
#include "plug/keys.h"
#include "plug/seal.h"

#define NAME "sp_session"

static const struct keys keys = {
    .key = {{.bytes = "the key that signs, of 32 bytes.", .size = 32},
            {.bytes = "the key that it was before that.", .size = 32}},
    .count = 2,
};

static void check_value(struct cookie_value value, const char *data,
                        size_t size)
{
    char id[SP_ID_MAX + 1], sealed[SEAL_MAX + 1];

    assert(value.at >= data && value.at + value.size <= data + size);
    assert(!memchr(value.at, ';', value.size));
    assert(seal_check(&keys, NAME, value.at, value.size, id) == SEAL_NONE);
    if (!sp_id_valid(value.at, value.size))
        return;
    memcpy(id, value.at, value.size);
    id[value.size] = '\0';
    assert(seal_format(sealed, &keys.key[1], NAME, id));
    assert(seal_check(&keys, NAME, sealed, strlen(sealed), id) == SEAL_STALE);
    sealed[(unsigned char)*data % strlen(sealed)] ^= 1;
    assert(seal_check(&keys, NAME, sealed, strlen(sealed), id) == SEAL_NONE);
}

static void check_keys(const char *data, size_t size)
{
    char text[KEYS_TEXT_MAX + 2];
    struct keys parsed = {0};

    if (size >= sizeof text)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!keys_parse(text, size, &parsed))
        return;
    assert(parsed.count >= 1 && parsed.count <= KEYS_MAX);
    for (size_t i = 0; i < parsed.count; i++)
        assert(parsed.key[i].size >= KEY_MIN && parsed.key[i].size <= KEY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *data = (const char *)bytes;
    struct cookie_scan scan = {data, size};
    struct cookie_value value;
    size_t found = 0;

    while (cookie_scan_next(&scan, NAME, &value)) {
        check_value(value, data, size);
        found++;
    }
    assert(scan.left == 0 && found <= size / sizeof NAME + 1);
    if (size > 0)
        check_keys(data, size);
    return 0;
}
