/* SPDX-License-Identifier: MIT */
/* One hash table.  It knows IDs and nothing of what a session is. */
#include "registry.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <sp/id.h>

struct registry_entry {
    struct session *session; /* borrowed */
    UT_hash_handle hh;       /* registry.entries */
    char id[];
};

static struct registry_entry *find(const struct registry *registry,
                                   const char *id)
{
    struct registry_entry *entry;

    HASH_FIND_STR(registry->entries, id, entry);
    return entry;
}

struct registry_entry *registry_add(struct registry *registry, const char *id,
                                    struct session *session)
{
    struct registry_entry *entry;

    if (find(registry, id))
        return NULL;
    entry = calloc(1, sizeof *entry + strlen(id) + 1);
    if (!entry)
        return NULL;
    strcpy(entry->id, id);
    entry->session = session;
    HASH_ADD_STR(registry->entries, id, entry);
    registry->count++;
    return entry;
}

const char *registry_id(const struct registry_entry *entry)
{
    return entry->id;
}

void registry_remove(struct registry *registry, struct registry_entry *entry)
{
    HASH_DEL(registry->entries, entry);
    registry->count--;
    registry->removals++;
}

void registry_entry_free(struct registry_entry *entry)
{
    free(entry);
}

struct session *registry_find(const struct registry *registry, const char *id)
{
    const struct registry_entry *entry = find(registry, id);

    return entry ? entry->session : NULL;
}

/* ---- in order ---- */

/* To compare thousands of IDs takes long mostly because they lie about in
 * memory.  So what tells two apart in most cases stands beside the pointer: the
 * 8 bytes behind what all of them begin with. */
struct place {
    uint64_t key;
    const struct registry_entry *entry;
};

static uint64_t key_of(const char *id, size_t common)
{
    uint64_t key = 0;

    for (size_t i = 0; i < sizeof key; i++) {
        key = key << 8 | (unsigned char)id[common];
        common += id[common] != '\0';
    }
    return key;
}

static int by_id(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return strcmp(left->entry->id, right->entry->id);
}

static size_t common_length(const char *a, const char *b, size_t most)
{
    size_t length = 0;

    while (length < most && a[length] && a[length] == b[length])
        length++;
    return length;
}

static size_t collect(const struct registry *registry, struct place *places)
{
    const struct registry_entry *entry = registry->entries;
    size_t common = SP_ID_MAX;
    size_t count = 0;

    for (; entry; entry = entry->hh.next) {
        common = common_length(registry->entries->id, entry->id, common);
        places[count++].entry = entry;
    }
    for (size_t i = 0; i < count; i++)
        places[i].key = key_of(places[i].entry->id, common);
    return count;
}

struct session **registry_sorted(const struct registry *registry,
                                 size_t *out_count)
{
    struct place *places = malloc((registry->count + 1) * sizeof *places);
    struct session **sessions =
        malloc((registry->count + 1) * sizeof *sessions);
    size_t count;

    if (!places || !sessions) {
        free(places);
        free(sessions);
        return NULL;
    }
    count = collect(registry, places);
    qsort(places, count, sizeof *places, by_id);
    for (size_t i = 0; i < count; i++)
        sessions[i] = places[i].entry->session;
    free(places);
    *out_count = count;
    return sessions;
}
