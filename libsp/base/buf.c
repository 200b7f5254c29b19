/* SPDX-License-Identifier: MIT */
/* A queue of bytes in one piece of memory.  Capacity doubles, so that what is
 * appended byte by byte is copied a constant number of times. */
#include "buf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_CAPACITY 512

void buf_fini(struct buf *buf)
{
    free(buf->bytes);
    *buf = BUF_EMPTY;
}

static void buf_move_to_front(struct buf *buf)
{
    size_t held = buf_size(buf);

    if (buf->start == 0)
        return;
    memmove(buf->bytes, buf->bytes + buf->start, held);
    buf->start = 0;
    buf->end = held;
}

bool buf_reserve(struct buf *buf, size_t size)
{
    size_t held = buf_size(buf);
    size_t capacity = buf->capacity ? buf->capacity : BUF_FIRST_CAPACITY;
    uint8_t *bytes;

    if (buf_room(buf) >= size)
        return true;
    if (size > SIZE_MAX / 4 || held > SIZE_MAX / 4)
        return false;
    /* moving is worth it only if it frees at least half */
    if (buf->capacity - held >= size && held <= buf->capacity / 2) {
        buf_move_to_front(buf);
        return true;
    }
    while (capacity < held + size)
        capacity *= 2;
    bytes = malloc(capacity);
    if (!bytes)
        return false;
    if (held > 0)
        memcpy(bytes, buf_data(buf), held);
    free(buf->bytes);
    *buf = (struct buf){.bytes = bytes, .end = held, .capacity = capacity};
    return true;
}

void buf_commit(struct buf *buf, size_t size)
{
    assert(size <= buf_room(buf));
    buf->end += size;
}

bool buf_append(struct buf *buf, const void *data, size_t size)
{
    if (size == 0)
        return true;
    if (!buf_reserve(buf, size))
        return false;
    memcpy(buf_tail(buf), data, size);
    buf->end += size;
    return true;
}

void buf_consume(struct buf *buf, size_t size)
{
    assert(size <= buf_size(buf));
    buf->start += size;
    if (buf->start == buf->end)
        buf->start = buf->end = 0;
}

void buf_relax(struct buf *buf, size_t keep)
{
    if (buf_size(buf) == 0 && buf->capacity > keep)
        buf_fini(buf);
}
