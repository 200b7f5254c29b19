/* SPDX-License-Identifier: MIT */
/* wire/sandbox: the record by which spd orders a template's confinement. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/leaks.h"
#include "wire/sandbox.h"

TestSuite(sandbox_record, .fini = leaks_check);

static union {
    struct sandbox_record head;
    char bytes[sizeof(struct sandbox_record) + SANDBOX_PATHS_MAX + 64];
} record;

/* A good one with these bytes of paths; returns its size. */
static size_t fill(const char *paths, size_t size)
{
    memset(&record, 0, sizeof record);
    record.head.tier = SANDBOX_DEFAULT;
    record.head.uid = SANDBOX_NO_UID;
    record.head.paths_size = (uint32_t)size;
    memcpy(record.bytes + sizeof record.head, paths, size);
    return sizeof record.head + size;
}

Test(sandbox_record, has_the_size_that_its_paths_give_it)
{
    size_t right = fill("/a\0/b", 6);

    for (size_t len = 0; len < right + 16; len++)
        cr_expect_eq(sandbox_record_valid(&record.head, len), len == right,
                     "%zu", len);
}

Test(sandbox_record, has_a_known_tier_and_known_bits_and_is_never_root)
{
    size_t len = fill("", 0);

    for (uint32_t tier = 0; tier < 8; tier++) {
        record.head.tier = tier;
        cr_expect_eq(sandbox_record_valid(&record.head, len),
                     tier <= SANDBOX_STRICT);
    }
    fill("", 0);
    record.head.allow = SANDBOX_ALLOW_ALL;
    cr_expect(sandbox_record_valid(&record.head, len));
    record.head.allow = SANDBOX_ALLOW_ALL + 1;
    cr_expect_not(sandbox_record_valid(&record.head, len));
    fill("", 0);
    record.head.uid = 0;
    cr_expect_not(sandbox_record_valid(&record.head, len));
}

Test(sandbox_record, has_absolute_paths_that_end)
{
    static const struct {
        const char *paths;
        size_t size;
    } bad[] = {{"a", 2}, {"", 1}, {"/a", 2}, {"/a\0b", 4}, {"/a\0\0", 4}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = fill(bad[i].paths, bad[i].size);

        cr_expect_not(sandbox_record_valid(&record.head, len), "%zu", i);
    }
}

Test(sandbox_record, has_a_bound_on_its_paths)
{
    static char paths[SANDBOX_PATHS_MAX + 1];
    size_t len;

    memset(paths, '/', sizeof paths);
    paths[SANDBOX_PATHS_MAX - 1] = '\0';
    len = fill(paths, SANDBOX_PATHS_MAX);
    cr_expect(sandbox_record_valid(&record.head, len));
    paths[SANDBOX_PATHS_MAX - 1] = '/';
    paths[SANDBOX_PATHS_MAX] = '\0';
    len = fill(paths, SANDBOX_PATHS_MAX + 1);
    cr_expect_not(sandbox_record_valid(&record.head, len));
}

Test(sandbox_record, gives_its_paths_in_order)
{
    const char *path;

    fill("/a\0/b/c", 8);
    path = sandbox_record_path(&record.head, NULL);
    cr_assert_str_eq(path, "/a");
    path = sandbox_record_path(&record.head, path);
    cr_assert_str_eq(path, "/b/c");
    cr_expect_null(sandbox_record_path(&record.head, path));
    fill("", 0);
    cr_expect_null(sandbox_record_path(&record.head, NULL));
}
