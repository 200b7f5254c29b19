/* SPDX-License-Identifier: MIT */
/* close_range() over the gaps between those that stay. */
#define _GNU_SOURCE
#include "fdkeep.h"

#include <unistd.h>

static void sort(int *fds, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && fds[j - 1] > fds[j]; j--) {
            int held = fds[j];

            fds[j] = fds[j - 1];
            fds[j - 1] = held;
        }
}

int fdkeep(int *fds, size_t count)
{
    unsigned from = 0;

    sort(fds, count);
    for (size_t i = 0; i < count; i++) {
        unsigned fd = (unsigned)fds[i];

        if (fd > from && close_range(from, fd - 1, 0) < 0)
            return -1;
        from = fd + 1;
    }
    return close_range(from, ~0U, 0);
}
