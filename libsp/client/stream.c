/* SPDX-License-Identifier: MIT */
/* Frames of a PUB peer become items: PROTOCOL.md, "PUB".  What comes before the
 * answer to the subscription is nobody's.  Caller: ear_local.c. */
#define _GNU_SOURCE
#include "stream.h"

#include "wire/published.h"
#include "wire/sp.h"

#define READ_SIZE (32 * 1024)

void stream_fini(struct stream *stream)
{
    buf_fini(&stream->in);
    *stream = STREAM_EMPTY;
}

/* ---- bytes ---- */

/* In the middle of a large message as much as there is already. */
uint8_t *stream_room(struct stream *stream, size_t *out_size)
{
    size_t have = buf_size(&stream->in);

    if (!buf_reserve(&stream->in, have > READ_SIZE ? have : READ_SIZE))
        return NULL;
    *out_size = buf_room(&stream->in);
    return buf_tail(&stream->in);
}

void stream_commit(struct stream *stream, size_t got)
{
    buf_commit(&stream->in, got);
}

static void drop_used(struct stream *stream)
{
    buf_consume(&stream->in, stream->used);
    stream->used = 0;
}

void stream_relax(struct stream *stream)
{
    drop_used(stream);
    buf_relax(&stream->in, 0);
}

static void skip(struct stream *stream)
{
    size_t have = buf_size(&stream->in);
    size_t part = stream->skip < have ? (size_t)stream->skip : have;

    buf_consume(&stream->in, part);
    stream->skip -= part;
}

/* ---- items ---- */

static struct stream_item item_of(enum stream_item_kind kind)
{
    return (struct stream_item){.kind = kind};
}

static struct stream_item bad(struct stream *stream)
{
    stream->bad = true;
    return item_of(STREAM_BAD);
}

static struct stream_item lost(const struct stream *stream, uint64_t number)
{
    struct stream_item item = item_of(STREAM_LOST);

    if (!stream->begun)
        return item_of(STREAM_NOTHING);
    item.lost = number;
    return item;
}

/* NOTHING: go on. */
static struct stream_item take_handshake(struct stream *stream)
{
    uint16_t protocol;

    if (!wire_handshake_get(buf_data(&stream->in), &protocol) ||
        protocol != WIRE_PUB)
        return bad(stream);
    buf_consume(&stream->in, WIRE_HANDSHAKE_SIZE);
    stream->greeted = true;
    return item_of(STREAM_NOTHING);
}

static struct stream_item take_notice(struct stream *stream, uint64_t number)
{
    if (number > 0)
        return lost(stream, number);
    if (stream->begun)
        return bad(stream);
    stream->begun = true;
    return item_of(STREAM_BEGUN);
}

static struct stream_item take_message(struct stream *stream,
                                       const struct wire_frame *frame)
{
    struct wire_published published =
        wire_published_get(frame->message, (size_t)frame->length);
    struct stream_item item = item_of(STREAM_MESSAGE);

    stream->used = WIRE_FRAME_HEADER_SIZE + (size_t)frame->length;
    if (published.kind == WIRE_PUBLISHED_NOTICE)
        return take_notice(stream, published.lost);
    if (!stream->begun)
        return item_of(STREAM_NOTHING);
    if (published.kind == WIRE_PUBLISHED_BAD)
        return bad(stream);
    item.data = published.data;
    item.size = published.size;
    return item;
}

/* NOTHING: one that is nobody's, or not whole yet, which is told by *out_more.
 */
static struct stream_item take_frame(struct stream *stream, size_t max,
                                     bool *out_more)
{
    struct wire_frame frame;

    switch (wire_frame_get(buf_data(&stream->in), buf_size(&stream->in),
                           (uint64_t)max + WIRE_TAG_SIZE, &frame)) {
    case WIRE_FRAME_MORE:
        *out_more = true;
        return item_of(STREAM_NOTHING);
    case WIRE_FRAME_BAD:
        return bad(stream);
    case WIRE_FRAME_TOO_LARGE:
        buf_consume(&stream->in, WIRE_FRAME_HEADER_SIZE);
        stream->skip = frame.length;
        return lost(stream, 1);
    case WIRE_FRAME_WHOLE:
        break;
    }
    return take_message(stream, &frame);
}

static bool needs_more(const struct stream *stream)
{
    size_t least = stream->greeted ? 1 : WIRE_HANDSHAKE_SIZE;

    return stream->skip > 0 || buf_size(&stream->in) < least;
}

struct stream_item stream_next(struct stream *stream, size_t max)
{
    struct stream_item item = item_of(STREAM_NOTHING);
    bool more = false;

    if (stream->bad)
        return item_of(STREAM_BAD);
    while (item.kind == STREAM_NOTHING && !more) {
        drop_used(stream);
        skip(stream);
        more = needs_more(stream);
        if (!more)
            item = stream->greeted ? take_frame(stream, max, &more)
                                   : take_handshake(stream);
    }
    return item;
}
