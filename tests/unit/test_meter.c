/* SPDX-License-Identifier: MIT */
/* supervisor/meter: how much one process logs. */
#include <criterion/criterion.h>

#include "meter.h"

Test(meter, passes_a_second_s_worth_at_once_and_counts_the_rest)
{
    struct log_meter meter = {0};
    int passed = 0;

    for (int i = 0; i < 1000; i++)
        passed += meter_pass(&meter, 100, 5000);
    cr_expect_eq(passed, 100);
    cr_expect_eq(meter.dropped, 900);
    cr_expect(meter_pass(&meter, 100, 5010));
    cr_expect_not(meter_pass(&meter, 100, 5010));
    cr_expect_eq(meter.dropped, 901);
}

Test(meter, drops_are_due_a_second_after_the_first_of_them)
{
    struct log_meter meter = {0};

    cr_expect(meter_pass(&meter, 1, 5000));
    cr_expect_eq(meter.unsaid, 0);
    for (int64_t now = 5100; now < 5900; now += 100)
        cr_expect_not(meter_pass(&meter, 1, now));
    cr_expect_eq(meter.due_ms, 5100 + METER_SAY_MS);
    cr_expect_eq(meter_take_unsaid(&meter), 8);
    cr_expect_eq(meter_take_unsaid(&meter), 0);
    cr_expect_not(meter_pass(&meter, 1, 5950));
    cr_expect_eq(meter.due_ms, 5950 + METER_SAY_MS);
    cr_expect_eq(meter_take_unsaid(&meter), 1);
    cr_expect_eq(meter.dropped, 9);
}

Test(meter, who_keeps_to_the_rate_loses_nothing)
{
    struct log_meter meter = {0};

    for (int64_t now = 0; now < 100000; now += 10)
        cr_assert(meter_pass(&meter, 100, now));
    cr_expect_eq(meter.dropped, 0);
}

Test(meter, of_one_process_does_not_count_for_another)
{
    struct log_meter one = {0}, other = {0};

    for (int i = 0; i < 100; i++)
        meter_pass(&one, 10, 0);
    for (int i = 0; i < 10; i++)
        cr_expect(meter_pass(&other, 10, 0));
    cr_expect_eq(other.dropped, 0);
}
