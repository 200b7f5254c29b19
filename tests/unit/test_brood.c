/* SPDX-License-Identifier: MIT */
/* supervisor/brood: which children of a template may be there. */
#include <criterion/criterion.h>

#include "brood.h"
#include "support/leaks.h"

TestSuite(brood, .fini = leaks_check);

/* Its first template. */
static struct brood first(void)
{
    struct brood brood = {0};

    brood_begin(&brood, 7);
    return brood;
}

/* It ends at this tick, and has a successor. */
static void renew(struct brood *brood, uint64_t ticks)
{
    brood_end(brood, ticks);
    brood_begin(brood, 8);
}

/* As it is before its setsid(), and in a session of its own after that. */
static const struct brood_child young = {.start_ticks = 150,
                                         .in_session = true},
                                older = {.start_ticks = 150, .leads = true};

Test(brood, that_was_asked_for_nothing_has_strangers_alone)
{
    struct brood brood = first();
    struct brood_child ended = young;

    ended.ended = true;
    cr_expect_eq(brood_judge(&brood, &young), BROOD_STRANGER);
    cr_expect_eq(brood_judge(&brood, &older), BROOD_STRANGER);
    cr_expect_eq(brood_judge(&brood, &ended), BROOD_STRANGER);
}

/* A module can be loaded within a tick. */
Test(brood, of_the_first_template_has_no_earlier_ones_children)
{
    struct brood brood = first();
    struct brood_child same_tick = older;

    same_tick.start_ticks = 100;
    cr_expect_eq(brood_judge(&brood, &same_tick), BROOD_STRANGER);
}

Test(brood, child_that_was_asked_for_may_yet_say_hello_or_end_before_it)
{
    struct brood brood = first();
    struct brood_child ended = young, overdue = older;

    ended.ended = overdue.overdue = true;
    brood_ask(&brood);
    cr_expect_eq(brood_judge(&brood, &young), BROOD_AWAITED);
    cr_expect_eq(brood_judge(&brood, &older), BROOD_AWAITED);
    cr_expect_eq(brood_judge(&brood, &ended), BROOD_STILLBORN);
    cr_expect_eq(brood_judge(&brood, &overdue), BROOD_STRANGER);
    brood_know(&brood, brood.number);
    cr_expect_eq(brood_judge(&brood, &young), BROOD_STRANGER);
    cr_expect_eq(brood_judge(&brood, &ended), BROOD_STRANGER);
}

Test(brood, children_of_an_earlier_template_are_not_this_one_s)
{
    struct brood brood = first();
    struct brood_child earlier = older, same_tick = older, later = older;
    uint32_t before = brood.number;

    earlier.start_ticks = 99;
    same_tick.start_ticks = 200;
    brood_ask(&brood);
    renew(&brood, 200);
    cr_expect_eq(brood_judge(&brood, &earlier), BROOD_OTHER);
    cr_expect_eq(brood_judge(&brood, &same_tick), BROOD_OTHER);
    later.start_ticks = 201;
    cr_expect_eq(brood_judge(&brood, &later), BROOD_STRANGER);
    same_tick.in_session = true;
    cr_expect_eq(brood_judge(&brood, &same_tick), BROOD_STRANGER);
    brood_ask(&brood);
    brood_know(&brood, before); /* what it was asked for is another's */
    cr_expect_eq(brood_judge(&brood, &same_tick), BROOD_AWAITED);
}

Test(brood, that_is_condemned_goes_as_far_as_it_was_made_by_then)
{
    struct brood brood = first();
    struct brood_child later = young;

    later.start_ticks = 400;
    brood_ask(&brood);
    brood_condemn(&brood, 300);
    cr_expect_eq(brood_judge(&brood, &young), BROOD_CONDEMNED);
    renew(&brood, 350);
    cr_expect_eq(brood_judge(&brood, &older), BROOD_CONDEMNED);
    brood_ask(&brood);
    cr_expect_eq(brood_judge(&brood, &later), BROOD_AWAITED);
}

Test(brood, child_in_a_session_of_another_is_of_no_template)
{
    struct brood brood = first();
    struct brood_child child = {.start_ticks = 150};

    brood_ask(&brood);
    cr_expect_eq(brood_judge(&brood, &child), BROOD_LOST);
    child.ended = true; /* then nothing is left to be done */
    cr_expect_eq(brood_judge(&brood, &child), BROOD_OTHER);
}

Test(brood, of_a_template_that_is_gone_is_still_its_own)
{
    struct brood brood = first();

    brood_end(&brood, 500);
    cr_expect_eq(brood_judge(&brood, &older), BROOD_STRANGER);
}

Test(brood, without_a_template_has_no_children)
{
    struct brood brood = {0};

    cr_expect_eq(brood_judge(&brood, &young), BROOD_OTHER);
}

Test(brood, answers_that_nobody_asked_for_excuse_nothing)
{
    struct brood brood = first();

    for (int i = 0; i < 5; i++)
        brood_know(&brood, brood.number);
    brood_ask(&brood);
    cr_expect_eq(brood_judge(&brood, &young), BROOD_AWAITED);
}
