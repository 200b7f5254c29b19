/* SPDX-License-Identifier: MIT */
/* plug/visitors: the set of a plug's sessions is bounded, finds what it was
 * given, and knows which was not used for longest. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "plug/visitors.h"
#include "support/leaks.h"

TestSuite(visitors, .fini = leaks_check);

static void add(struct visitors *visitors, const char *id)
{
    cr_assert(visitors_reserve(visitors));
    cr_assert(visitors_add(visitors, id));
}

static void expect_oldest(struct visitors *visitors, const char *expected)
{
    char id[SP_ID_MAX + 1];

    cr_assert(visitors_cycle(visitors, id));
    cr_expect_str_eq(id, expected);
}

Test(visitors, has_what_was_added_and_nothing_else)
{
    struct visitors *visitors = visitors_create(10);

    add(visitors, "a");
    add(visitors, "ab");
    cr_expect(visitors_has(visitors, "a"));
    cr_expect(visitors_has(visitors, "ab"));
    cr_expect(!visitors_has(visitors, "abc"));
    cr_expect(!visitors_has(visitors, ""));
    visitors_remove(visitors, "a");
    visitors_remove(visitors, "never-there");
    cr_expect(!visitors_has(visitors, "a"));
    cr_expect(visitors_has(visitors, "ab"));
    visitors_destroy(visitors);
}

Test(visitors, keeps_no_more_places_than_its_capacity)
{
    struct visitors *visitors = visitors_create(2);

    add(visitors, "a");
    cr_expect(visitors_reserve(visitors));
    cr_expect(!visitors_reserve(visitors), "a reserved place is taken");
    visitors_release(visitors);
    add(visitors, "b");
    cr_expect(!visitors_reserve(visitors));
    visitors_remove(visitors, "never-there");
    cr_expect(!visitors_reserve(visitors));
    visitors_remove(visitors, "a");
    add(visitors, "c");
    cr_expect(!visitors_reserve(visitors));
    visitors_destroy(visitors);
}

Test(visitors, cycles_from_the_one_that_was_used_first)
{
    struct visitors *visitors = visitors_create(10);
    char id[SP_ID_MAX + 1];

    cr_expect(!visitors_cycle(visitors, id));
    add(visitors, "c");
    add(visitors, "a");
    add(visitors, "b");
    expect_oldest(visitors, "c");
    expect_oldest(visitors, "a");
    visitors_touch(visitors, "b");
    visitors_touch(visitors, "never-there");
    expect_oldest(visitors, "c");
    expect_oldest(visitors, "a");
    expect_oldest(visitors, "b");
    visitors_destroy(visitors);
}

Test(visitors, finds_each_of_many)
{
    enum { MANY = 10000 };
    struct visitors *visitors = visitors_create(MANY);
    char id[SP_ID_MAX + 1];

    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%d", i * 7919 % MANY);
        add(visitors, id);
    }
    for (int i = 0; i < MANY; i += 2) {
        snprintf(id, sizeof id, "%d", i);
        visitors_remove(visitors, id);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%d", i);
        cr_assert_eq(visitors_has(visitors, id), i % 2 == 1);
    }
    visitors_destroy(visitors);
}

Test(visitors, takes_an_id_of_the_longest_kind)
{
    struct visitors *visitors = visitors_create(1);
    char id[SP_ID_MAX + 1] = "";

    memset(id, 'x', SP_ID_MAX);
    add(visitors, id);
    cr_expect(visitors_has(visitors, id));
    expect_oldest(visitors, id);
    visitors_destroy(visitors);
}
