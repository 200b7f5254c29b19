/* SPDX-License-Identifier: MIT */
/* A slot that a hostile session has written, under libFuzzer: what spd reads of
 * it is in range, printable and terminated. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "wire/slot.h"

static void assert_printable(const char reason[SLOT_TEXT_SIZE])
{
    char again[4 * SLOT_TEXT_SIZE];

    assert(memchr(reason, '\0', SLOT_TEXT_SIZE));
    text_printable(again, sizeof again, reason, strlen(reason));
    assert(strcmp(again, reason) == 0);
}

static void check(const struct slot *slot, int64_t now_ms)
{
    struct slot_view view;

    memset(&view, 0xa5, sizeof view);
    slot_read(slot, now_ms, &view);
    assert((unsigned)view.doing < SLOT_DOINGS);
    assert(slot_doing_words(view.doing));
    assert(view.doing_since_ms >= 0 && view.doing_since_ms <= now_ms);
    assert(view.active_ms >= 0 && view.active_ms <= now_ms);
    assert(view.request.id == 0 || view.doing == SLOT_CALL ||
           view.doing == SLOT_CAST);
    assert((unsigned)view.end <= SP_END_LAST);
    assert(view.goodbye || !view.reason[0] ||
           slot->session.goodbye == SLOT_LAST_WORDS);
    assert_printable(view.reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct slot slot;

    memset(&slot, 0, sizeof slot);
    memcpy(&slot, data, size < sizeof slot ? size : sizeof slot);
    check(&slot, 0);
    check(&slot, 1000000);
    check(&slot, INT64_MAX);
    return 0;
}
