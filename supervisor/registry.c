/* SPDX-License-Identifier: MIT */
/* One hash table.  It knows IDs and nothing of what a session is. */
#include "registry.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <sp/id.h>

struct registry_entry {
    char id[SP_ID_MAX + 1];
    struct session *session; /* borrowed */
    UT_hash_handle hh;       /* registry.entries */
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
    entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    strncpy(entry->id, id, SP_ID_MAX);
    entry->session = session;
    HASH_ADD_STR(registry->entries, id, entry);
    registry->count++;
    return entry;
}

void registry_remove(struct registry *registry, struct registry_entry *entry)
{
    HASH_DEL(registry->entries, entry);
    registry->count--;
    free(entry);
}

struct session *registry_find(const struct registry *registry, const char *id)
{
    const struct registry_entry *entry = find(registry, id);

    return entry ? entry->session : NULL;
}

static int by_id(const void *a, const void *b)
{
    const struct registry_entry *const *left = a;
    const struct registry_entry *const *right = b;

    return strcmp((*left)->id, (*right)->id);
}

struct session **registry_sorted(const struct registry *registry,
                                 size_t *out_count)
{
    struct registry_entry **entries =
        malloc((registry->count + 1) * sizeof *entries);
    struct session **sessions =
        malloc((registry->count + 1) * sizeof *sessions);
    struct registry_entry *entry;
    struct registry_entry *next;
    size_t count = 0;

    if (!entries || !sessions) {
        free(entries);
        free(sessions);
        return NULL;
    }
    HASH_ITER (hh, registry->entries, entry, next)
        entries[count++] = entry;
    qsort(entries, count, sizeof *entries, by_id);
    for (size_t i = 0; i < count; i++)
        sessions[i] = entries[i]->session;
    free(entries);
    *out_count = count;
    return sessions;
}
