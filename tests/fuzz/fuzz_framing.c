/* SPDX-License-Identifier: MIT */
/* What a command module's program has written, in pieces, under libFuzzer: a
 * message is where it is said to be, never longer than it may, and the same
 * however the bytes have come. */
#include <assert.h>
#include <string.h>

#include "wire/framing.h"

static void check_message(enum framing framing, const uint8_t *bytes,
                          size_t size, size_t max,
                          const struct framing_message *message)
{
    assert(message->size <= max);
    assert(message->start <= size && message->size <= size - message->start);
    assert(message->next > 0 && message->next <= size);
    assert(message->next >= message->start + message->size);
    if (framing == FRAMING_LINE)
        assert(!memchr(bytes, '\n', message->size) &&
               bytes[message->size] == '\n');
}

/* Byte by byte, and at once. */
static void check(enum framing framing, const uint8_t *bytes, size_t size,
                  size_t max)
{
    struct framing_message message = {0}, again = {0};
    enum framing_found found = FRAMING_PARTIAL;
    size_t looked = 0, none = 0, part;

    for (part = 0; part <= size && found == FRAMING_PARTIAL; part++)
        found = framing_find(framing, bytes, part, max, &looked, &message);
    assert(framing_find(framing, bytes, part - 1, max, &none, &again) ==
           found);
    if (found == FRAMING_WHOLE) {
        check_message(framing, bytes, part - 1, max, &message);
        assert(memcmp(&message, &again, sizeof message) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    for (int framing = 0; framing < FRAMINGS; framing++)
        check((enum framing)framing, data + 1, size - 1, data[0]);
    return 0;
}
