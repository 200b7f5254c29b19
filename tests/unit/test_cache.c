/* SPDX-License-Identifier: MIT */
/* The client's cache of connections: who lives how long. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cache.h"
#include "support/leaks.h"

static struct cache cache;
static atomic_int alive;

static struct cache_entry *create(void *context, const char *key)
{
    (void)context;
    if (strcmp(key, "impossible") == 0)
        return NULL;
    atomic_fetch_add(&alive, 1);
    return calloc(1, sizeof(struct cache_entry));
}

static void destroy(struct cache_entry *entry)
{
    atomic_fetch_sub(&alive, 1);
    free(entry);
}

static const struct cache_type type = {create, destroy};

static void setup(void)
{
    cache_init(&cache, &type, NULL, 3);
}

static void teardown(void)
{
    cache_fini(&cache);
    cr_assert_eq(alive, 0, "every entry has been destroyed");
    leaks_check();
}

TestSuite(cache, .init = setup, .fini = teardown, .timeout = 60);

static struct cache_entry *use(const char *key)
{
    struct cache_entry *entry = cache_acquire(&cache, key);

    cache_release(&cache, entry);
    return entry;
}

Test(cache, gives_the_same_entry_for_the_same_key)
{
    struct cache_entry *one = use("a");

    cr_expect_eq(use("a"), one);
    cr_expect_str_eq(one->key, "a");
    cr_expect_neq(use("b"), one);
    cr_expect_neq(use(""), one, "the empty key is one like others");
    cr_expect_eq(use("a"), one);
}

Test(cache, drops_the_one_that_was_used_longest_ago)
{
    struct cache_entry *found;

    use("a");
    use("b");
    use("c");
    use("a");
    use("d");
    cr_expect_eq(alive, 3);
    HASH_FIND_STR(cache.by_key, "b", found);
    cr_expect_null(found);
    HASH_FIND_STR(cache.by_key, "a", found);
    cr_expect_not_null(found);
}

Test(cache, never_drops_one_that_is_held)
{
    struct cache_entry *held[5];
    char key[2] = "a";

    for (int i = 0; i < 5; i++, key[0]++)
        held[i] = cache_acquire(&cache, key);
    cr_expect_eq(alive, 5, "more than are kept, since all are in use");
    key[0] = 'a';
    for (int i = 0; i < 5; i++, key[0]++) {
        struct cache_entry *again = cache_acquire(&cache, key);

        cr_expect_eq(again, held[i]);
        cache_release(&cache, again);
        cache_release(&cache, held[i]);
    }
}

Test(cache, a_discarded_entry_lives_on_for_its_holders)
{
    struct cache_entry *old = cache_acquire(&cache, "a");
    struct cache_entry *next;

    cache_discard(&cache, old);
    cache_discard(&cache, old);
    cr_expect_eq(alive, 1);
    next = cache_acquire(&cache, "a");
    cr_expect_neq(next, old);
    cache_discard(&cache, old);
    cr_expect_eq(use("a"), next, "it was not taken for the new one");
    cache_release(&cache, old);
    cr_expect_eq(alive, 1);
    cache_release(&cache, next);
}

Test(cache, says_when_there_is_no_memory)
{
    cr_expect_null(cache_acquire(&cache, "impossible"));
    cr_expect_not_null(use("a"));
}

static void *churn(void *context)
{
    unsigned seed = (unsigned)(size_t)context;

    for (int i = 0; i < 20000; i++) {
        char key[16];
        struct cache_entry *entry;

        snprintf(key, sizeof key, "%d", rand_r(&seed) % 6);
        entry = cache_acquire(&cache, key);
        if (strcmp(entry->key, key) != 0)
            return "a wrong entry";
        if (rand_r(&seed) % 8 == 0)
            cache_discard(&cache, entry);
        cache_release(&cache, entry);
    }
    return NULL;
}

Test(cache, holds_under_many_threads)
{
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, churn, (void *)i), 0);
    for (size_t i = 0; i < 8; i++) {
        void *complaint;

        pthread_join(threads[i], &complaint);
        cr_expect_null(complaint);
    }
    cr_expect_leq(cache.count, 3u);
}
