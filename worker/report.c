/* SPDX-License-Identifier: MIT */
/* Writes the session's half of its slot and reads spd's.  The session has one
 * thread and is the only writer of its half, so a number grows by a load and a
 * store. */
#define _GNU_SOURCE
#include "report.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/text.h"

#define GET(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define SET(field, value)                                                      \
    atomic_store_explicit(&(field), (value), memory_order_relaxed)

struct slot *report_open(int slots_fd, uint32_t page)
{
    struct slot *slot =
        mmap(NULL, SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, slots_fd,
             (off_t)page * SLOT_SIZE);

    if (slot == MAP_FAILED)
        return NULL;
    return madvise(slot, SLOT_SIZE, MADV_DONTFORK) < 0 ? NULL : slot;
}

/* A load from the page that the kernel keeps the time in. */
static int64_t coarse_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void report_begin(struct slot *slot, enum slot_doing doing,
                  const struct slot_request *request)
{
    struct slot_session *to = &slot->session;

    if (request) {
        SET(to->request_id, request->id);
        SET(to->request_hash, request->hash);
    }
    if (doing == SLOT_CALL)
        SET(to->calls, GET(to->calls) + 1);
    else if (doing == SLOT_CAST)
        SET(to->casts, GET(to->casts) + 1);
    SET(to->doing_since_ms, coarse_now_ms());
    SET(to->doing, doing);
}

int64_t report_end(struct slot *slot)
{
    struct slot_session *to = &slot->session;
    int64_t now = coarse_now_ms();

    /* A timer is the module's own doing: nobody has asked for anything. */
    if (GET(to->doing) != SLOT_TIMER)
        SET(to->active_ms, now);
    SET(to->doing, SLOT_NOTHING);
    return now - GET(to->doing_since_ms);
}

uint64_t report_handled(const struct slot *slot)
{
    return GET(slot->session.calls) + GET(slot->session.casts);
}

void report_load(struct slot *slot, uint32_t waiting, uint32_t subscribers)
{
    /* a late reply, or a subscriber that leaves, is something that it did */
    if (waiting < GET(slot->session.waiting) ||
        subscribers < GET(slot->session.subscribers))
        SET(slot->session.active_ms, coarse_now_ms());
    SET(slot->session.waiting, waiting);
    SET(slot->session.subscribers, subscribers);
}

void report_log_drop(struct slot *slot)
{
    SET(slot->session.log_drops, GET(slot->session.log_drops) + 1);
}

static void leave(struct slot *slot, uint32_t goodbye, const char *reason)
{
    struct slot_session *to = &slot->session;
    size_t size = text_cut(reason, strlen(reason), sizeof to->reason - 1);

    memcpy(to->reason, reason, size);
    to->reason[size] = '\0';
    atomic_store_explicit(&to->goodbye, goodbye, memory_order_release);
}

void report_last_words(struct slot *slot, const char *reason)
{
    leave(slot, SLOT_LAST_WORDS, reason);
}

void report_goodbye(struct slot *slot, enum sp_end end, const char *reason)
{
    leave(slot, (uint32_t)end + 1, reason);
}

void report_order_get(const struct slot *slot, struct report_order *out_order)
{
    const struct slot_supervisor *from = &slot->supervisor;
    uint32_t command =
        atomic_load_explicit(&from->command, memory_order_acquire);
    uint32_t end = GET(from->end);

    *out_order = (struct report_order){
        .command = command <= SLOT_DRAIN ? (enum slot_command)command
                                         : SLOT_GO_ON,
        .end = end <= SP_END_LAST ? (enum sp_end)end : SP_END_STOP,
    };
    memcpy(out_order->text, from->text, sizeof out_order->text - 1);
}
