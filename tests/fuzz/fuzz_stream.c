/* SPDX-License-Identifier: MIT */
/* A subscriber's stream under libFuzzer: whatever the peer says, in whatever
 * pieces, the same items come of it; messages lie in what was said and are no
 * larger than wanted; nothing comes before it has begun or after it is bad; and
 * memory is bounded by what was said. */
#include <assert.h>
#include <string.h>

#include "client/stream.h"

#define MAX 256

struct summary {
    unsigned long long items, messages, lost, sum;
    bool begun, bad;
};

static void take(struct stream *stream, struct summary *summary)
{
    for (;;) {
        struct stream_item item = stream_next(stream, MAX);

        if (item.kind == STREAM_NOTHING)
            return;
        assert(!summary->bad);
        assert(summary->begun || item.kind == STREAM_BEGUN ||
               item.kind == STREAM_BAD);
        assert((item.kind == STREAM_LOST) == (item.lost > 0));
        summary->items++;
        summary->lost += item.lost;
        summary->begun |= item.kind == STREAM_BEGUN;
        summary->bad = item.kind == STREAM_BAD;
        if (summary->bad)
            return;
        if (item.kind == STREAM_MESSAGE)
            summary->messages++;
        assert(item.size <= MAX + 4);
        for (size_t i = 0; i < item.size; i++)
            summary->sum = summary->sum * 31 + item.data[i];
    }
}

static struct summary hear(const uint8_t *data, size_t size, size_t piece)
{
    struct summary summary = {0};
    struct stream stream = STREAM_EMPTY;

    while (size > 0 && !summary.bad) {
        size_t room, part = piece < size ? piece : size;
        uint8_t *at = stream_room(&stream, &room);

        assert(at && room > 0);
        part = part < room ? part : room;
        memcpy(at, data, part);
        stream_commit(&stream, part);
        take(&stream, &summary);
        stream_relax(&stream);
        data += part;
        size -= part;
    }
    assert(stream.in.capacity <= 256 * 1024);
    stream_fini(&stream);
    return summary;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct summary whole, pieces;

    if (size < 1)
        return 0;
    whole = hear(data + 1, size - 1, size);
    pieces = hear(data + 1, size - 1, 1 + data[0]);
    assert(memcmp(&whole, &pieces, sizeof whole) == 0);
    return 0;
}
