/* SPDX-License-Identifier: MIT */
/* Criterion shows what fails in a suite's .init or .fini, and counts the test
 * as passed all the same: leaks, and what a program of the test left behind,
 * would be printed and fail nothing.  Here they fail the whole.  In every
 * Criterion program, by sp_criterion_test(); called in the process that runs
 * the tests. */
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <stdio.h>

static unsigned failed;

ReportHook(ASSERT)(struct criterion_assert_stats *stats)
{
    failed += !stats->passed;
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    if (failed == 0 || stats->tests_failed + stats->tests_crashed > 0)
        return;
    fprintf(stderr, "[FAIL] in a setup or teardown: %u, see above\n", failed);
    stats->tests_failed++;
}
