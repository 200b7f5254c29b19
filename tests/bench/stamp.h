/* SPDX-License-Identifier: MIT */
/* stamp.h - numbered messages: what was answered is what was sent, or the
 * measurement did not happen. */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define STAMP_SIZE 64           /* of a small message */
#define STAMP_LARGE (1024 * 1024) /* of a large one */

/* The number in the first eight bytes of a message. */
static inline void stamp_put(char *message, uint64_t number)
{
    memcpy(message, &number, sizeof number);
}

static inline uint64_t stamp_get(const char *message)
{
    uint64_t number;

    memcpy(&number, message, sizeof number);
    return number;
}

/* Of a large message: a number in each of its pages, so that looking for it
 * costs little beside carrying it. */
static inline void stamp_put_pages(char *message, size_t size, uint64_t number)
{
    for (size_t at = 0; at + sizeof number <= size; at += 4096)
        stamp_put(message + at, number + at);
}

static inline bool stamp_check_pages(const char *message, size_t size,
                                     uint64_t number)
{
    for (size_t at = 0; at + sizeof number <= size; at += 4096)
        if (stamp_get(message + at) != number + at)
            return false;
    return true;
}

/* What a consumer of numbered messages has seen. */
struct stamp_tally {
    uint64_t count;
    uint64_t sum; /* of the numbers */
};

static inline void stamp_count(struct stamp_tally *tally, const char *message)
{
    tally->count++;
    tally->sum += stamp_get(message);
}

/* Whether it has seen 1 to count, each once. */
static inline bool stamp_complete(const struct stamp_tally *tally,
                                  uint64_t count)
{
    return tally->count == count && tally->sum == count * (count + 1) / 2;
}

#endif
