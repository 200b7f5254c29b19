/* SPDX-License-Identifier: MIT */
/* base/magic.h - check an object that comes back through a void pointer.
 *
 *     struct peer { uint32_t magic; ... };   first field, set to PEER_MAGIC
 *     struct peer *peer = MAGIC_CAST(peer, PEER_MAGIC, arg);
 *
 * Set the field to 0 before the object is freed. */
#ifndef BASE_MAGIC_H
#define BASE_MAGIC_H

#include <assert.h>
#include <stdint.h>

static inline void *magic_check(void *object, uint32_t magic)
{
    assert(object && *(uint32_t *)object == magic);
    return object;
}

#define MAGIC_CAST(tag, magic, object)                                         \
    ((struct tag *)magic_check((object), (magic)))

#endif
