/* SPDX-License-Identifier: MIT */
/* plug/visitors.h - the IDs of the sessions that a plug has started: a bounded
 * set in the order of their last use.  It knows nothing of life and death.
 * Thread-safe. */
#ifndef PLUG_VISITORS_H
#define PLUG_VISITORS_H

#include <stdbool.h>
#include <stddef.h>

#include <sp/id.h>

struct visitors;

/* NULL: no memory.  The caller destroys it. */
struct visitors *visitors_create(size_t capacity);
void visitors_destroy(struct visitors *visitors); /* NULL is allowed */

/* Whether this ID is in the set. */
bool visitors_has(struct visitors *visitors, const char *id);

/* Marks an ID as used last; one that is not in the set is ignored. */
void visitors_touch(struct visitors *visitors, const char *id);

/* Keeps a place for one more ID; false: the set is full. */
bool visitors_reserve(struct visitors *visitors);

/* Puts a new ID in the place that was reserved, or gives the place back.  Add
 * says false, and gives it back, when there is no memory. */
bool visitors_add(struct visitors *visitors, const char *id);
void visitors_release(struct visitors *visitors);

/* Forgets an ID, which makes a place; one that is not in the set is ignored. */
void visitors_remove(struct visitors *visitors, const char *id);

/* Copies the ID that was not used for longest to out_id and marks it as used,
 * so that the next call gives another one.  False: the set is empty. */
bool visitors_cycle(struct visitors *visitors, char out_id[SP_ID_MAX + 1]);

#endif
