/* SPDX-License-Identifier: MIT */
/* plug/seal: what a key has signed is known again, by it and for its purpose;
 * what differs by a byte is not. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plug/cookie.h"
#include "plug/seal.h"
#include "support/leaks.h"

TestSuite(seal, .fini = leaks_check);

static const struct keys two = {
    .key = {{.bytes = "the key that signs, of 32 bytes.", .size = 32},
            {.bytes = "the key that it was before that.", .size = 32}},
    .count = 2,
};
static const struct keys newer = {
    .key = {{.bytes = "yet another one, which is newer.", .size = 32}},
    .count = 1,
};

static void seal_by(int key, const char *purpose, const char *id,
                    char out[SEAL_MAX + 1])
{
    cr_assert(seal_format(out, &two.key[key], purpose, id));
}

static enum seal check(const char *text, const char *purpose)
{
    char id[SP_ID_MAX + 1] = "untouched";
    enum seal seal = seal_check(&two, purpose, text, strlen(text), id);

    cr_expect_eq(strcmp(id, "untouched") == 0, seal == SEAL_NONE);
    return seal;
}

/* The bytes lie in memory of exactly their size. */
static enum seal check_bytes(const char *bytes, size_t size)
{
    char *exact = malloc(size ? size : 1), id[SP_ID_MAX + 1];
    enum seal seal;

    memcpy(exact, bytes, size);
    seal = seal_check(&two, "name", exact, size, id);
    free(exact);
    return seal;
}

/* printf %s 'libsp session name=alice' | openssl dgst -sha256 -hmac KEY */
Test(seal, is_the_hmac_of_purpose_and_id)
{
    char sealed[SEAL_MAX + 1];

    seal_by(0, "name", "alice", sealed);
    cr_expect_str_eq(sealed, "alice."
                             "6F0DEE7139A0E32F47FF4C9B6A1608B0"
                             "932E2F3D0F5F6D06744C0A871412D57B");
}

Test(seal, tells_which_key_has_signed)
{
    char sealed[SEAL_MAX + 1], id[SP_ID_MAX + 1];

    seal_by(0, "name", "alice", sealed);
    cr_expect_eq(check(sealed, "name"), SEAL_FRESH);
    seal_by(1, "name", "alice", sealed);
    cr_expect_eq(check(sealed, "name"), SEAL_STALE);
    cr_assert_eq(seal_check(&two, "name", sealed, strlen(sealed), id),
                 SEAL_STALE);
    cr_expect_str_eq(id, "alice");
    cr_expect_eq(seal_check(&newer, "name", sealed, strlen(sealed), id),
                 SEAL_NONE, "the key is gone");
}

Test(seal, of_the_same_key_twice_is_fresh)
{
    struct keys same = two;
    char sealed[SEAL_MAX + 1], id[SP_ID_MAX + 1];

    same.key[1] = same.key[0];
    seal_by(0, "name", "alice", sealed);
    cr_expect_eq(seal_check(&same, "name", sealed, strlen(sealed), id),
                 SEAL_FRESH);
}

Test(seal, holds_for_its_purpose_alone)
{
    char sealed[SEAL_MAX + 1];

    seal_by(0, "name", "alice", sealed);
    cr_expect_eq(check(sealed, "nam"), SEAL_NONE);
    cr_expect_eq(check(sealed, "__Host-name"), SEAL_NONE);
}

Test(seal, is_broken_by_any_change)
{
    char sealed[SEAL_MAX + 1];
    size_t size;

    seal_by(0, "name", "alice", sealed);
    size = strlen(sealed);
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            sealed[i] ^= (char)(1 << bit);
            cr_expect_eq(check_bytes(sealed, size), SEAL_NONE, "byte %zu", i);
            sealed[i] ^= (char)(1 << bit);
        }
    }
    cr_expect_eq(check_bytes(sealed, size), SEAL_FRESH);
}

Test(seal, is_broken_by_any_other_length)
{
    char sealed[SEAL_MAX + 2];
    size_t size;

    seal_by(0, "name", "alice", sealed);
    size = strlen(sealed);
    sealed[size] = '0';
    for (size_t less = 0; less < size; less++)
        cr_expect_eq(check_bytes(sealed, less), SEAL_NONE);
    for (size_t cut = 1; cut < size; cut++)
        cr_expect_eq(check_bytes(sealed + cut, size - cut), SEAL_NONE);
    cr_expect_eq(check_bytes(sealed, size + 1), SEAL_NONE);
}

Test(seal, of_the_longest_id_and_name_is_whole)
{
    char sealed[SEAL_MAX + 1], id[SP_ID_MAX + 1] = "";
    char name[COOKIE_NAME_MAX + 1] = "";

    memset(id, 'i', SP_ID_MAX);
    memset(name, 'n', COOKIE_NAME_MAX);
    seal_by(0, name, id, sealed);
    cr_expect_eq(strlen(sealed), SEAL_MAX);
    cr_expect_eq(check(sealed, name), SEAL_FRESH);
}

Test(seal, of_what_is_no_id_is_never_looked_at)
{
    char text[2 * SEAL_MAX];

    snprintf(text, sizeof text, "a/b.%064d", 0);
    cr_expect(!seal_shaped(text, strlen(text)));
    snprintf(text, sizeof text, ".%064d", 0);
    cr_expect(!seal_shaped(text, strlen(text)));
    snprintf(text, sizeof text, "%065d.%064d", 0, 0);
    cr_expect(!seal_shaped(text, strlen(text)));
    snprintf(text, sizeof text, "%064d.%064d", 0, 0);
    cr_expect(seal_shaped(text, strlen(text)));
    snprintf(text, sizeof text, "a:%064d", 0);
    cr_expect(!seal_shaped(text, strlen(text)));
}
