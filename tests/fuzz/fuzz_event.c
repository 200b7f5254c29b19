/* SPDX-License-Identifier: MIT */
/* What is published under libFuzzer: an event of spd's as a subscriber gets it,
 * and the frames of a subscription.  An event makes sense or does not, and the
 * same sense again when it is said anew; of a frame no byte is taken that is
 * not its own, and what is understood is written the same way. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/events.h"
#include "wire/published.h"

static void assert_same(const struct sp_event *one,
                        const struct sp_event *other)
{
    assert(strcmp(sp_event_id(one), sp_event_id(other)) == 0);
    assert(strcmp(sp_event_name(one), sp_event_name(other)) == 0);
    assert(strcmp(sp_event_module(one), sp_event_module(other)) == 0);
    assert(strcmp(sp_event_text(one), sp_event_text(other)) == 0);
    assert(sp_event_seq(one) == sp_event_seq(other));
    assert(sp_event_time_ms(one) == sp_event_time_ms(other));
    assert(sp_event_pid(one) == sp_event_pid(other));
}

static void check_event(const uint8_t *data, size_t size)
{
    struct sp_event *event = NULL, *again = NULL;
    char *json;

    if (event_read(data, size, &event) != SP_OK) {
        assert(!event);
        return;
    }
    json = sp_event_json(event);
    assert(json && event_read(json, strlen(json), &again) == SP_OK);
    assert_same(event, again);
    free(json);
    event_free(again);
    event_free(event);
}

static void check_published(const uint8_t *data, size_t size)
{
    struct wire_published published = wire_published_get(data, size);
    uint8_t notice[WIRE_NOTICE_MAX];

    if (published.kind == WIRE_PUBLISHED_NOTICE) {
        assert(wire_notice_put(notice, published.lost) == size);
        assert(memcmp(notice, data, size) == 0);
    } else if (published.kind == WIRE_PUBLISHED_MESSAGE) {
        assert(published.size <= size);
        assert(published.data + published.size == data + size);
    }
}

static void check_subscription(const uint8_t *data, size_t size)
{
    uint8_t again[WIRE_SUBSCRIPTION_MAX];
    const uint8_t *prefix;
    size_t prefix_size;

    if (!wire_subscription_get(data, size, &prefix, &prefix_size))
        return;
    assert(prefix_size <= WIRE_PREFIX_MAX);
    assert(wire_subscription_put(again, prefix, prefix_size) == size);
    assert(memcmp(again, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_event(data, size);
    check_published(data, size);
    check_subscription(data, size);
    return 0;
}
