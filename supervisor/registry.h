/* SPDX-License-Identifier: MIT */
/* supervisor/registry.h - the sessions that spd knows, keyed by session ID. */
#ifndef SUPERVISOR_REGISTRY_H
#define SUPERVISOR_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

struct session;
struct registry_entry;

struct registry {
    struct registry_entry *entries; /* uthash, by ID */
    size_t count;
    uint64_t removals; /* while it stays the same, all that were there are */
};

/* Claims an ID.  NULL: it is taken, or there is no memory.  The ID's bytes are
 * copied. */
struct registry_entry *registry_add(struct registry *registry, const char *id,
                                    struct session *session);
/* Its ID, until registry_entry_free(). */
const char *registry_id(const struct registry_entry *entry);
/* The ID may be claimed anew; the entry is the caller's to free. */
void registry_remove(struct registry *registry, struct registry_entry *entry);
void registry_entry_free(struct registry_entry *entry);

/* NULL without a session of this ID. */
struct session *registry_find(const struct registry *registry, const char *id);

/* All sessions in the order of their IDs, in an array that the caller frees;
 * NULL: no memory.  *out_count of them. */
struct session **registry_sorted(const struct registry *registry,
                                 size_t *out_count);

#endif
