/* SPDX-License-Identifier: MIT */
/* Alarms ring in the order of their times, whatever becomes of the others. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/clock.h"
#include "client/alarms.h"
#include "support/leaks.h"

#define COUNT 500

TestSuite(alarms, .fini = leaks_check);

static void join(struct alarms *alarms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert(alarms_join(alarms));
}

static void leave(struct alarms *alarms, struct alarm *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        alarms_leave(alarms, &members[i]);
    alarms_fini(alarms);
}

/* Clears them one by one; returns how many there were. */
static size_t expect_in_order(struct alarms *alarms)
{
    int64_t before = INT64_MIN;
    struct alarm *first;
    size_t count = 0;

    while ((first = alarms_first(alarms))) {
        cr_expect_geq(first->due, before);
        before = first->due;
        alarms_set(alarms, first, DEADLINE_NEVER);
        cr_expect_eq(first->place, 0);
        count++;
    }
    return count;
}

Test(alarms, none_is_the_first_of_none)
{
    struct alarms alarms = {0};

    cr_expect_null(alarms_first(&alarms));
    alarms_fini(&alarms);
}

Test(alarms, ring_in_the_order_of_their_times)
{
    struct alarms alarms = {0};
    struct alarm members[COUNT] = {0};

    srand(1);
    join(&alarms, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        alarms_set(&alarms, &members[i], rand() % 100);
    cr_expect_eq(expect_in_order(&alarms), COUNT);
    leave(&alarms, members, COUNT);
}

Test(alarms, can_be_set_anew_and_cleared_anywhere)
{
    struct alarms alarms = {0};
    struct alarm members[COUNT] = {0};
    size_t set = 0;

    srand(2);
    join(&alarms, COUNT);
    for (int round = 0; round < 20 * COUNT; round++)
        alarms_set(&alarms, &members[rand() % COUNT],
                   rand() % 3 == 0 ? DEADLINE_NEVER : rand() % 1000);
    for (size_t i = 0; i < COUNT; i++)
        set += members[i].place > 0;
    cr_expect_eq(expect_in_order(&alarms), set);
    leave(&alarms, members, COUNT);
}

/* As deadlines are given, with some that are sooner among them. */
Test(alarms, that_are_given_in_their_order_ring_in_it_with_others_between)
{
    struct alarms alarms = {0};
    struct alarm members[COUNT] = {0};
    size_t set = 0;

    srand(3);
    join(&alarms, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        alarms_set(&alarms, &members[i],
                   i % 5 == 0 ? rand() % COUNT : (int64_t)i);
    for (size_t i = 0; i < COUNT; i += 3)
        alarms_set(&alarms, &members[i], DEADLINE_NEVER);
    for (size_t i = 0; i < COUNT; i++)
        set += members[i].place > 0;
    cr_expect_eq(expect_in_order(&alarms), set);
    cr_expect_eq(set, COUNT - (COUNT + 2) / 3);
    leave(&alarms, members, COUNT);
}

Test(alarms, leaving_clears)
{
    struct alarms alarms = {0};
    struct alarm members[2] = {0};

    join(&alarms, 2);
    alarms_set(&alarms, &members[0], 1);
    alarms_set(&alarms, &members[1], 2);
    alarms_leave(&alarms, &members[0]);
    cr_expect_eq(alarms_first(&alarms), &members[1]);
    alarms_leave(&alarms, &members[1]);
    alarms_fini(&alarms);
}
