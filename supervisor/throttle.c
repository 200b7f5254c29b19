/* SPDX-License-Identifier: MIT */
/* The delay grows with tries, not with failures: a thousand starts that were
 * under way together are one piece of news. */
#include "throttle.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void throttle_init(struct throttle *throttle, int64_t first_delay_ms,
                   int64_t max_delay_ms)
{
    assert(first_delay_ms >= 1 && max_delay_ms >= 1);
    assert(max_delay_ms <= INT64_MAX / 4); /* doubling it does not overflow */
    *throttle = (struct throttle){.first_delay_ms = first_delay_ms,
                                  .max_delay_ms = max_delay_ms};
}

static int64_t delay(const struct throttle *throttle)
{
    int64_t ms = throttle->first_delay_ms;

    for (unsigned i = 1; i < throttle->tries; i++) {
        if (ms >= throttle->max_delay_ms)
            return throttle->max_delay_ms;
        ms *= 2;
    }
    return ms < throttle->max_delay_ms ? ms : throttle->max_delay_ms;
}

static void put_off(struct throttle *throttle, int64_t now_ms)
{
    throttle->next_ms = now_ms + delay(throttle);
}

void throttle_failed(struct throttle *throttle, int64_t now_ms,
                     const char *reason)
{
    size_t size = text_cut(reason, strlen(reason), THROTTLE_REASON_SIZE - 1);

    if (throttle->worked)
        return;
    memcpy(throttle->reason, reason, size);
    throttle->reason[size] = '\0';
    if (++throttle->failures <= THROTTLE_FREE)
        return;
    if (throttle->tries == 0)
        throttle->tries = 1;
    put_off(throttle, now_ms);
}

void throttle_worked(struct throttle *throttle)
{
    throttle->worked = true;
    throttle->tries = 0;
}

int64_t throttle_wait_ms(const struct throttle *throttle, int64_t now_ms)
{
    if (throttle->tries == 0 || now_ms >= throttle->next_ms)
        return 0;
    return throttle->next_ms - now_ms;
}

int64_t throttle_try(struct throttle *throttle, int64_t now_ms)
{
    int64_t wait_ms = throttle_wait_ms(throttle, now_ms);

    if (throttle->tries == 0 || wait_ms > 0)
        return wait_ms;
    if (throttle->tries < 64) /* doubling ends long before */
        throttle->tries++;
    put_off(throttle, now_ms);
    return 0;
}

void throttle_explain(const struct throttle *throttle, const char *module,
                      int64_t now_ms, char out[THROTTLE_TEXT_SIZE])
{
    int64_t wait_ms = throttle_wait_ms(throttle, now_ms);
    bool short_wait = wait_ms < 1000;

    snprintf(out, THROTTLE_TEXT_SIZE,
             "module %s: none of its sessions has ever worked (%llu starts "
             "failed, last: %s); next try in %lld %s",
             module, (unsigned long long)throttle->failures, throttle->reason,
             (long long)(short_wait ? wait_ms : (wait_ms + 999) / 1000),
             short_wait ? "ms" : "s");
}
