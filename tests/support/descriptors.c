/* SPDX-License-Identifier: MIT */
/* By the limit, at the lowest number that is free.  Used by tests of what a
 * client does without. */
#define _GNU_SOURCE
#include "descriptors.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

struct rlimit descriptors_take(void)
{
    struct rlimit before, now;
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

    cr_assert_geq(next, 0);
    close(next);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = (struct rlimit){(rlim_t)next, before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &now), 0);
    return before;
}

void descriptors_give_back(const struct rlimit *before)
{
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, before), 0);
}
