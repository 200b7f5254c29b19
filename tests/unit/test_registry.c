/* SPDX-License-Identifier: MIT */
/* supervisor/registry: one session an ID.  What a session is, the registry does
 * not know: here it is an address. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sp/id.h>

#include "registry.h"
#include "support/leaks.h"

TestSuite(registry, .fini = leaks_check);

enum { MANY = 5000 };

static char addresses[MANY];

static struct session *nth(size_t n)
{
    return (struct session *)(void *)&addresses[n];
}

Test(registry, finds_what_was_added_and_nothing_else)
{
    struct registry registry = {0};
    struct registry_entry *entry = registry_add(&registry, "alice", nth(1));

    cr_assert_not_null(entry);
    cr_expect_eq(registry_find(&registry, "alice"), nth(1));
    cr_expect_null(registry_find(&registry, "alic"));
    cr_expect_null(registry_find(&registry, "alice2"));
    cr_expect_null(registry_find(&registry, "Alice"));
    cr_expect_null(registry_find(&registry, ""));
    registry_remove(&registry, entry);
    registry_entry_free(entry);
}

Test(registry, is_empty_at_first_and_again_at_last)
{
    struct registry registry = {0};
    struct registry_entry *entry;
    struct session **sorted;
    size_t count = 99;

    cr_expect_null(registry_find(&registry, "alice"));
    entry = registry_add(&registry, "alice", nth(1));
    cr_expect_eq(registry.count, 1);
    registry_remove(&registry, entry);
    registry_entry_free(entry);
    cr_expect_eq(registry.count, 0);
    cr_expect_null(registry_find(&registry, "alice"));
    sorted = registry_sorted(&registry, &count);
    cr_expect_eq(count, 0);
    free(sorted);
}

Test(registry, gives_an_id_to_one_only)
{
    struct registry registry = {0};
    struct registry_entry *entry = registry_add(&registry, "alice", nth(1));

    cr_expect_null(registry_add(&registry, "alice", nth(2)));
    cr_expect_eq(registry_find(&registry, "alice"), nth(1));
    cr_expect_eq(registry.count, 1);
    registry_remove(&registry, entry);
    registry_entry_free(entry);
    entry = registry_add(&registry, "alice", nth(2));
    cr_expect_eq(registry_find(&registry, "alice"), nth(2));
    registry_remove(&registry, entry);
    registry_entry_free(entry);
}

Test(registry, keeps_the_bytes_of_the_id_itself)
{
    struct registry registry = {0};
    char id[] = "alice";
    struct registry_entry *entry = registry_add(&registry, id, nth(1));

    memset(id, 'x', sizeof id - 1);
    cr_expect_eq(registry_find(&registry, "alice"), nth(1));
    cr_expect_null(registry_find(&registry, id));
    cr_expect_str_eq(registry_id(entry), "alice");
    registry_remove(&registry, entry);
    registry_entry_free(entry);
}

Test(registry, takes_the_longest_ids_apart_by_their_last_byte)
{
    struct registry registry = {0};
    struct registry_entry *entries[2];
    char id[SP_ID_MAX + 1];

    memset(id, 'x', sizeof id);
    id[SP_ID_MAX] = '\0';
    entries[0] = registry_add(&registry, id, nth(0));
    id[SP_ID_MAX - 1] = 'y';
    entries[1] = registry_add(&registry, id, nth(1));
    cr_expect_eq(registry_find(&registry, id), nth(1));
    id[SP_ID_MAX - 1] = 'x';
    cr_expect_eq(registry_find(&registry, id), nth(0));
    registry_remove(&registry, entries[0]);
    registry_entry_free(entries[0]);
    registry_remove(&registry, entries[1]);
    registry_entry_free(entries[1]);
}

Test(registry, lists_in_the_order_of_ids_as_strcmp_has_it)
{
    static const char *const ids[] = {"b", "a", "B", "_", "-", "10", "2", "ab"};
    static const size_t order[] = {4, 5, 6, 2, 3, 1, 7, 0};
    struct registry_entry *entries[8];
    struct registry registry = {0};
    struct session **sorted;
    size_t count;

    for (size_t i = 0; i < 8; i++)
        entries[i] = registry_add(&registry, ids[i], nth(i));
    sorted = registry_sorted(&registry, &count);
    cr_assert_eq(count, 8);
    for (size_t i = 0; i < 8; i++)
        cr_expect_eq(sorted[i], nth(order[i]));
    free(sorted);
    for (size_t i = 0; i < 8; i++) {
        registry_remove(&registry, entries[i]);
        registry_entry_free(entries[i]);
    }
}

/* Some alike for longer than the 8 bytes that are compared first, and one that
 * all others begin with. */
Test(registry, lists_ids_that_begin_alike_in_the_same_order)
{
    static const char *const ids[] = {
        "s-12345678b", "s-1",          "s-12345678",  "s-",
        "s-2",         "s-12345678-a", "s-12345678a", "s-1234567"};
    static const size_t order[] = {3, 1, 7, 2, 5, 6, 0, 4};
    struct registry_entry *entries[8];
    struct registry registry = {0};
    struct session **sorted;
    size_t count;

    for (size_t i = 0; i < 8; i++)
        entries[i] = registry_add(&registry, ids[i], nth(i));
    sorted = registry_sorted(&registry, &count);
    cr_assert_eq(count, 8);
    for (size_t i = 0; i < 8; i++)
        cr_expect_eq(sorted[i], nth(order[i]), "%zu", i);
    free(sorted);
    cr_expect_eq(registry.removals, 0);
    for (size_t i = 0; i < 8; i++) {
        registry_remove(&registry, entries[i]);
        registry_entry_free(entries[i]);
    }
    cr_expect_eq(registry.removals, 8);
}

Test(registry, holds_thousands_and_forgets_each_alone)
{
    static struct registry_entry *entries[MANY];
    struct registry registry = {0};
    char id[16];

    for (size_t i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%zu", i);
        entries[i] = registry_add(&registry, id, nth(i));
    }
    for (size_t i = 0; i < MANY; i += 2) {
        registry_remove(&registry, entries[i]);
        registry_entry_free(entries[i]);
    }
    cr_expect_eq(registry.count, MANY / 2);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "s%zu", i);
        cr_expect_eq(registry_find(&registry, id), i % 2 ? nth(i) : NULL);
    }
    for (size_t i = 1; i < MANY; i += 2) {
        registry_remove(&registry, entries[i]);
        registry_entry_free(entries[i]);
    }
    cr_expect_null(registry.entries);
}
