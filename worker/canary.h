/* SPDX-License-Identifier: MIT */
/* worker/canary.h - the number by which functions notice that their frame has
 * been overwritten.  A fork has that of its parent: who learns it from one
 * session knows it of all, unless each has its own. */
#ifndef WORKER_CANARY_H
#define WORKER_CANARY_H

#include <stdint.h>
#include <sys/random.h>

/* Gives this process another one.  Inline, and only in a function that never
 * returns: those that are running have the old number in their frames.  Its
 * lowest byte is 0, as the C library's is: no string can write it.  Without
 * effect where this does not know the machine's; it is then the template's. */
__attribute__((always_inline)) static inline void canary_renew(void)
{
    uint64_t canary;

    if (getrandom(&canary, sizeof canary, 0) != sizeof canary)
        return;
    canary &= ~(uint64_t)0xff;
#if defined __x86_64__ && defined __linux__
    __asm__ volatile("movq %0, %%fs:0x28" : : "r"(canary) : "memory");
#endif
}

#endif
