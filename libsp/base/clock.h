/* SPDX-License-Identifier: MIT */
/* base/clock.h - the monotonic clock in milliseconds, and deadlines on it. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

static inline int64_t clock_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#define DEADLINE_NEVER INT64_MAX

/* A negative timeout never ends. */
static inline int64_t deadline_from(int64_t begun, int timeout_ms)
{
    return timeout_ms < 0 ? DEADLINE_NEVER : begun + timeout_ms;
}

static inline int64_t deadline_after(int timeout_ms)
{
    return deadline_from(clock_now_ms(), timeout_ms);
}

/* Milliseconds left, as poll() wants them: 0 when it has passed, -1: never. */
static inline int deadline_left(int64_t deadline)
{
    int64_t left;

    if (deadline == DEADLINE_NEVER)
        return -1;
    left = deadline - clock_now_ms();
    if (left <= 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

#endif
