/* SPDX-License-Identifier: MIT */
/* base/buf.h - a queue of bytes: appended at one end, consumed at the other.
 * It grows as it is filled, and says when there is no memory. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *bytes; /* owned; NULL while capacity is 0 */
    size_t start;   /* of what is held */
    size_t end;
    size_t capacity;
};

#define BUF_EMPTY ((struct buf){0})

/* Frees the memory; the buf is then empty and can be used again. */
void buf_fini(struct buf *buf);

static inline size_t buf_size(const struct buf *buf)
{
    return buf->end - buf->start;
}

static inline uint8_t *buf_data(const struct buf *buf)
{
    return buf->bytes + buf->start;
}

/* Makes room for `size` more bytes behind what is held.  False: no memory, and
 * the buf is as it was. */
bool buf_reserve(struct buf *buf, size_t size);

/* The same in no more memory than that, for one that has none yet and will not
 * grow. */
bool buf_fit(struct buf *buf, size_t size);

/* Where the next bytes go; buf_reserve()d room.  buf_commit() counts them. */
static inline uint8_t *buf_tail(struct buf *buf)
{
    return buf->bytes + buf->end;
}
static inline size_t buf_room(const struct buf *buf)
{
    return buf->capacity - buf->end;
}
void buf_commit(struct buf *buf, size_t size);

/* Appends; false: no memory, nothing appended. */
bool buf_append(struct buf *buf, const void *data, size_t size);

/* Drops the first `size` bytes, at most all. */
void buf_consume(struct buf *buf, size_t size);

/* Gives memory back when the buf is empty and larger than `keep`. */
void buf_relax(struct buf *buf, size_t keep);

#endif
