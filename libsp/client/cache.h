/* SPDX-License-Identifier: MIT */
/* client/cache.h - connections kept for reuse, found by session ID.
 *
 * An entry lives as long as somebody holds it.  The cache holds those that it
 * lists; when it is full, the one that was used longest ago and that nobody
 * else holds goes.  Thread-safe. */
#ifndef CLIENT_CACHE_H
#define CLIENT_CACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

#include <sp/id.h>

/* Embedded, as the first member, in what is kept. */
struct cache_entry {
    char key[SP_ID_MAX + 1];
    atomic_uint holders;
    bool listed;              /* under the cache's lock */
    struct cache_entry *prev; /* cache.by_use */
    struct cache_entry *next; /* cache.by_use */
    UT_hash_handle hh;        /* cache.by_key */
};

struct cache_type {
    /* Makes an entry; the cache fills the header in.  NULL: no memory. */
    struct cache_entry *(*create)(void *context, const char *key);
    /* Ends one that nobody holds any more. */
    void (*destroy)(struct cache_entry *entry);
};

struct cache {
    const struct cache_type *type;
    void *context; /* borrowed; for create */
    size_t limit;
    size_t count;
    pthread_mutex_t lock;
    struct cache_entry *by_key;
    struct cache_entry *by_use; /* the one used last comes first */
};

/* limit: how many entries are kept, unless more are in use at once. */
void cache_init(struct cache *cache, const struct cache_type *type,
                void *context, size_t limit);

/* Nobody may hold an entry any more. */
void cache_fini(struct cache *cache);

/* The entry of this key, made if there is none; held by the caller until
 * cache_release().  NULL: no memory. */
struct cache_entry *cache_acquire(struct cache *cache, const char *key);
void cache_release(struct cache *cache, struct cache_entry *entry);

/* Takes an entry that the caller holds out of the cache, if it is still in it:
 * the next cache_acquire() makes a new one. */
void cache_discard(struct cache *cache, struct cache_entry *entry);

#endif
