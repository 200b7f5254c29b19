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

/* What begins at the front grows in place or is moved by the kernel, if it is
 * large: it is never there twice. */
static bool buf_grow(struct buf *buf, size_t capacity)
{
    size_t held = buf_size(buf);
    bool at_front = buf->start == 0;
    uint8_t *bytes =
        at_front ? realloc(buf->bytes, capacity) : malloc(capacity);

    if (!bytes)
        return false;
    if (!at_front) {
        memcpy(bytes, buf_data(buf), held);
        free(buf->bytes);
    }
    *buf = (struct buf){.bytes = bytes, .end = held, .capacity = capacity};
    return true;
}

bool buf_reserve(struct buf *buf, size_t size)
{
    size_t held = buf_size(buf);
    size_t capacity = buf->capacity ? buf->capacity : BUF_FIRST_CAPACITY;

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
    return buf_grow(buf, capacity);
}

bool buf_fit(struct buf *buf, size_t size)
{
    if (buf->capacity > 0 || size == 0)
        return buf_reserve(buf, size);
    return buf_grow(buf, size);
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
