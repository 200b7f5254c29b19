/* SPDX-License-Identifier: MIT */
/* Reference counts, a hash by key and a list by use.  Knows nothing of what it
 * keeps; both channels keep their connections in one. */
/* An entry that uthash had no memory for says so, instead of the program ending
 * there. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->listed = false)

#include "cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

void cache_init(struct cache *cache, const struct cache_type *type,
                void *context, size_t limit)
{
    assert(limit > 0);
    *cache = (struct cache){.type = type, .context = context, .limit = limit};
    pthread_mutex_init(&cache->lock, NULL);
}

static void let_go(struct cache *cache, struct cache_entry *entry)
{
    unsigned before = atomic_fetch_sub(&entry->holders, 1);

    assert(before > 0);
    if (before == 1)
        cache->type->destroy(entry);
}

/* The caller lets go of it, without the lock: to end one may take time. */
static void unlist(struct cache *cache, struct cache_entry *entry)
{
    HASH_DEL(cache->by_key, entry);
    DL_DELETE(cache->by_use, entry);
    entry->listed = false;
    cache->count--;
}

void cache_fini(struct cache *cache)
{
    while (cache->by_use) {
        struct cache_entry *entry = cache->by_use;

        assert(atomic_load(&entry->holders) == 1);
        unlist(cache, entry);
        let_go(cache, entry);
    }
    pthread_mutex_destroy(&cache->lock);
}

/* Unlists the one used longest ago that only the cache holds; NULL if there is
 * room, or all are in use.  Holders come under the lock alone, so one that
 * nobody else holds now stays so. */
static struct cache_entry *make_room(struct cache *cache)
{
    struct cache_entry *entry;

    if (cache->count < cache->limit)
        return NULL;
    entry = cache->by_use->prev; /* utlist: the head's prev is the tail */
    while (atomic_load(&entry->holders) > 1) {
        if (entry == cache->by_use)
            return NULL;
        entry = entry->prev;
    }
    unlist(cache, entry);
    return entry;
}

static struct cache_entry *add(struct cache *cache, const char *key)
{
    struct cache_entry *entry = cache->type->create(cache->context, key);

    if (!entry)
        return NULL;
    strcpy(entry->key, key);
    atomic_init(&entry->holders, 1);
    entry->listed = true;
    HASH_ADD_STR(cache->by_key, key, entry);
    if (!entry->listed) {
        let_go(cache, entry);
        return NULL;
    }
    DL_PREPEND(cache->by_use, entry);
    cache->count++;
    return entry;
}

static void touch(struct cache *cache, struct cache_entry *entry)
{
    if (cache->by_use == entry)
        return;
    DL_DELETE(cache->by_use, entry);
    DL_PREPEND(cache->by_use, entry);
}

/* Most often it is the one that was used last. */
static struct cache_entry *find(struct cache *cache, const char *key)
{
    struct cache_entry *entry = cache->by_use;

    if (entry && strcmp(entry->key, key) == 0)
        return entry;
    HASH_FIND_STR(cache->by_key, key, entry);
    return entry;
}

struct cache_entry *cache_acquire(struct cache *cache, const char *key)
{
    struct cache_entry *evicted = NULL;
    struct cache_entry *entry;

    pthread_mutex_lock(&cache->lock);
    entry = find(cache, key);
    if (entry) {
        touch(cache, entry);
    } else {
        evicted = make_room(cache);
        entry = add(cache, key);
    }
    if (entry)
        atomic_fetch_add(&entry->holders, 1);
    pthread_mutex_unlock(&cache->lock);
    if (evicted)
        let_go(cache, evicted);
    return entry;
}

void cache_release(struct cache *cache, struct cache_entry *entry)
{
    let_go(cache, entry);
}

void cache_discard(struct cache *cache, struct cache_entry *entry)
{
    bool was_listed;

    pthread_mutex_lock(&cache->lock);
    was_listed = entry->listed;
    if (was_listed)
        unlist(cache, entry);
    pthread_mutex_unlock(&cache->lock);
    if (was_listed)
        let_go(cache, entry);
}
