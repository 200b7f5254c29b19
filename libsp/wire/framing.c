/* SPDX-License-Identifier: MIT */
/* Lines, and lengths: 32 bits, as sp.h writes them. */
#include "framing.h"

#include <string.h>

#include "sp.h"

static const char *const words[] = {
#define WORD(NAME, word) word,
    FRAMING_TABLE(WORD)
#undef WORD
};

const char *framing_word(enum framing framing)
{
    return words[framing];
}

bool framing_parse(const char *word, enum framing *out_framing)
{
    for (int i = 0; i < FRAMINGS; i++)
        if (strcmp(word, words[i]) == 0) {
            *out_framing = (enum framing)i;
            return true;
        }
    return false;
}

bool framing_holds(enum framing framing, const void *bytes, size_t size)
{
    if (framing == FRAMING_LENGTH)
        return size <= UINT32_MAX;
    return size == 0 || !memchr(bytes, '\n', size);
}

struct framing_ends framing_ends(enum framing framing, size_t size)
{
    struct framing_ends ends = {.tail = {'\n'}, .tail_size = 1};

    if (framing == FRAMING_LENGTH) {
        ends.tail_size = 0;
        ends.head_size = sizeof ends.head;
        wire_u32_put(ends.head, (uint32_t)size);
    }
    return ends;
}

static enum framing_found find_line(const uint8_t *bytes, size_t size,
                                    size_t max, size_t *looked,
                                    struct framing_message *out_message)
{
    const uint8_t *end = NULL;

    if (size > *looked)
        end = memchr(bytes + *looked, '\n', size - *looked);
    *looked = size;
    if (end && (size_t)(end - bytes) <= max) {
        size_t len = (size_t)(end - bytes);

        *out_message = (struct framing_message){0, len, len + 1};
        return FRAMING_WHOLE;
    }
    return end || size > max ? FRAMING_TOO_LONG : FRAMING_PARTIAL;
}

static enum framing_found find_length(const uint8_t *bytes, size_t size,
                                      size_t max,
                                      struct framing_message *out_message)
{
    const size_t head = sizeof(uint32_t);
    size_t len;

    if (size < head)
        return FRAMING_PARTIAL;
    len = wire_u32_get(bytes);
    if (len > max)
        return FRAMING_TOO_LONG;
    if (size - head < len)
        return FRAMING_PARTIAL;
    *out_message = (struct framing_message){head, len, head + len};
    return FRAMING_WHOLE;
}

enum framing_found framing_find(enum framing framing, const uint8_t *bytes,
                                size_t size, size_t max, size_t *looked,
                                struct framing_message *out_message)
{
    if (framing == FRAMING_LENGTH)
        return find_length(bytes, size, max, out_message);
    return find_line(bytes, size, max, looked, out_message);
}
