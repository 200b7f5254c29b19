/* SPDX-License-Identifier: MIT */
/* spctl/quantity: times and sizes as people read them. */
#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

#include "spctl/quantity.h"
#include "support/leaks.h"

TestSuite(quantity, .fini = leaks_check);

static void expect_time(unsigned long long ms, const char *text)
{
    char out[QUANTITY_SIZE];

    quantity_time(ms, out);
    cr_expect_str_eq(out, text, "%llu ms: %s, not %s", ms, out, text);
}

Test(quantity, a_time_has_its_two_largest_units)
{
    expect_time(0, "0s");
    expect_time(1, "1ms");
    expect_time(999, "999ms");
    expect_time(1000, "1s");
    expect_time(59999, "59s");
    expect_time(60000, "1m00s");
    expect_time(3599999, "59m59s");
    expect_time(3600000, "1h00m");
    expect_time(86399999, "23h59m");
    expect_time(86400000, "1d00h");
    expect_time(90000000, "1d01h");
}

static void expect_memory(unsigned long long kb, const char *text)
{
    char out[QUANTITY_SIZE];

    quantity_memory(kb, out);
    cr_expect_str_eq(out, text, "%llu KiB: %s, not %s", kb, out, text);
}

Test(quantity, a_size_has_the_unit_that_keeps_it_short)
{
    expect_memory(0, "0K");
    expect_memory(999, "999K");
    expect_memory(1000, "1.0M");
    expect_memory(1536, "1.5M");
    expect_memory(999 * 1024, "999.0M");
    expect_memory(1000 * 1024, "1.0G");
    expect_memory(1536ull * 1024, "1.5G");
}

Test(quantity, the_largest_numbers_fit)
{
    char out[QUANTITY_SIZE];

    quantity_time(ULLONG_MAX, out);
    cr_expect_lt(strlen(out), (size_t)QUANTITY_SIZE - 1);
    quantity_memory(ULLONG_MAX, out);
    cr_expect_lt(strlen(out), (size_t)QUANTITY_SIZE - 1);
}
