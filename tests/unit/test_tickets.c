/* SPDX-License-Identifier: MIT */
/* A number names what it was given for, or nothing; never something else. */
#include <criterion/criterion.h>

#include "client/tickets.h"
#include "support/leaks.h"

#define COUNT 1000

TestSuite(tickets, .fini = leaks_check);

static int holders[COUNT];

Test(tickets, find_their_holders)
{
    struct tickets tickets = {0};
    uint64_t numbers[COUNT];

    for (int i = 0; i < COUNT; i++) {
        numbers[i] = tickets_give(&tickets, &holders[i]);
        cr_assert_neq(numbers[i], 0u);
    }
    cr_expect_eq(tickets.count, COUNT);
    for (int i = 0; i < COUNT; i++)
        cr_expect_eq(tickets_find(&tickets, numbers[i]), &holders[i]);
    tickets_fini(&tickets);
}

Test(tickets, taken_back_they_name_nothing)
{
    struct tickets tickets = {0};
    uint64_t first = tickets_give(&tickets, &holders[0]);
    uint64_t second;

    tickets_take(&tickets, first);
    cr_expect_null(tickets_find(&tickets, first));
    second = tickets_give(&tickets, &holders[1]);
    cr_expect_neq(second, first);
    cr_expect_null(tickets_find(&tickets, first));
    cr_expect_eq(tickets_find(&tickets, second), &holders[1]);
    tickets_fini(&tickets);
}

Test(tickets, numbers_that_were_never_given_name_nothing)
{
    struct tickets tickets = {0};

    cr_expect_null(tickets_find(&tickets, 0));
    cr_expect_null(tickets_find(&tickets, 1));
    tickets_give(&tickets, &holders[0]);
    cr_expect_null(tickets_find(&tickets, 0));
    cr_expect_null(tickets_find(&tickets, 2));
    cr_expect_null(tickets_find(&tickets, UINT64_MAX));
    tickets_fini(&tickets);
}

Test(tickets, a_slot_whose_turns_are_used_up_is_not_given_again)
{
    struct tickets tickets = {0};
    uint64_t number = tickets_give(&tickets, &holders[0]);

    tickets_take(&tickets, number);
    tickets.slots[0].turn = UINT32_MAX;
    number = tickets_give(&tickets, &holders[0]);
    cr_expect_eq(number >> 32, UINT32_MAX);
    tickets_take(&tickets, number);
    cr_expect_eq((uint32_t)tickets_give(&tickets, &holders[0]), 2u);
    tickets_fini(&tickets);
}

Test(tickets, can_be_gone_through_while_they_are_taken_back)
{
    struct tickets tickets = {0};
    uint64_t numbers[3];
    size_t at = 0;

    for (int i = 0; i < 3; i++)
        numbers[i] = tickets_give(&tickets, &holders[i]);
    cr_expect_eq(tickets_next(&tickets, &at), &holders[0]);
    tickets_take(&tickets, numbers[0]);
    tickets_take(&tickets, numbers[1]);
    cr_expect_eq(tickets_next(&tickets, &at), &holders[2]);
    cr_expect_null(tickets_next(&tickets, &at));
    tickets_fini(&tickets);
}
